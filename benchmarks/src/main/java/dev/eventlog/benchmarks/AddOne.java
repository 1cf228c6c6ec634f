package dev.eventlog.benchmarks;

import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import io.lettuce.core.api.sync.RedisCommands;
import java.util.Map;
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
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;
import org.redisson.api.RStream;
import org.redisson.api.stream.StreamAddArgs;
import org.redisson.api.stream.StreamMessageId;
import org.springframework.data.redis.connection.stream.RecordId;
import org.springframework.data.redis.core.StreamOperations;

/** Adds one event to a log without limits, from one thread and from sixteen threads. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class AddOne {

    private static final String KEY = "add-one";
    private static final int MANY = 16;

    private final Map<String, String> event = Contenders.event();
    private Contenders contenders;
    private EventLog library;
    private RedisCommands<String, String> lettuce;
    private StreamOperations<String, String, String> spring;
    private RStream<String, String> redisson;

    /** Creates each contender, and calls it once. */
    @Setup
    public void prepare(Contenders all) {
        contenders = all;
        library = all.library().create(KEY);
        lettuce = all.lettuce().sync();
        spring = all.spring().opsForStream();
        redisson = all.redisson().getStream(KEY);
    }

    /** Empties the log, which would otherwise hold millions of events. */
    @TearDown(Level.Iteration)
    public void empty() {
        contenders.lettuce().sync().unlink(KEY);
    }

    @Benchmark
    public EventId library() {
        return library.add(event);
    }

    @Benchmark
    public String lettuce() {
        return lettuce.xadd(KEY, event);
    }

    @Benchmark
    public RecordId spring() {
        return spring.add(KEY, event);
    }

    @Benchmark
    public StreamMessageId redisson() {
        return redisson.add(StreamAddArgs.entries(event));
    }

    @Benchmark
    @Threads(MANY)
    public EventId libraryManyThreads() {
        return library.add(event);
    }

    @Benchmark
    @Threads(MANY)
    public String lettuceManyThreads() {
        return lettuce.xadd(KEY, event);
    }

    @Benchmark
    @Threads(MANY)
    public RecordId springManyThreads() {
        return spring.add(KEY, event);
    }

    @Benchmark
    @Threads(MANY)
    public StreamMessageId redissonManyThreads() {
        return redisson.add(StreamAddArgs.entries(event));
    }
}
