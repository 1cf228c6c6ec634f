package dev.eventlog.benchmarks;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.Follower;
import dev.eventlog.Tail;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Phaser;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Measures how the cost of one call grows with the length of the log, the number of its followers, and the number of
 * events in a call.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 3, time = 1)
public class Growth {

    /** A log whose max-length keeps its length constant. */
    @State(Scope.Benchmark)
    public static class OfLog {

        @Param({"1000", "100000", "1000000"})
        private int events;

        private EventLog log;

        /** Fills the log. */
        @Setup
        public void prepare(Contenders all) {
            String key = "growth-" + events;
            all.fill(key, events);
            log = all.library().create(key, options -> options.maxLength(events));
        }
    }

    /** A log with followers that have received all its events. */
    @State(Scope.Benchmark)
    public static class OfFollowers {

        @Param({"1", "100", "10000"})
        private int followers;

        private final Phaser got = new Phaser(1);
        private final List<Follower> following = new ArrayList<>();
        private Contenders contenders;
        private EventLog log;

        /** Starts the followers. */
        @Setup
        public void prepare(Contenders all) {
            contenders = all;
            log = all.library().create("growth-followers");
            for (int i = 0; i < followers; i++) {
                got.register();
                following.add(log.follow(Tail.last(0), batch -> batch.forEach(event -> got.arrive())));
            }
        }

        /** Closes the followers. */
        @TearDown
        public void close() {
            following.forEach(Follower::close);
            contenders.lettuce().sync().unlink("growth-followers");
        }
    }

    /** The events to add in one call. */
    @State(Scope.Benchmark)
    public static class OfBatch {

        @Param({"1", "10", "100", "1000"})
        private int events;

        private EventLog log;
        private List<Map<String, String>> batch;

        /** Creates the log. */
        @Setup
        public void prepare(Contenders all) {
            log = all.library()
                    .create(
                            "growth-batch",
                            options -> options.maxLength(Contenders.MAX_LENGTH).ttlAfterLastAdd(Contenders.TTL));
            batch = Collections.nCopies(events, Contenders.event());
        }
    }

    /** {@return the id of the added event; some adds also trim} */
    @Benchmark
    public EventId addToLog(OfLog state) {
        return state.log.add(Contenders.event());
    }

    /** {@return the newest hundred events} */
    @Benchmark
    public List<Event> readNewestOfLog(OfLog state) {
        return state.log.read(Tail.last(100));
    }

    /** Measures the time from an add until the last follower has the event. */
    @Benchmark
    public int addUntilAllFollowersHaveIt(OfFollowers state) {
        state.log.add(Contenders.event());
        return state.got.arriveAndAwaitAdvance();
    }

    /** {@return the ids of the added events} */
    @Benchmark
    public List<EventId> addAll(OfBatch state) {
        return state.log.addAll(state.batch);
    }
}
