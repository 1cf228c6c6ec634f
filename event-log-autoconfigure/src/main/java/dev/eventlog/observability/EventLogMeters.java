package dev.eventlog.observability;

import dev.eventlog.Completion;
import dev.eventlog.Event;
import dev.eventlog.EventConversionException;
import dev.eventlog.EventId;
import dev.eventlog.EventLogObserver;
import dev.eventlog.Gap;
import dev.eventlog.follow.PartlyReadableException;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Records the meters of event logs. Thread-safe. */
final class EventLogMeters implements EventLogObserver {

    /** The value of the tag for failures. */
    private enum Failed {
        /** An add. */
        ADD,
        /** A call of a listener with a batch. */
        BATCH,
        /** A follower, which has ended. */
        FOLLOWER;

        String tag() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private final MeterRegistry registry;
    private final LogTags tags;
    private final Map<String, Meters> byTag = new ConcurrentHashMap<>();

    EventLogMeters(MeterRegistry registry, LogTags tags) {
        this.registry = registry;
        this.tags = tags;
        tags.all().forEach(this::tagged);
    }

    private Meters tagged(String tag) {
        return byTag.computeIfAbsent(tag, log -> new Meters(registry, Tags.of("log", log)));
    }

    private Meters of(String log) {
        return tagged(tags.of(log));
    }

    @Override
    public List<EventId> onAdd(String log, List<Map<String, String>> events, Add add) {
        Meters meters = of(log);
        List<EventId> ids;
        try {
            ids = add.add(events);
        } catch (RuntimeException | Error failure) {
            meters.failed(Failed.ADD);
            throw failure;
        }
        meters.added.increment(events.size());
        return ids;
    }

    @Override
    public void onBatch(String log, List<Event> batch, Delivery delivery) throws Exception {
        Meters meters = of(log);
        long begin = System.nanoTime();
        try {
            delivery.deliver();
        } catch (PartlyReadableException divided) {
            throw divided; // the listener was not called: the events come again, in smaller batches
        } catch (Throwable failure) {
            meters.failed(Failed.BATCH);
            meters.called(begin);
            throw failure;
        }
        meters.called(begin);
        meters.delivered.increment(batch.size());
        meters.batchSize.record(batch.size());
    }

    @Override
    public void onGap(Gap gap) {
        Meters meters = of(gap.log());
        meters.gaps.increment();
        gap.missed().ifPresent(meters.missed::increment);
    }

    @Override
    public void onComplete(String log, Completion completion) {
        of(log).completed.increment();
    }

    @Override
    public void onUnreadable(EventConversionException failure) {
        of(failure.log()).unreadable.increment();
    }

    @Override
    public void onReconnect(String log, Duration interruption) {
        of(log).reconnects.increment();
    }

    @Override
    public void onEnd(String log, @Nullable Throwable failure) {
        if (failure != null) {
            of(log).failed(Failed.FOLLOWER);
        }
    }

    /** The meters of one tag value. All of them are registered at once, so that each one starts at zero. */
    private static final class Meters {

        private final Counter added;
        private final Counter delivered;
        private final DistributionSummary batchSize;
        private final Timer callback;
        private final Counter gaps;
        private final Counter missed;
        private final Counter unreadable;
        private final Counter completed;
        private final Counter reconnects;
        private final Map<Failed, Counter> failures;

        Meters(MeterRegistry registry, Tags log) {
            added = Counter.builder("eventlog.events.added")
                    .description("Events added.")
                    .tags(log)
                    .register(registry);
            delivered = Counter.builder("eventlog.events.delivered")
                    .description("Events that listeners have processed.")
                    .tags(log)
                    .register(registry);
            batchSize = DistributionSummary.builder("eventlog.batch.size")
                    .description("Events in one call of a listener.")
                    .baseUnit("events")
                    .tags(log)
                    .register(registry);
            callback = Timer.builder("eventlog.callback")
                    .description("Duration of listener calls with a batch, including failed calls.")
                    .tags(log)
                    .register(registry);
            gaps = Counter.builder("eventlog.gaps")
                    .description("Gaps that were reported to followers.")
                    .tags(log)
                    .register(registry);
            missed = Counter.builder("eventlog.events.missed")
                    .description("Events that were lost in these gaps, as far as Redis knows their number.")
                    .tags(log)
                    .register(registry);
            unreadable = Counter.builder("eventlog.events.unreadable")
                    .description("Events that did not fit the type of their log, counted on each read.")
                    .tags(log)
                    .register(registry);
            completed = Counter.builder("eventlog.completed")
                    .description("Followers that reached the end of a complete log.")
                    .tags(log)
                    .register(registry);
            reconnects = Counter.builder("eventlog.reconnects")
                    .description("Interruptions of followed logs that have ended.")
                    .tags(log)
                    .register(registry);
            failures = Arrays.stream(Failed.values())
                    .collect(Collectors.toMap(
                            failed -> failed,
                            failed -> Counter.builder("eventlog.failures")
                                    .description(
                                            "Failed adds, failed listener calls with a batch, and followers that ended with an error.")
                                    .tags(log)
                                    .tag("kind", failed.tag())
                                    .register(registry)));
        }

        void called(long begin) {
            callback.record(System.nanoTime() - begin, TimeUnit.NANOSECONDS);
        }

        void failed(Failed what) {
            Counter counter = failures.get(what);
            if (counter != null) {
                counter.increment();
            }
        }
    }
}
