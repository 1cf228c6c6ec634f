package dev.eventlog.autoconfigure;

import dev.eventlog.EventLogOptions;
import dev.eventlog.UnreadableEvents;
import dev.eventlog.autoconfigure.EventLogProperties.Follow;
import dev.eventlog.autoconfigure.EventLogProperties.Http;
import dev.eventlog.autoconfigure.EventLogProperties.LogOverride;
import dev.eventlog.autoconfigure.EventLogProperties.Recovery;
import dev.eventlog.autoconfigure.EventLogProperties.Retry;
import dev.eventlog.autoconfigure.EventLogProperties.Sse;
import java.time.Duration;
import java.util.List;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.util.unit.DataSize;

/** Checks the values of the properties. A failure names the property, its value, and the bounds. */
final class PropertiesCheck {

    /** The maximum size of one text in Redis. */
    private static final DataSize MOST_BODY = DataSize.ofMegabytes(512);

    private final EventLogProperties properties;

    PropertiesCheck(EventLogProperties properties) {
        this.properties = properties;
    }

    /** Throws an exception for the first property with an invalid value. Spring Boot reports it with the property. */
    void check() {
        valid("max-length", properties.maxLength(), EventLogOptions.Builder::maxLength);
        valid("max-age", properties.maxAge(), EventLogOptions.Builder::maxAge);
        valid("ttl-after-last-add", properties.ttlAfterLastAdd(), EventLogOptions.Builder::ttlAfterLastAdd);
        valid("ttl-after-completion", properties.ttlAfterCompletion(), EventLogOptions.Builder::ttlAfterCompletion);
        valid(
                "idempotency-retention",
                properties.idempotencyRetention(),
                EventLogOptions.Builder::idempotencyRetention);
        overrides(properties.overrides());
        atLeastOne("read.page-size", properties.read().pageSize());
        follow(properties.follow());
        String positions = properties.positions().key();
        check(!positions.isBlank(), "positions.key", positions, "must be the key of a Redis hash");
        String recordings = properties.record().key();
        check(!recordings.isBlank(), "record.key", recordings, "must be the key of a Redis sorted set");
        between("record.lease", properties.record().lease(), Duration.ofMillis(500), Duration.ofHours(1));
        sse(properties.sse());
        atLeastOne("web.max-limit", properties.web().maxLimit());
        http(properties.http());
        retry(properties.listener().retry());
        logPatterns(properties.observability().logPatterns());
    }

    /** Throws an exception if the rule is to hand over events, but there is no handler. */
    void checkHandler() {
        handler("unreadable-events", properties.unreadableEvents());
        List<LogOverride> overrides = properties.overrides();
        for (int i = 0; i < overrides.size(); i++) {
            handler("overrides[" + i + "].unreadable-events", overrides.get(i).unreadableEvents());
        }
    }

    private static void handler(String name, @Nullable UnreadableEvents rule) {
        if (rule == UnreadableEvents.HAND_OVER) {
            check(false, name, rule, "needs a bean of type UnreadableEventHandler, which receives these events");
        }
    }

    private static void overrides(List<LogOverride> overrides) {
        for (int i = 0; i < overrides.size(); i++) {
            LogOverride override = overrides.get(i);
            String name = "overrides[" + i + "].";
            pattern(name + "pattern", override.pattern());
            check(
                    override.maxLength() != null
                            || override.maxAge() != null
                            || override.ttlAfterLastAdd() != null
                            || override.ttlAfterCompletion() != null
                            || override.idempotencyRetention() != null
                            || override.unreadableEvents() != null,
                    name + "pattern",
                    override.pattern(),
                    "has no options: set max-length, max-age, ttl-after-last-add, ttl-after-completion, idempotency-retention, or unreadable-events, or remove the pattern");
            valid(name + "max-length", override.maxLength(), EventLogOptions.Builder::maxLength);
            valid(name + "max-age", override.maxAge(), EventLogOptions.Builder::maxAge);
            valid(name + "ttl-after-last-add", override.ttlAfterLastAdd(), EventLogOptions.Builder::ttlAfterLastAdd);
            valid(
                    name + "ttl-after-completion",
                    override.ttlAfterCompletion(),
                    EventLogOptions.Builder::ttlAfterCompletion);
            valid(
                    name + "idempotency-retention",
                    override.idempotencyRetention(),
                    EventLogOptions.Builder::idempotencyRetention);
        }
    }

