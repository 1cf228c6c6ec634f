package dev.eventlog.observability;

import dev.eventlog.FollowedLog;
import dev.eventlog.FollowedLog.Progress;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * Gauges over all followers of a tag value. Each one looks at the current followers when it is read, holds no reference
 * to them, and sends nothing to Redis. Thread-safe.
 */
final class FollowerGauges implements MeterBinder {

    private static final long FRESH_FOR = TimeUnit.MILLISECONDS.toNanos(500);

    /** The sums and maxima over the followers of one tag value. */
    private static final class Figures {

        private static final Figures NONE = new Figures();

        private int feeds;
        private int shared;
        private int interrupted;
        private int followers;
        private double lag;
        private double seconds;

        void add(FollowedLog log) {
            feeds += log.feeds();
            shared += log.shared();
            interrupted += log.interrupted();
            log.followers().forEach(this::add);
        }

        private void add(Progress follower) {
            Duration time = follower.lagTime();
            double itsLag = follower.lag().isPresent() ? follower.lag().getAsLong() : Double.NaN;
            double itsSeconds = time == null ? Double.NaN : time.toNanos() / 1e9;
            lag = followers == 0 ? itsLag : larger(lag, itsLag);
            seconds = followers == 0 ? itsSeconds : larger(seconds, itsSeconds);
            followers++;
        }

        /** Returns the larger number. An unknown number (NaN) is returned only if both are unknown. */
        private static double larger(double one, double other) {
            return Double.isNaN(one) || other > one ? other : one;
        }
    }

    private final Supplier<List<FollowedLog>> logs;
    private final LogTags tags;
    private @Nullable Map<String, Figures> figures; // guarded by this, with takenAt
    private long takenAt;

    FollowerGauges(Supplier<List<FollowedLog>> logs, LogTags tags) {
        this.logs = logs;
        this.tags = tags;
    }

    @Override
    public void bindTo(MeterRegistry registry) {
        tags.all().forEach(tag -> bind(tag, registry));
    }

    private void bind(String tag, MeterRegistry registry) {
        gauge("eventlog.followers.active", tag, of -> of.followers)
                .description("Running followers.")
                .register(registry);
        gauge("eventlog.follower.lag", tag, of -> of.lag)
                .description("Events that the slowest follower has not processed yet.")
                .baseUnit("events")
                .register(registry);
        TimeGauge.builder("eventlog.follower.lag.time", this, TimeUnit.SECONDS, all -> all.of(tag).seconds)
                .description("Age of the oldest event that a follower has not processed yet.")
                .tag("log", tag)
                .register(registry);
        gauge("eventlog.feeds.active", tag, of -> of.feeds)
                .description("Logs that are read for followers.")
                .register(registry);
        gauge("eventlog.feeds.shared", tag, of -> of.shared)
                .description("Logs that are read for followers on a shared connection. Each other log has its own.")
                .register(registry);
        gauge("eventlog.feeds.interrupted", tag, of -> of.interrupted)
                .description("Logs that cannot be read for followers at the moment, because Redis cannot be reached.")
                .register(registry);
    }

    private Gauge.Builder<FollowerGauges> gauge(String name, String tag, ToDoubleFunction<Figures> value) {
        return Gauge.builder(name, this, all -> value.applyAsDouble(all.of(tag)))
                .tag("log", tag);
    }

    /**
     * Returns the figures of a tag value. They are reused for half a second, so that gauges that are read together
     * compute them once.
     */
    private synchronized Figures of(String tag) {
        Map<String, Figures> byTag = figures;
        if (byTag == null || System.nanoTime() - takenAt > FRESH_FOR) {
            byTag = new HashMap<>();
            for (FollowedLog log : logs.get()) {
                byTag.computeIfAbsent(tags.of(log.name()), any -> new Figures()).add(log);
            }
            figures = byTag;
            takenAt = System.nanoTime();
        }
        return byTag.getOrDefault(tag, Figures.NONE);
    }
}
