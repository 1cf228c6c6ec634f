package dev.eventlog.benchmarks;

import dev.eventlog.Event;
import dev.eventlog.EventLog;
import dev.eventlog.Tail;
import io.lettuce.core.Limit;
import io.lettuce.core.Range;
import io.lettuce.core.StreamMessage;
import io.lettuce.core.api.sync.RedisCommands;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.redisson.api.RStream;
import org.redisson.api.stream.StreamMessageId;
import org.redisson.api.stream.StreamRangeArgs;
import org.springframework.data.redis.connection.stream.MapRecord;
import org.springframework.data.redis.core.StreamOperations;

/** Reads a log of 100,000 events: all of it, and the newest hundred. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class ReadLog {

    static final int COUNT = 100_000;
    static final int NEWEST = 100;
    static final int PAGE = 1_000; // eventlog.read.page-size

    private static final String KEY = "read";

    private EventLog library;
    private RedisCommands<String, String> lettuce;
    private StreamOperations<String, String, String> spring;
    private RStream<String, String> redisson;

    /** Creates each contender, and the log. */
    @Setup
    public void prepare(Contenders all) {
        all.fill(KEY, COUNT);
        library = all.library().create(KEY);
        lettuce = all.lettuce().sync();
        spring = all.spring().opsForStream();
        redisson = all.redisson().getStream(KEY);
    }

    @Benchmark
    public List<Event> libraryAll() {
        return library.read(Tail.all());
    }

    @Benchmark
    public List<StreamMessage<String, String>> lettuceAll() {
        return lettuce.xrange(KEY, Range.unbounded());
    }

    /**
     * Reads in pages, like this library, so that neither the client nor the server holds more than one page for the
     * other.
     */
    @Benchmark
    public List<List<StreamMessage<String, String>>> lettuceByPages() {
        List<List<StreamMessage<String, String>>> pages = new ArrayList<>();
        Range<String> older = Range.unbounded();
        for (int read = 0; read < COUNT; read += PAGE) {
            List<StreamMessage<String, String>> page = lettuce.xrevrange(KEY, older, Limit.from(PAGE));
            pages.add(page);
            Range.Boundary<String> end =
                    Range.Boundary.excluding(page.get(PAGE - 1).getId());
            older = Range.from(Range.Boundary.unbounded(), end);
        }
        return pages;
    }

    @Benchmark
    public List<MapRecord<String, String, String>> springAll() {
        return spring.range(KEY, org.springframework.data.domain.Range.unbounded());
    }

    @Benchmark
    public Map<StreamMessageId, Map<String, String>> redissonAll() {
        return redisson.range(StreamRangeArgs.startId(StreamMessageId.MIN).endId(StreamMessageId.MAX));
    }

    @Benchmark
    public List<Event> libraryNewest() {
        return library.read(Tail.last(NEWEST));
    }

    @Benchmark
    public List<StreamMessage<String, String>> lettuceNewest() {
        return lettuce.xrevrange(KEY, Range.unbounded(), Limit.from(NEWEST));
    }
}
