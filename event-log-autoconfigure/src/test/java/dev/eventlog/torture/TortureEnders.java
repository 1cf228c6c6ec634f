package dev.eventlog.torture;

import dev.eventlog.AddOutcomeUnknownException;
import dev.eventlog.Completion;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogException;
import dev.eventlog.torture.TortureJudge.Attempt;
import dev.eventlog.torture.TortureJudge.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * Completes the log that ends, in every possible way, while others add to it. Soon after, it deletes the log, so that
 * the log begins again.
 */
final class TortureEnders {

    private static final int SECONDS = 30;

    private final TortureScene scene;
    private final List<EventLog> logs = new ArrayList<>(); // the log that ends, one handle for each application

    TortureEnders(TortureScene scene, List<List<EventLog>> logs) {
        this.scene = scene;
        logs.forEach(application -> this.logs.add(application.get(TortureLogs.ENDING)));
    }

    /** Starts this number of threads. */
    List<Thread> start(int count) {
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Random random = scene.random(8, TortureLogs.ENDING, i);
            threads.add(scene.start("ender " + i, () -> endAndDelete(random)));
        }
        return threads;
    }

    private void endAndDelete(Random random) throws InterruptedException {
        while (scene.writing) {
            TimeUnit.MILLISECONDS.sleep(300 + random.nextInt(4_000));
            end(logs.get(random.nextInt(logs.size())), random);
            TimeUnit.MILLISECONDS.sleep(random.nextInt(3) == 0 ? 0 : random.nextInt(1_500));
            try {
                logs.get(random.nextInt(logs.size())).delete();
            } catch (EventLogException away) {
                scene.count("logs not deleted because Redis was away");
            }
        }
    }

    private void end(EventLog log, Random random) {
        switch (random.nextInt(4)) {
            case 0 -> {
                try {
                    log.complete();
                } catch (EventLogException failure) {
                    scene.count("completions refused or unknown");
                }
            }
            case 1 -> {
                List<Long> last = scene.nextNumbers(1 + random.nextInt(5));
                attempt(
                        log,
                        last,
                        () -> log.completeAll(
                                last.stream().map(TortureLogs::event).toList()));
            }
            case 2 -> endWithReason(log, Completion.Kind.FAILED);
            default -> endWithReason(log, Completion.Kind.CANCELLED);
        }
    }

    /** Uses a unique number as the reason, like that of an event, so that each end with a reason can be recognized. */
    private void endWithReason(EventLog log, Completion.Kind kind) {
        long number = scene.nextNumber();
        attempt(log, List.of(number), () -> {
            log.completeAs(new Completion(kind, Long.toString(number)));
            return List.of(EventId.MAX);
        });
    }

    /** Completes a log, possibly with last events. */
    private interface Ending {
        List<EventId> end();
    }

    private boolean attempt(EventLog log, List<Long> numbers, Ending ending) {
        long sentAt = System.nanoTime();
        List<EventId> ids = List.of();
        Outcome outcome;
        try {
            ids = ending.end();
            outcome = Outcome.ANSWERED;
            scene.count("completions");
        } catch (AddOutcomeUnknownException unknown) {
            outcome = Outcome.UNKNOWN;
        } catch (EventLogException failure) {
            outcome = Outcome.FAILED;
        }
        if (outcome != Outcome.ANSWERED) {
            scene.count("completions refused or unknown");
        }
        scene.note(new Attempt(log.name(), numbers, sentAt, outcome, System.nanoTime(), ids));
        return outcome == Outcome.ANSWERED;
    }

    /** Deletes the log if it is complete, so that it can begin again. Call this when no thread completes it anymore. */
    void open() throws InterruptedException {
        EventLog log = logs.get(0);
        boolean done = untilItWorks(() -> {
            if (log.isComplete()) {
                log.delete();
            }
            return true;
        });
        if (!done) {
            scene.trouble("Cannot delete the log that ends");
        }
    }

    /** Completes the log for the last time. {@return whether it is complete} */
    boolean end() throws InterruptedException {
        EventLog log = logs.get(0);
        return untilItWorks(() -> {
            endWithReason(log, Completion.Kind.FAILED); // the only kind that every kind of reader receives
            return log.isComplete();
        });
    }

    private static boolean untilItWorks(BooleanSupplier what) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
        while (System.nanoTime() < deadline) {
            try {
                if (what.getAsBoolean()) {
                    return true;
                }
            } catch (EventLogException away) {
                // try again
            }
            TimeUnit.MILLISECONDS.sleep(50);
        }
        return false;
    }
}
