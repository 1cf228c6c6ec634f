package dev.eventlog.autoconfigure;

import dev.eventlog.EventLogOptions;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.InitializingBean;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.PatternMatchUtils;
import org.springframework.util.unit.DataSize;

/**
 * Configuration of event logs.
 *
 * @param maxLength How many events a log keeps at most. Unlimited when 0.
 * @param maxAge How old the events of a log get at most. Unlimited when absent or 0.
 * @param ttlAfterLastAdd How long after the last add a whole log is deleted. Never when absent or 0.
 * @param ttlAfterCompletion How long after its completion a whole log is deleted. As long as after an add when absent or 0.
 * @param idempotencyRetention How long an add with an idempotency key can be repeated without adding again. Not longer than
 *     the log's ttl.
 * @param keyPrefix Text that stands before the name of each log in the key of its Redis stream.
 * @param overrides Options for the logs whose name fits a pattern. The first that fits wins.
 * @param read Reading.
 * @param follow Following.
 * @param record Recording sources.
 * @param sse Server-Sent Events.
 * @param web Parameters of controllers' methods.
 * @param http Logs on HTTP, by the Durable Streams protocol.
 * @param positions Positions of named followers.
 * @param listener Methods annotated with {@code @EventLogListener}.
 * @param observability What event logs tell of themselves.
 */
