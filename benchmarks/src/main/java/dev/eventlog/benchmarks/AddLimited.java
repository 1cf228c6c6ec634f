package dev.eventlog.benchmarks;

import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import io.lettuce.core.LettuceFutures;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.XAddArgs;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.lettuce.core.api.sync.RedisCommands;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.redisson.api.RBatch;
import org.redisson.api.RStreamAsync;
import org.redisson.api.stream.StreamAddArgs;
import org.springframework.data.redis.connection.RedisStreamCommands.XAddOptions;
import org.springframework.data.redis.connection.stream.MapRecord;
import org.springframework.data.redis.connection.stream.StreamRecords;
import org.springframework.data.redis.core.RedisOperations;
import org.springframework.data.redis.core.SessionCallback;
import org.springframework.data.redis.core.StringRedisTemplate;

/** Adds to a log with a max-length and a ttl: one event, and a hundred at once. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class AddLimited {

    private static final String KEY = "add-limited";
    private static final int BATCH = 100;

    private final Map<String, String> event = Contenders.event();
    private final List<Map<String, String>> batch = Collections.nCopies(BATCH, event);
    private final XAddArgs trimmed =
            XAddArgs.Builder.maxlen(Contenders.MAX_LENGTH).approximateTrimming();

    @SuppressWarnings("deprecation") // its replacement needs Spring Data Redis 4.1
    private final XAddOptions trimmedBySpring =
            XAddOptions.maxlen(Contenders.MAX_LENGTH).approximateTrimming(true);

    private EventLog library;
    private RedisCommands<String, String> lettuce;
    private RedisAsyncCommands<String, String> lettuceAsync;
    private StringRedisTemplate spring;
    private Contenders contenders;

    /** Creates each contender, and calls it once. */
    @Setup
    public void prepare(Contenders all) {
        contenders = all;
        library = all.library()
                .create(KEY, log -> log.maxLength(Contenders.MAX_LENGTH).ttlAfterLastAdd(Contenders.TTL));
        lettuce = all.lettuce().sync();
        lettuceAsync = all.lettuce().async();
        spring = all.spring();
    }

    @Benchmark
    public EventId library() {
        return library.add(event);
    }

    /** One {@code XADD} that trims, without a ttl: the closest that a single command can get. */
    @Benchmark
    public String lettuceWithoutTtl() {
        return lettuce.xadd(KEY, trimmed, event);
    }

    /** The code of an expert: both commands are sent at once. */
    @Benchmark
    public boolean lettuce() {
        RedisFuture<String> added = lettuceAsync.xadd(KEY, trimmed, event);
        RedisFuture<Boolean> renewed = lettuceAsync.pexpire(KEY, Contenders.TTL);
        return LettuceFutures.awaitAll(Duration.ofMinutes(1), added, renewed);
    }

    /** The code of Spring's documentation. */
    @Benchmark
    public Boolean spring() {
        addBySpring(spring);
        return spring.expire(KEY, Contenders.TTL);
    }

    @Benchmark
    @OperationsPerInvocation(BATCH)
    public List<EventId> libraryHundred() {
        return library.addAll(batch);
    }

    @Benchmark
    @OperationsPerInvocation(BATCH)
    public boolean lettuceHundred() {
        RedisFuture<?>[] all = new RedisFuture<?>[BATCH + 1];
        for (int i = 0; i < BATCH; i++) {
            all[i] = lettuceAsync.xadd(KEY, trimmed, event);
        }
        all[BATCH] = lettuceAsync.pexpire(KEY, Contenders.TTL);
        return LettuceFutures.awaitAll(Duration.ofMinutes(1), all);
    }

    @Benchmark
    @OperationsPerInvocation(BATCH)
    public List<Object> springHundred() {
        return spring.executePipelined(new SessionCallback<>() {
            @Override
            @SuppressWarnings({"unchecked", "NullAway"}) // must return null in a pipeline
            public <K, V> Object execute(RedisOperations<K, V> operations) {
                RedisOperations<String, String> pipeline = (RedisOperations<String, String>) operations;
                for (int i = 0; i < BATCH; i++) {
                    addBySpring(pipeline);
                }
                pipeline.expire(KEY, Contenders.TTL);
                return null;
            }
        });
    }

    @Benchmark
    @OperationsPerInvocation(BATCH)
    public List<?> redissonHundred() {
        RBatch sent = contenders.redisson().createBatch();
        RStreamAsync<String, String> stream = sent.getStream(KEY);
        for (int i = 0; i < BATCH; i++) {
            var unused = stream.addAsync(StreamAddArgs.entries(event)
                    .trimNonStrict()
                    .maxLen(Contenders.MAX_LENGTH)
                    .noLimit());
        }
        var unused = stream.expireAsync(Contenders.TTL);
        return sent.execute().getResponses();
    }

    private void addBySpring(RedisOperations<String, String> operations) {
        MapRecord<String, String, String> added =
                StreamRecords.newRecord().in(KEY).ofMap(event);
        operations.opsForStream().add(added, trimmedBySpring);
    }
}
