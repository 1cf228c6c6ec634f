package dev.eventlog.benchmarks;

import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.Follower;
import dev.eventlog.Tail;
import dev.eventlog.TypedEventLog;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
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
import tools.jackson.databind.json.JsonMapper;

/** Adds records with five properties, a hundred at a time, and follows them; and the same with plain fields. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class TypedEvents {

    private static final int BATCH = 100;
    private static final int FOLLOWED = 20_000;
    private static final String ADDED = "typed-added";
    private static final String EXISTING = "typed-existing";

    /** A reading of a device. */
    public record Reading(String sensor, double celsius, int humidity, boolean indoors, Instant taken) {}

    private final Reading reading = new Reading("roof-17", 19.8, 61, false, Instant.parse("2026-11-01T10:15:30Z"));
    private final List<Reading> readings = new ArrayList<>();
    private final List<Map<String, String>> maps = new ArrayList<>();
    private EventLog untyped;
    private TypedEventLog<Reading> typed;
    private EventLog untypedExisting;
    private TypedEventLog<Reading> typedExisting;
    private JsonMapper json;

    /** Creates the logs, and fills one of them with the events to follow. */
    @Setup
    public void prepare(Contenders all) {
        json = all.application().getBean(JsonMapper.class);
        untyped = all.library().create(ADDED, options -> options.maxLength(Contenders.MAX_LENGTH));
        typed = all.library().create(ADDED, Reading.class, options -> options.maxLength(Contenders.MAX_LENGTH));
        untypedExisting = all.library().create(EXISTING);
        typedExisting = all.library().create(EXISTING, Reading.class);
        Map<String, String> map = new LinkedHashMap<>();
        map.put("sensor", reading.sensor());
        map.put("celsius", "19.8");
        map.put("humidity", "61");
        map.put("indoors", "false");
        map.put("taken", reading.taken().toString());
        for (int i = 0; i < BATCH; i++) {
            readings.add(reading);
            maps.add(map);
        }
        while (untypedExisting.size() < FOLLOWED) {
            typedExisting.addAll(readings);
        }
    }

    @Benchmark
    @OperationsPerInvocation(BATCH)
    public List<EventId> addTyped() {
        return typed.addAll(readings);
    }

    @Benchmark
    @OperationsPerInvocation(BATCH)
    public List<EventId> addUntyped() {
        return untyped.addAll(maps);
    }

    @Benchmark
    @OperationsPerInvocation(FOLLOWED)
    public void followTyped() throws InterruptedException {
        CountDownLatch all = new CountDownLatch(FOLLOWED);
        Follower follower = typedExisting.follow(
                Tail.all(),
                batch -> batch.forEach(event -> countDown(all, event.value().humidity())));
        all.await();
        follower.close();
    }

    @Benchmark
    @OperationsPerInvocation(FOLLOWED)
    public void followUntyped() throws InterruptedException {
        CountDownLatch all = new CountDownLatch(FOLLOWED);
        Follower follower = untypedExisting.follow(
                Tail.all(),
                batch -> batch.forEach(event -> countDown(all, event.fields().size())));
        all.await();
        follower.close();
    }

    private static void countDown(CountDownLatch all, int looked) {
        if (looked > 0) {
            all.countDown();
        }
    }

    /** Writes a record as JSON with Jackson and reads it back, without Redis. */
    @Benchmark
    public Reading jsonMapperAlone() {
        return json.readValue(json.writeValueAsString(reading), Reading.class);
    }
}