// Unknown ones are refused: a misspelt max-length would let logs grow without a limit, and nobody would know.
@ConfigurationProperties(value = "eventlog", ignoreUnknownFields = false)
public record EventLogProperties(
        @DefaultValue("0") long maxLength,
        @Nullable Duration maxAge,
        @Nullable Duration ttlAfterLastAdd,
        @Nullable Duration ttlAfterCompletion,
        @DefaultValue("1h") Duration idempotencyRetention,
        @DefaultValue("") String keyPrefix,
        @DefaultValue List<LogOverride> overrides,
        @DefaultValue Read read,
        @DefaultValue Follow follow,
        @DefaultValue Recording record,
        @DefaultValue Sse sse,
        @DefaultValue Web web,
        @DefaultValue Http http,
        @DefaultValue Positions positions,
        @DefaultValue Listener listener,
        @DefaultValue Observability observability)
        implements InitializingBean {

    /**
     * Options for the logs whose name fits a pattern.
     *
     * @param pattern Pattern over log names, in which an asterisk stands for any text.
     * @param maxLength How many events such a log keeps at most. Unlimited when 0, as for all logs when absent.
     * @param maxAge How old the events of such a log get at most. Unlimited when 0, as for all logs when absent.
     * @param ttlAfterLastAdd How long after the last add such a log is deleted. Never when 0, as for all logs when absent.
     * @param ttlAfterCompletion How long after its completion such a log is deleted. As long as after an add when 0, as for all
     *     logs when absent.
     * @param idempotencyRetention How long an add with an idempotency key to such a log can be repeated without adding again.
     *     As for all logs when absent.
     */
    public record LogOverride(
            @DefaultValue("") String pattern,
            @Nullable Long maxLength,
            @Nullable Duration maxAge,
            @Nullable Duration ttlAfterLastAdd,
            @Nullable Duration ttlAfterCompletion,
            @Nullable Duration idempotencyRetention) {}

    /**
     * Reading.
     *
     * @param pageSize How many events to ask Redis for at once.
     */
    public record Read(@DefaultValue("1000") int pageSize) {}

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
     * @param dedicatedConnections How many followed logs at most have a connection of their own. All others share one, on Lettuce
     *     and RESP3, as long as Redis allows CLIENT TRACKING and is no configured set of master and
     *     replicas; in a cluster one to each master.
     * @param sweepInterval How often each log that shares a connection is read without Redis having told that it has changed.
     * @param concurrency For how many logs at once the listener of a follower of many logs is called.
     * @param scanInterval How often logs that have begun are looked for by a follower of a pattern, where Redis does not tell of
     *     them. Waits longer where a look takes more than a tenth of that.
     * @param recovery Coming back after Redis could not be reached.
     */
    public record Follow(
            @DefaultValue("500") int batchSize,
            @DefaultValue("5s") Duration pollTimeout,
            @DefaultValue("1000") int windowSize,
            @DefaultValue("256") int maxThreads,
            @DefaultValue("5s") Duration closeTimeout,
            @DefaultValue("10s") Duration lease,
            @DefaultValue("8") int dedicatedConnections,
            @DefaultValue("60s") Duration sweepInterval,
            @DefaultValue("16") int concurrency,
            @DefaultValue("1s") Duration scanInterval,
            @DefaultValue Recovery recovery) {}

    /**
     * Coming back after Redis could not be reached.
     *
     * @param delay How long to wait before following is tried again.
     * @param multiplier How many times longer to wait after each further failure.
     * @param maxDelay How long to wait at most.
     * @param jitter How much longer or shorter to wait at random, so that not all come back at once. Grows with the delay.
     */
    public record Recovery(
            @DefaultValue("100ms") Duration delay,
            @DefaultValue("2") double multiplier,
            @DefaultValue("5s") Duration maxDelay,
            @DefaultValue("20ms") Duration jitter) {}

    /**
     * Recording sources.
     *
     * @param lease How long a recording is taken for alive after its last sign of life. Then its log is completed as failed.
     * @param key Key of the Redis sorted set that holds the leases of all recordings, behind the key prefix.
     */
    public record Recording(
            @DefaultValue("10s") Duration lease,
            @DefaultValue("eventlog:recordings") String key) {}

    /**
     * Server-Sent Events.
     *
     * @param enabled Whether there is a bean that turns event logs into streams of Server-Sent Events.
     * @param heartbeat How often a client is sent a comment, by which it is noticed if it has gone. Never when 0.
     * @param reconnectDelay How long a client that lost its connection is told to wait before it comes back: half as long to half as
     *     long again, at random, so that not all come back at once.
     * @param writeTimeout How long a client may take nothing of what waits for it before its stream is closed.
     * @param accessInterval How often it is asked again whether a client may go on to follow.
     */
    public record Sse(
            @DefaultValue("true") boolean enabled,
            @DefaultValue("15s") Duration heartbeat,
            @DefaultValue("2s") Duration reconnectDelay,
            @DefaultValue("30s") Duration writeTimeout,
            @DefaultValue("30s") Duration accessInterval) {}

    /**
     * Parameters of controllers' methods.
     *
     * @param maxLimit How many events a request may ask for at most, where a controller takes an EventRange.
     */
    public record Web(@DefaultValue("1000") int maxLimit) {}

    /**
     * Logs on HTTP, by the Durable Streams protocol.
     *
     * @param path Path under which each log is served, by its name. None is served when absent.
     * @param writable Whether logs can be created, added to, completed and deleted on HTTP.
     * @param longPollTimeout How long a request waits for an event before it is answered without one.
     * @param sseLifetime How long a stream of Server-Sent Events is open before its client has to come back.
     * @param maxBodySize How large the events of one request may be.
     */
    public record Http(
            @Nullable String path,
            @DefaultValue("false") boolean writable,
            @DefaultValue("20s") Duration longPollTimeout,
            @DefaultValue("60s") Duration sseLifetime,
            @DefaultValue("1MB") DataSize maxBodySize) {}

    /**
     * Positions of named followers.
     *
     * @param key Key of the Redis hash that holds the positions of named followers, behind the key prefix.
     */
    public record Positions(
            @DefaultValue("eventlog:positions") String key) {}

    /**
     * Methods annotated with {@code @EventLogListener}.
     *
     * @param enabled Whether methods annotated with @EventLogListener are called.
     * @param autoStartup Whether those start with the application that do not say so themselves.
     * @param retry Calling them again when they throw.
     */
    public record Listener(
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
    public record Retry(
            @DefaultValue("0") long maxRetries,
            @DefaultValue("1s") Duration delay,
            @DefaultValue("2") double multiplier,
            @DefaultValue("1m") Duration maxDelay) {}

    /**
     * What event logs tell of themselves.
     *
     * @param logPatterns Log name patterns; an asterisk matches any text. The first matching pattern becomes the tag log of a meter.
     *     Logs that match no pattern get the tag *.
     * @param propagateTrace Whether an add stores its trace with each event, in one more field, for followers to go on with.
     * @param metrics Meters.
     * @param observations Observations.
     */
    public record Observability(
            @DefaultValue List<String> logPatterns,
            @DefaultValue("false") boolean propagateTrace,
            @DefaultValue Metrics metrics,
            @DefaultValue Observations observations) {}

    /**
     * Meters.
     *
     * @param enabled Whether event logs are measured, where there is a meter registry.
     */
    public record Metrics(@DefaultValue("true") boolean enabled) {}

    /**
     * Observations.
     *
     * @param enabled Whether adds and batches are observed, where there is an observation registry.
     */
    public record Observations(@DefaultValue("true") boolean enabled) {}

    /** Checks the values: here and not where they are bound, so that what is said is only the property, the value, and why. */
    @Override
    public void afterPropertiesSet() {
        new PropertiesCheck(this).check();
    }

    /** The options of a log: those of the first override that fits its name before the general ones. */
    EventLogOptions options(String log) {
        EventLogOptions.Builder options = EventLogOptions.builder();
        apply(maxLength, maxAge, ttlAfterLastAdd, ttlAfterCompletion, idempotencyRetention, options);
        overrides.stream()
                .filter(override -> PatternMatchUtils.simpleMatch(override.pattern(), log))
                .findFirst()
                .ifPresent(override -> apply(
                        override.maxLength(),
                        override.maxAge(),
                        override.ttlAfterLastAdd(),
                        override.ttlAfterCompletion(),
                        override.idempotencyRetention(),
                        options));
        return options.build();
    }

    private static void apply(
            @Nullable Long maxLength,
            @Nullable Duration maxAge,
            @Nullable Duration ttl,
            @Nullable Duration ttlOfCompleted,
            @Nullable Duration retention,
            EventLogOptions.Builder options) {
        if (maxLength != null) {
            options.maxLength(maxLength);
        }
        if (maxAge != null) {
            options.maxAge(maxAge);
        }
        if (ttl != null) {
            options.ttlAfterLastAdd(ttl);
        }
        if (ttlOfCompleted != null) {
            options.ttlAfterCompletion(ttlOfCompleted);
        }
        if (retention != null) {
            options.idempotencyRetention(retention);
        }
    }
}
