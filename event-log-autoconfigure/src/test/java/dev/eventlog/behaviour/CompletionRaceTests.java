package dev.eventlog.behaviour;

import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.Completion;
import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogCompletedException;
import dev.eventlog.Follower;
import dev.eventlog.Tail;
import dev.eventlog.test.Collected;
import dev.eventlog.test.LogTests;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Runs a writer and the completion of its log at the same time, repeatedly. The system properties {@code
 * eventlog.test.rounds} and {@code eventlog.test.seed} set the number of rounds and their timing.
 */
class CompletionRaceTests extends LogTests {

    private static final int ROUNDS = Integer.getInteger("eventlog.test.rounds", 300);
    private static final long SEED = Long.getLong("eventlog.test.seed", System.nanoTime());
    private static final int FOLLOWED = 20; // one of this many rounds has a follower
    private static final int MOST_ADDS = 1_000;

    /** The result of a writer. */
    private record Written(List<EventId> ids, @Nullable Completion refusedBy) {}

    @Test
    void everyAddIsBeforeTheCompletionOrRefused() throws Exception {
        Random random = new Random(SEED);
        CyclicBarrier start = new CyclicBarrier(2);
        ExecutorService writer = Executors.newSingleThreadExecutor();
        closeLater(writer::shutdownNow);
        long added = 0;
        int none = 0;
        int most = 0;
        long begin = System.nanoTime();
        for (int round = 0; round < ROUNDS; round++) {
            boolean expiring = random.nextBoolean(); // a script; otherwise a plain XADD
            int atOnce = random.nextInt(4) == 0 ? 3 : 1;
            EventLog log = newLog(options -> options.ttlAfterLastAdd(expiring ? Duration.ofMinutes(1) : Duration.ZERO));
            Collected<Event> listener = Collected.events();
            Follower follower = round % FOLLOWED == 0 ? log.follow(Tail.all(), listener) : null;
            Completion completion = Completion.cancelled("round " + round);
            Future<Written> writing = writer.submit(() -> {
                start.await();
                return write(log, atOnce);
            });
            start.await();
            long until = System.nanoTime() + random.nextInt(1_000_000);
            while (System.nanoTime() < until) {
                Thread.onSpinWait();
            }
            log.completeAs(completion);
            List<EventId> atTheEnd = ids(log.read(Tail.all()));
            Written written = writing.get(30, TimeUnit.SECONDS);

            String which = "seed " + SEED + ", round " + round;
            assertThat(written.refusedBy).as(which).isEqualTo(completion);
            assertThat(atTheEnd).as(which).isEqualTo(written.ids);
            assertThat(ids(log.read(Tail.all()))).as(which).isEqualTo(written.ids);
            assertThat(log.completion()).as(which).contains(completion);
            if (follower != null) {
                assertThat(follower.completion().toCompletableFuture())
                        .as(which)
                        .succeedsWithin(Duration.ofSeconds(10))
                        .isEqualTo(Follower.EndReason.COMPLETED);
                assertThat(ids(listener.all())).as(which).isEqualTo(written.ids);
                assertThat(listener.calls()).as(which).endsWith(completion);
            }
            added += written.ids.size();
            none += written.ids.isEmpty() ? 1 : 0;
            most = Math.max(most, written.ids.size());
            log.delete();
        }
        System.out.println(ROUNDS + " rounds from seed " + SEED + " in "
                + Duration.ofNanos(System.nanoTime() - begin).toSeconds() + " s: " + added
                + " events added before the end, "
                + ROUNDS + " adds refused; in " + none + " rounds none came before it, in one " + most);
        assertThat(none).as("rounds in which the writer was first").isBetween(1, ROUNDS - 1);
    }

    private static Written write(EventLog log, int atOnce) {
        List<EventId> ids = new ArrayList<>();
        for (int i = 0; i < MOST_ADDS; i++) {
            try {
                if (atOnce == 1) {
                    ids.add(log.add(event(i)));
                } else {
                    ids.addAll(log.addAll(events(0, atOnce)));
                }
            } catch (EventLogCompletedException refused) {
                return new Written(ids, refused.completion());
            }
        }
        return new Written(ids, null);
    }
}
