package dev.eventlog.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.Event;
import dev.eventlog.EventBatchListener;
import dev.eventlog.Gap;
import dev.eventlog.Tail;
import dev.eventlog.test.ChildJvm;
import dev.eventlog.test.EmbeddedRedis;
import dev.eventlog.test.TestApplication;
import java.net.URI;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * A heap of 64 megabytes is enough for a follower of any log, however long the log is and however far behind the
 * follower is.
 */
@Tag("faults")
@Tag("long")
class MemoryTests {

    static final int MANY = 1_000_000;

    private static final String HEAP = "64m";
    private static final EmbeddedRedis redis = EmbeddedRedis.inMemory();

    @AfterAll
    static void stop() {
        redis.close();
    }

    @Test
    void followerOfAMillionEventsNeedsLittleMemory() {
        fill(redis, "long", 0, MANY, 0);
        try (ChildJvm child = new ChildJvm(HEAP, Reader.class, redis.uri().toString(), "long")) {
            assertThat(child.await("delivered")).isEqualTo(" 1000000, told to have missed 0");
        }
        redis.ask("DEL", "long");
    }

    @Test
    void pausedFollowerNeedsLittleMemoryWhileEventsAreAdded() {
        fill(redis, "all", 0, 1, 0);
        fill(redis, "short", 0, 1, 1_000);
        try (ChildJvm all = new ChildJvm(HEAP, Sleeper.class, redis.uri().toString(), "all", "0");
                ChildJvm kept = new ChildJvm(HEAP, Sleeper.class, redis.uri().toString(), "short", "1000")) {
            all.await("asleep");
            kept.await("asleep");
            fill(redis, "all", 1, MANY, 0);
            fill(redis, "short", 1, MANY, 1_000);
            all.wake();
            kept.wake();
            assertThat(all.await("delivered")).isEqualTo(" 1000000, told to have missed 0");
            String[] told = kept.await("delivered ").split(", told to have missed ");
            int delivered = Integer.parseInt(told[0]);
            assertThat(delivered).isLessThan(MANY / 2);
            assertThat(told[1])
                    .isEqualTo(redis.isAtLeast(7) ? Integer.toString(MANY - delivered) : "an unknown number");
        }
        redis.ask("DEL", "all", "short");
    }

    /** Adds events of consecutive numbers as fast as Redis can. */
    static void fill(EmbeddedRedis redis, String key, int from, int to, int maxLength) {
        for (int begin = from; begin < to; begin += 200_000) {
            redis.ask(
                    "EVAL",
                    "local limit = ARGV[3] for n = ARGV[1], ARGV[2] do if limit == '0'"
                            + " then redis.call('XADD', KEYS[1], '*', 'n', string.format('%.0f', n))"
                            + " else redis.call('XADD', KEYS[1], 'MAXLEN', '~', limit, '*', 'n',"
                            + " string.format('%.0f', n)) end end",
                    "1",
                    key,
                    Integer.toString(begin),
                    Integer.toString(Math.min(to, begin + 200_000) - 1),
                    Integer.toString(maxLength));
        }
    }

    /** Counts. */
    private static class Counting implements EventBatchListener<Event> {

        private final CountDownLatch end = new CountDownLatch(1);
        private int delivered;
        private int next;
        private long missed;
        private boolean unknown;

        @Override
        public void onBatch(List<Event> batch) throws Exception {
            for (Event event : batch) {
                int number = Integer.parseInt(event.fields().getOrDefault("n", ""));
                if (number < next) {
                    throw new IllegalStateException(number + " after " + (next - 1));
                }
                next = number + 1;
            }
            delivered += batch.size();
            if (next == MANY) {
                end.countDown();
            }
        }

        @Override
        public void onGap(Gap gap) {
            OptionalLong count = gap.missed();
            unknown |= count.isEmpty();
            missed += count.orElse(0);
        }

        @Override
        public void onFailure(String log, Throwable failure) {
            failure.printStackTrace();
            end.countDown();
        }

        void awaitEndAndSay() throws InterruptedException {
            end.await();
            System.out.println(
                    "delivered " + delivered + ", told to have missed " + (unknown ? "an unknown number" : missed));
        }
    }

    static final class Reader {

        public static void main(String... arguments) throws Exception {
            try (ConfigurableApplicationContext application = TestApplication.startOn(URI.create(arguments[0]))) {
                Counting listener = new Counting();
                TestApplication.factory(application).create(arguments[1]).follow(Tail.all(), listener);
                listener.awaitEndAndSay();
            }
        }
    }

    static final class Sleeper {

        public static void main(String... arguments) throws Exception {
            try (ConfigurableApplicationContext application = TestApplication.startOn(URI.create(arguments[0]))) {
                CountDownLatch asleep = new CountDownLatch(1);
                CountDownLatch awake = new CountDownLatch(1);
                Counting listener = new Counting() {
                    @Override
                    public void onBatch(List<Event> batch) throws Exception {
                        asleep.countDown();
                        awake.await();
                        super.onBatch(batch);
                    }
                };
                TestApplication.factory(application)
                        .create(arguments[1], options -> options.maxLength(Long.parseLong(arguments[2])))
                        .follow(Tail.all(), listener);
                asleep.await();
                System.out.println("asleep");
                System.in.read();
                awake.countDown();
                listener.awaitEndAndSay();
            }
        }
    }
}
