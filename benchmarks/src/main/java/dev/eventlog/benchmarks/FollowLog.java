package dev.eventlog.benchmarks;

import dev.eventlog.EventLog;
import dev.eventlog.Follower;
import dev.eventlog.Tail;
import io.lettuce.core.LettuceFutures;
import io.lettuce.core.Limit;
import io.lettuce.core.Range;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.StreamMessage;
import io.lettuce.core.XReadArgs;
import io.lettuce.core.XReadArgs.StreamOffset;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.async.RedisAsyncCommands;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.stream.MapRecord;
import org.springframework.data.redis.connection.stream.ReadOffset;
import org.springframework.data.redis.stream.StreamMessageListenerContainer;

/**
 * Follows a log of half a million events, and a log to which a writer adds a hundred events at a time, as fast as it
 * can. Measures the time from the start of the follower to its last event.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2)
@Measurement(iterations = 4)
public class FollowLog {

    static final int COUNT = 500_000;
    static final int PAGE = 500; // the default batch size of the library

    private static final String EXISTING = "drain";
    private static final String GROWING = "keep-up";
    private static final int ADD = 100;
    private static final Duration BLOCK = Duration.ofSeconds(2);

    private EventLog existing;
    private EventLog growing;
    private StatefulRedisConnection<String, String> lettuce;
    private StatefulRedisConnection<String, String> reading;
    private RedisConnectionFactory spring;
    private RedisConnectionFactory pooledSpring;

    /** Creates each contender, and the existing log. */
    @Setup
    public void prepare(Contenders all) {
        all.fill(EXISTING, COUNT);
        existing = all.library().create(EXISTING);
        growing = all.library().create(GROWING);
        lettuce = all.lettuce();
        reading = all.newLettuce();
        spring = all.springConnections();
        pooledSpring = all.pooledSpringConnections();
    }

    /** Empties the growing log. */
    @TearDown(Level.Invocation)
    public void empty() {
        lettuce.sync().unlink(GROWING);
    }

    @Benchmark
    public void libraryDrains() throws InterruptedException {
        Counted counted = new Counted();
        Follower follower = existing.follow(Tail.all(), batch -> counted.more(batch.size()));
        counted.await();
        follower.close();
    }

    @Benchmark
    public int lettuceDrains() {
        int count = 0;
        Range<String> rest = Range.unbounded();
        while (count < COUNT) {
            List<StreamMessage<String, String>> page = lettuce.sync().xrange(EXISTING, rest, Limit.from(PAGE));
            count += page.size();
            rest = Range.from(Range.Boundary.excluding(page.get(page.size() - 1).getId()), Range.Boundary.unbounded());
        }
        return count;
    }

    @Benchmark
    public void containerDrains() throws InterruptedException {
        Counted counted = new Counted();
        var container = containerOn(spring, EXISTING, "0", counted);
        counted.await();
        container.stop();
    }

    @Benchmark
    public void libraryKeepsUp() throws InterruptedException {
        Counted counted = new Counted();
        Follower follower = growing.follow(Tail.last(0), batch -> counted.more(batch.size()));
        Thread writer = write();
        counted.await();
        follower.close();
        writer.join();
    }

    @Benchmark
    @SuppressWarnings("unchecked") // Lettuce creates an array from one offset
    public void lettuceKeepsUp() throws InterruptedException {
        Thread writer = write();
        String last = "0";
        for (int count = 0; count < COUNT; ) {
            List<StreamMessage<String, String>> batch =
                    reading.sync().xread(XReadArgs.Builder.block(BLOCK).count(PAGE), StreamOffset.from(GROWING, last));
            if (!batch.isEmpty()) {
                count += batch.size();
                last = batch.get(batch.size() - 1).getId();
            }
        }
        writer.join();
    }

    @Benchmark
    public void containerKeepsUp() throws InterruptedException {
        containerKeepsUp(spring);
    }

    @Benchmark
    public void pooledContainerKeepsUp() throws InterruptedException {
        containerKeepsUp(pooledSpring);
    }

    private void containerKeepsUp(RedisConnectionFactory connections) throws InterruptedException {
        Counted counted = new Counted();
        var container = containerOn(connections, GROWING, "0", counted);
        Thread writer = write();
        counted.await();
        container.stop();
        writer.join();
    }

    private StreamMessageListenerContainer<String, MapRecord<String, String, String>> containerOn(
            RedisConnectionFactory connections, String key, String after, Counted counted) {
        var container = StreamMessageListenerContainer.create(connections);
        container.start();
        container.receive(
                org.springframework.data.redis.connection.stream.StreamOffset.create(key, ReadOffset.from(after)),
                event -> counted.more(1));
        return container;
    }

    /** Starts the writer for each benchmark that keeps up: raw Lettuce, a hundred events at once. */
    private Thread write() {
        Map<String, String> event = Contenders.event();
        Thread writer = new Thread(() -> {
            RedisAsyncCommands<String, String> async = lettuce.async();
            for (int count = 0; count < COUNT; count += ADD) {
                RedisFuture<?>[] sent = new RedisFuture<?>[ADD];
                for (int i = 0; i < ADD; i++) {
                    sent[i] = async.xadd(GROWING, event);
                }
                LettuceFutures.awaitAll(Duration.ofMinutes(1), sent);
            }
        });
        writer.start();
        return writer;
    }

    private static final class Counted {

        private final CountDownLatch all = new CountDownLatch(1);
        private int count; // used by one thread at a time

        void more(int events) {
            count += events;
            if (count >= COUNT) {
                all.countDown();
            }
        }

        void await() throws InterruptedException {
            if (!all.await(5, TimeUnit.MINUTES)) {
                throw new IllegalStateException("only " + count + " of " + COUNT);
            }
        }
    }
}