    private static void follow(Follow follow) {
        atLeastOne("follow.batch-size", follow.batchSize());
        between("follow.poll-timeout", follow.pollTimeout(), Duration.ofMillis(1), Duration.ofHours(1));
        atLeastOne("follow.window-size", follow.windowSize());
        atLeastOne("follow.max-threads", follow.maxThreads());
        between("follow.close-timeout", follow.closeTimeout(), Duration.ZERO, Duration.ofHours(1));
        between("follow.lease", follow.lease(), Duration.ofMillis(500), Duration.ofHours(1));
        check(
                follow.dedicatedConnections() >= 0,
                "follow.dedicated-connections",
                follow.dedicatedConnections(),
                "must be 0 or more");
        between("follow.sweep-interval", follow.sweepInterval(), Duration.ofMillis(100), Duration.ofHours(1));
        atLeastOne("follow.concurrency", follow.concurrency());
        between("follow.scan-interval", follow.scanInterval(), Duration.ofMillis(100), Duration.ofHours(1));
        Recovery recovery = follow.recovery();
        backOff("follow.recovery.", recovery.delay(), recovery.multiplier(), recovery.maxDelay());
        String delay = text("follow.recovery.delay", recovery.delay());
        between("follow.recovery.jitter", recovery.jitter(), Duration.ZERO, "0ms", recovery.delay(), delay);
    }

    private static void sse(Sse sse) {
        if (!sse.heartbeat().isZero()) {
            between("sse.heartbeat", sse.heartbeat(), Duration.ofMillis(10), Duration.ofHours(1));
        }
        between("sse.reconnect-delay", sse.reconnectDelay(), Duration.ofMillis(1), Duration.ofHours(1));
        between("sse.write-timeout", sse.writeTimeout(), Duration.ofMillis(100), Duration.ofHours(1));
        between("sse.access-interval", sse.accessInterval(), Duration.ofMillis(10), Duration.ofHours(1));
    }

    private static void http(Http http) {
        String path = http.path();
        if (path != null) {
            check(
                    path.matches("(/[^/{}*?#]+)+"),
                    "http.path",
                    path,
                    "must be a path such as /logs, without a slash at its end and without patterns");
        }
        between("http.long-poll-timeout", http.longPollTimeout(), Duration.ofMillis(10), Duration.ofMinutes(10));
        between("http.sse-lifetime", http.sseLifetime(), Duration.ofMillis(10), Duration.ofHours(1));
        long most = http.maxBodySize().toBytes();
        check(
                most >= 1 && most <= MOST_BODY.toBytes(),
                "http.max-body-size",
                http.maxBodySize(),
                "must be from 1B to 512MB");
    }

    private static void retry(Retry retry) {
        check(retry.maxRetries() >= 0, "listener.retry.max-retries", retry.maxRetries(), "must be 0 or more");
        backOff("listener.retry.", retry.delay(), retry.multiplier(), retry.maxDelay());
    }

    private static void logPatterns(List<String> patterns) {
        for (int i = 0; i < patterns.size(); i++) {
            pattern("observability.log-patterns[" + i + "]", patterns.get(i));
        }
    }

    private static void pattern(String name, String pattern) {
        check(!pattern.isBlank(), name, pattern, "must be a pattern over log names, for example sensors:*");
    }

    private static void backOff(String prefix, Duration delay, double multiplier, Duration maxDelay) {
        between(prefix + "delay", delay, Duration.ofMillis(1), Duration.ofHours(1));
        check(multiplier >= 1 && multiplier <= 1000, prefix + "multiplier", multiplier, "must be from 1 to 1000");
        between(prefix + "max-delay", maxDelay, delay, text(prefix + "delay", delay) + ",", Duration.ofHours(1), "1h");
    }

    private static void atLeastOne(String name, int value) {
        check(value >= 1, name, value, "must be 1 or more");
    }

    private static void between(String name, Duration value, Duration least, Duration most) {
        between(name, value, least, text(least), most, text(most));
    }

    private static void between(
            String name, Duration value, Duration least, String leastText, Duration most, String mostText) {
        check(
                value.compareTo(least) >= 0 && value.compareTo(most) <= 0,
                name,
                text(value),
                "must be from " + leastText + " to " + mostText);
    }

    /** Returns the text of a bound that is the value of another property. */
    private static String text(String other, Duration value) {
        return "eventlog." + other + ", which is " + text(value);
    }

    /** Returns a duration in the format of a configuration file. */
    private static String text(Duration value) {
        long millis = value.toMillis();
        if (millis == 0 || millis % 1000 != 0) {
            return millis + "ms";
        }
        long seconds = millis / 1000;
        return seconds % 3600 == 0 ? seconds / 3600 + "h" : seconds % 60 == 0 ? seconds / 60 + "m" : seconds + "s";
    }

    private static <V> void valid(String name, @Nullable V value, BiConsumer<EventLogOptions.Builder, V> option) {
        try {
            if (value != null) {
                option.accept(EventLogOptions.builder(), value);
            }
        } catch (IllegalArgumentException refused) {
            throw new InvalidConfigurationPropertyValueException("eventlog." + name, value, refused.getMessage());
        }
    }

    private static void check(boolean right, String name, Object value, String reason) {
        if (!right) {
            throw new InvalidConfigurationPropertyValueException("eventlog." + name, value, "It " + reason + ".");
        }
    }
}
