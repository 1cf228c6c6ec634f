package dev.eventlog.torture;

import dev.eventlog.AddOptions;
import dev.eventlog.AddOutcomeUnknownException;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogException;
import dev.eventlog.torture.TortureJudge.Attempt;
import dev.eventlog.torture.TortureJudge.Outcome;
import dev.eventlog.torture.TortureLogs.Written;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The writers of a torture run. They add one event or many at a time. Some adds have an idempotency key, and are
 * repeated until their outcome is known.
 */
final class TortureWriters {

    private final TortureScene scene;
    private final List<List<EventLog>> logs; // by application, each in the order of TortureLogs
    private volatile @Nullable EventLogException lastFailure;

    TortureWriters(TortureScene scene, List<List<EventLog>> logs) {
        this.scene = scene;
        this.logs = logs;
    }

    /** Starts the writers of all logs, at most this number for each log. */
    List<Thread> start(int most) {
        List<Thread> threads = new ArrayList<>();
        for (int log = 0; log < TortureLogs.ALL.size(); log++) {
            int index = log;
            for (int i = 0; i < Math.min(most, TortureLogs.ALL.get(log).writers()); i++) {
                Random random = scene.random(1, log, i);
                threads.add(scene.start("writer " + log + i, () -> write(index, random)));
            }
        }
        return threads;
    }

    private void write(int log, Random random) throws InterruptedException {
        Written written = TortureLogs.ALL.get(log);
        while (scene.writing) {
            EventLog to = logs.get(random.nextInt(logs.size())).get(log);
            int count = switch (random.nextInt(20)) {
                case 0 -> 30 + random.nextInt(200);
                case 1, 2, 3, 4 -> 1 + random.nextInt(20);
                default -> 0;
            };
            if (random.nextInt(6) == 0) {
                addOnce(log, count, random);
            } else {
                boolean unused = add(to, count);
            }
            int burst = random.nextInt(10) == 0 ? 5 : 1;
            TimeUnit.MILLISECONDS.sleep(random.nextInt(written.pause() * burst));
        }
    }

    /**
     * Adds this number of events with {@code addAll}, or for 0 one event with {@code add}. {@return whether Redis
     * answered}
     */
    boolean add(EventLog log, int count) throws InterruptedException {
        return tryToAdd(log, count, numbers(count), null) == Outcome.ANSWERED;
    }

    /** Repeats an add with an idempotency key until its outcome is known, and sometimes once more after that. */
    private void addOnce(int log, int count, Random random) throws InterruptedException {
        List<Long> of = numbers(count);
        String key = "once-" + of.get(0);
        int more = random.nextInt(4) == 0 ? 1 : 0;
        for (int tries = 0; tries < 20 && scene.writing; tries++) {
            EventLog to = logs.get(random.nextInt(logs.size())).get(log);
            if (tryToAdd(to, count, of, key) == Outcome.ANSWERED && more-- == 0) {
                return;
            }
            TimeUnit.MILLISECONDS.sleep(random.nextInt(300));
        }
    }

    /** {@return the last failure of an add; null if there was none} */
    @Nullable
    EventLogException lastFailure() {
        return lastFailure;
    }

    private List<Long> numbers(int count) {
        return scene.nextNumbers(Math.max(1, count));
    }

    private Outcome tryToAdd(EventLog log, int count, List<Long> of, @Nullable String key) throws InterruptedException {
        AddOptions options = key == null ? AddOptions.none() : AddOptions.idempotent(key);
        long sentAt = System.nanoTime();
        scene.noteSent(new Attempt(log.name(), of, sentAt, Outcome.UNKNOWN, sentAt, List.of(), key));
        List<EventId> ids = List.of();
        Outcome outcome;
        try {
            List<Map<String, String>> events =
                    of.stream().map(TortureLogs::event).toList();
            ids = count == 0 ? List.of(log.add(events.get(0), options)) : log.addAll(events, options);
            outcome = Outcome.ANSWERED;
        } catch (AddOutcomeUnknownException unknown) {
            outcome = Outcome.UNKNOWN;
        } catch (EventLogException failure) {
            outcome = Outcome.FAILED;
            lastFailure = failure;
        }
        scene.note(new Attempt(log.name(), of, sentAt, outcome, System.nanoTime(), ids, key));
        if (outcome != Outcome.ANSWERED) {
            TimeUnit.MILLISECONDS.sleep(20);
        }
        return outcome;
    }
}
