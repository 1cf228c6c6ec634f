package dev.eventlog.autoconfigure;

import dev.eventlog.EventLogOptions;
import java.time.Duration;
import java.util.List;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.InitializingBean;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.util.PatternMatchUtils;

/**
 * Configuration of event logs.
 *
 * @param maxLength How many events a log keeps at most. Unlimited when 0.
 * @param ttlAfterLastAdd How long after the last add a whole log is deleted. Never when absent or 0.
 * @param idempotencyRetention How long an add with an idempotency key can be repeated without adding again. Not longer than
 *     the log's ttl.
 * @param keyPrefix Text that stands before the name of each log in the key of its Redis stream.
 * @param overrides Options for the logs whose name fits a pattern. The first that fits wins.
 * @param read Reading.
 * @param follow Following.
 * @param sse Server-Sent Events.
 * @param positions Positions of named followers.
 * @param listener Methods annotated with {@code @EventLogListener}.
 */
@ConfigurationProperties("eventlog")
record EventLogProperties(
        @DefaultValue("0") long maxLength,
        @Nullable Duration ttlAfterLastAdd,
        @DefaultValue("1h") Duration idempotencyRetention,
        @DefaultValue("") String keyPrefix,
        @DefaultValue List<LogOverride> overrides,
        @DefaultValue Read read,
        @DefaultValue Follow follow,
        @DefaultValue Sse sse,
        @DefaultValue Positions positions,
        @DefaultValue Listener listener)
        implements InitializingBean {

    /**
     * Options for the logs whose name fits a pattern.
     *
     * @param pattern Pattern over log names, in which an asterisk stands for any text.
     * @param maxLength How many events such a log keeps at most. Unlimited when 0, as for all logs when absent.
     * @param ttlAfterLastAdd How long after the last add such a log is deleted. Never when 0, as for all logs when absent.
     * @param idempotencyRetention How long an add with an idempotency key to such a log can be repeated without adding again.
     *     As for all logs when absent.
     */
    record LogOverride(
            @DefaultValue("") String pattern,
            @Nullable Long maxLength,
            @Nullable Duration ttlAfterLastAdd,
            @Nullable Duration idempotencyRetention) {}

    /**
     * Reading.
     *
     * @param pageSize How many events to ask Redis for at once.
     */
    record Read(@DefaultValue("1000") int pageSize) {}

    /**
     * Following.
     *
     * @param batchSize How many events a listener gets at most in one call.
     * @param pollTimeout How long Redis holds one blocking read. Also how long it takes at most to notice that a log began
     *     again.
     * @param windowSize How many of the newest events of a followed log are kept in memory, once for all its followers.
     * @param maxThreads How many listeners may be busy at one moment. Without meaning on virtual threads.
     * @param closeTimeout How long closing a follower waits for a running callback before it interrupts it.
     * @param lease How long a named follower keeps its turn without renewing it, so how soon another one takes over from a
     *     process that died. Without meaning where there are no locks of Spring Integration.
     * @param recovery Coming back after Redis could not be reached.
     */
    record Follow(
            @DefaultValue("500") int batchSize,
            @DefaultValue("5s") Duration pollTimeout,
            @DefaultValue("1000") int windowSize,
            @DefaultValue("256") int maxThreads,
            @DefaultValue("5s") Duration closeTimeout,
            @DefaultValue("10s") Duration lease,
            @DefaultValue Recovery recovery) {}

    /**
     * Coming back after Redis could not be reached.
     *
     * @param delay How long to wait before following is tried again.
     * @param multiplier How many times longer to wait after each further failure.
     * @param maxDelay How long to wait at most.
     * @param jitter How much longer or shorter to wait at random, so that not all come back at once. Grows with the delay.
     */
    record Recovery(
            @DefaultValue("100ms") Duration delay,
            @DefaultValue("2") double multiplier,
            @DefaultValue("5s") Duration maxDelay,
            @DefaultValue("20ms") Duration jitter) {}

    /**
     * Server-Sent Events.
     *
     * @param enabled Whether there is a bean that turns event logs into streams of Server-Sent Events.
     * @param heartbeat How often a client is sent a comment, by which it is noticed if it has gone. Never when 0.
     * @param reconnectDelay How long a client that lost its connection is told to wait before it comes back. As long as it
     *     likes when absent.
     */
    record Sse(
            @DefaultValue("true") boolean enabled,
            @DefaultValue("15s") Duration heartbeat,
            @Nullable Duration reconnectDelay) {}

    /**
     * Positions of named followers.
     *
     * @param key Key of the Redis hash that holds the positions of named followers, behind the key prefix.
     */
    record Positions(@DefaultValue("eventlog:positions") String key) {}

    /**
     * Methods annotated with {@code @EventLogListener}.
     *
     * @param enabled Whether methods annotated with @EventLogListener are called.
     * @param autoStartup Whether those start with the application that do not say so themselves.
     * @param retry Calling them again when they throw.
     */
    record Listener(
            @DefaultValue("true") boolean enabled,
            @DefaultValue("true") boolean autoStartup,
            @DefaultValue Retry retry) {}

    /**
     * Calling methods again when they throw.
     *
     * @param maxRetries How often a method that threw is called again with the same events before its listener stops.
     * @param delay How long to wait before it is called again.
     * @param multiplier How many times longer to wait after each further failure.
     * @param maxDelay How long to wait at most.
     */
    record Retry(
            @DefaultValue("0") long maxRetries,
            @DefaultValue("1s") Duration delay,
            @DefaultValue("2") double multiplier,
            @DefaultValue("1m") Duration maxDelay) {}

    /** Checks the values: here and not where they are bound, so that what is said is only the property, the value, and why. */
    @Override
    public void afterPropertiesSet() {
        valid("max-length", maxLength, EventLogOptions.Builder::maxLength);
        valid("ttl-after-last-add", ttlAfterLastAdd, EventLogOptions.Builder::ttlAfterLastAdd);
        valid("idempotency-retention", idempotencyRetention, EventLogOptions.Builder::idempotencyRetention);
        for (int i = 0; i < overrides.size(); i++) {
            LogOverride override = overrides.get(i);
            String name = "overrides[" + i + "].";
            check(
                    !override.pattern().isBlank(),
                    name + "pattern",
                    override.pattern(),
                    "must be a pattern over log names, for example sensors:*");
            check(
                    override.maxLength() != null
                            || override.ttlAfterLastAdd() != null
                            || override.idempotencyRetention() != null,
                    name + "pattern",
                    override.pattern(),
                    "has no option beside it: set max-length, ttl-after-last-add or idempotency-retention, or leave it out");
            valid(name + "max-length", override.maxLength(), EventLogOptions.Builder::maxLength);
            valid(name + "ttl-after-last-add", override.ttlAfterLastAdd(), EventLogOptions.Builder::ttlAfterLastAdd);
            valid(
                    name + "idempotency-retention",
                    override.idempotencyRetention(),
                    EventLogOptions.Builder::idempotencyRetention);
        }
        atLeastOne("read.page-size", read.pageSize());
        atLeastOne("follow.batch-size", follow.batchSize());
        between("follow.poll-timeout", follow.pollTimeout(), Duration.ofMillis(1), Duration.ofHours(1));
        atLeastOne("follow.window-size", follow.windowSize());
        atLeastOne("follow.max-threads", follow.maxThreads());
        between("follow.close-timeout", follow.closeTimeout(), Duration.ZERO, Duration.ofHours(1));
        between("follow.lease", follow.lease(), Duration.ofMillis(500), Duration.ofHours(1));
        check(!positions.key().isBlank(), "positions.key", positions.key(), "must be the key of a Redis hash");
        Recovery recovery = follow.recovery();
        between("follow.recovery.delay", recovery.delay(), Duration.ofMillis(1), Duration.ofHours(1));
        multiplier("follow.recovery.multiplier", recovery.multiplier());
        String delay = text("follow.recovery.delay", recovery.delay());
        between(
                "follow.recovery.max-delay",
                recovery.maxDelay(),
                recovery.delay(),
                delay + ",",
                Duration.ofHours(1),
                "1h");
        between("follow.recovery.jitter", recovery.jitter(), Duration.ZERO, "0ms", recovery.delay(), delay);
        if (!sse.heartbeat().isZero()) {
            between("sse.heartbeat", sse.heartbeat(), Duration.ofMillis(10), Duration.ofHours(1));
        }
        if (sse.reconnectDelay() != null) {
            between("sse.reconnect-delay", sse.reconnectDelay(), Duration.ofMillis(1), Duration.ofHours(1));
        }
        Retry retry = listener.retry();
        check(retry.maxRetries() >= 0, "listener.retry.max-retries", retry.maxRetries(), "must be 0 or more");
        between("listener.retry.delay", retry.delay(), Duration.ofMillis(1), Duration.ofHours(1));
        multiplier("listener.retry.multiplier", retry.multiplier());
        String retryDelay = text("listener.retry.delay", retry.delay());
        between(
                "listener.retry.max-delay",
                retry.maxDelay(),
                retry.delay(),
                retryDelay + ",",
                Duration.ofHours(1),
                "1h");
    }

    private static void multiplier(String name, double value) {
        check(value >= 1 && value <= 1000, name, value, "must be from 1 to 1000");
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

    /** A bound that is another property's value. */
    private static String text(String other, Duration value) {
        return "eventlog." + other + ", which is " + text(value);
    }

    /** As one writes it in a configuration. */
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

    /** The options of a log: those of the first override that fits its name before the general ones. */
    EventLogOptions options(String log) {
        EventLogOptions.Builder options = EventLogOptions.builder();
        apply(maxLength, ttlAfterLastAdd, idempotencyRetention, options);
        overrides.stream()
                .filter(override -> PatternMatchUtils.simpleMatch(override.pattern(), log))
                .findFirst()
                .ifPresent(override -> apply(
                        override.maxLength(), override.ttlAfterLastAdd(), override.idempotencyRetention(), options));
        return options.build();
    }

    private static void apply(
            @Nullable Long maxLength,
            @Nullable Duration ttl,
            @Nullable Duration retention,
            EventLogOptions.Builder options) {
        if (maxLength != null) {
            options.maxLength(maxLength);
        }
        if (ttl != null) {
            options.ttlAfterLastAdd(ttl);
        }
        if (retention != null) {
            options.idempotencyRetention(retention);
        }
    }
}
