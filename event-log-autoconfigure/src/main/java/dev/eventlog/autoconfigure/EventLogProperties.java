package dev.eventlog.autoconfigure;

import dev.eventlog.EventLogOptions;
import dev.eventlog.UnreadableEvents;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.InitializingBean;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.PatternMatchUtils;
import org.springframework.util.unit.DataSize;

/**
 * Configuration of event logs.
 *
 * @param maxLength Maximum number of events that a log keeps. Unlimited when 0.
 * @param maxAge Maximum age of the events of a log. Unlimited when absent or 0.
 * @param ttlAfterLastAdd How long Redis keeps a log after its last add. Without limit when absent or 0.
 * @param ttlAfterCompletion How long Redis keeps a log after its completion. As long as after an add when absent or 0.
 * @param idempotencyRetention How long an add with an idempotency key can be repeated without adding again. Never
 *     longer than the ttl of the log.
 * @param unreadableEvents What happens to an event that does not fit the type of a typed log.
 * @param keyPrefix Prefix of every key that the library uses in Redis.
 * @param overrides Options for logs whose names match a pattern. The first matching entry wins.
 * @param read Properties of reads.
 * @param follow Properties of followers.
 * @param record Recording sources.
 * @param sse Server-Sent Events.
 * @param web Parameters of controller methods.
 * @param http Logs over HTTP, with the Durable Streams protocol.
 * @param positions Positions of named followers.
 * @param listener Methods annotated with {@code @EventLogListener}.
 * @param observability Meters, observations, and traces.
 */
// Unknown properties are refused: a misspelled max-length would let logs grow without a limit, and nobody would notice.
@ConfigurationProperties(value = "eventlog", ignoreUnknownFields = false)
public record EventLogProperties(
        @DefaultValue("0") long maxLength,
        @Nullable Duration maxAge,
        @Nullable Duration ttlAfterLastAdd,
        @Nullable Duration ttlAfterCompletion,
        @DefaultValue("1h") Duration idempotencyRetention,
        @DefaultValue("fail") UnreadableEvents unreadableEvents,
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
     * Options for logs whose names match a pattern.
     *
     * @param pattern Pattern over log names, where an asterisk stands for any text.
     * @param maxLength Maximum number of events that such a log keeps. Unlimited when 0. The general value when absent.
     * @param maxAge Maximum age of the events of such a log. Unlimited when 0. The general value when absent.
     * @param ttlAfterLastAdd How long Redis keeps such a log after its last add. Without limit when 0. The general
     *     value when absent.
     * @param ttlAfterCompletion How long Redis keeps such a log after its completion. As long as after an add when 0.
     *     The general value when absent.
     * @param idempotencyRetention How long an add with an idempotency key to such a log can be repeated without adding
     *     again. The general value when absent.
     * @param unreadableEvents What happens to an event that does not fit the type of such a log. The general value when
     *     absent.
     */
    public record LogOverride(
            @DefaultValue("") String pattern,
            @Nullable Long maxLength,
            @Nullable Duration maxAge,
            @Nullable Duration ttlAfterLastAdd,
            @Nullable Duration ttlAfterCompletion,
            @Nullable Duration idempotencyRetention,
            @Nullable UnreadableEvents unreadableEvents) {}

    /**
     * Properties of reads.
     *
     * @param pageSize Number of events that one command reads from Redis.
     */
    public record Read(@DefaultValue("1000") int pageSize) {}

    /**
     * Properties of followers.
     *
     * @param batchSize Maximum number of events that a listener gets in one call.
     * @param pollTimeout Maximum time that one read waits in Redis for new events. It is also the maximum time until
     *     a follower notices that its log has begun again.
     * @param windowSize Number of the newest events of a followed log that are kept in memory, shared by all its
     *     followers.
     * @param maxThreads Maximum number of listeners that run at the same time. Ignored with virtual threads.
     * @param closeTimeout Time that closing a follower waits for a running callback before interrupting its thread.
     * @param lease Time that a named follower keeps its lease without renewing it, and so the time until another
     *     instance takes over from a process that died. Without Spring Integration locks, only the time that a follower pauses
     *     when it finds the position of another one.
     * @param dedicatedConnections Maximum number of followed logs that have a dedicated connection. All other logs
     *     share one connection to each master. Sharing needs Lettuce, RESP3, and CLIENT TRACKING, and does not work
     *     with a configured set of master and replicas.
     * @param sweepInterval Interval at which each log on the shared connection is read even if Redis reported no
     *     change.
     * @param concurrency Maximum number of logs for which a follower of many logs calls its listener at the same
     *     time.
     * @param scanInterval Interval at which a follower of a pattern looks for new logs if Redis does not report them.
     *     If a scan takes more than a tenth of the interval, the interval becomes longer.
     * @param recovery Reconnecting after Redis could not be reached.
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
     * Reconnecting after Redis could not be reached.
     *
     * @param delay Delay before the first new attempt to follow.
     * @param multiplier Multiplier of the delay after each further failure.
     * @param maxDelay Maximum delay.
     * @param jitter Random time that is added to or subtracted from the delay, so that followers do not all reconnect
     *     at once. Grows with the delay.
     */
    public record Recovery(
            @DefaultValue("100ms") Duration delay,
            @DefaultValue("2") double multiplier,
            @DefaultValue("5s") Duration maxDelay,
            @DefaultValue("20ms") Duration jitter) {}

    /**
     * Recording sources.
     *
     * @param lease Time without a renewal after which a recording counts as dead. Its log is then completed as failed.
     * @param key Key of the Redis sorted set with the leases of all recordings. The key prefix comes before it.
     */
    public record Recording(
            @DefaultValue("10s") Duration lease,
            @DefaultValue("eventlog:recordings") String key) {}

    /**
     * Server-Sent Events.
     *
     * @param enabled Whether beans that stream logs as Server-Sent Events and over WebSockets are available.
     * @param heartbeat Interval of the comments that detect disconnected clients. Over WebSockets, these are messages
     *     of the type heartbeat. None when 0.
     * @param reconnectDelay Time that a client waits before it reconnects. Each client gets a random value between
     *     0.5 and 1.5 times this value, so that clients do not all reconnect at once.
     * @param writeTimeout How long a client may leave sent data unread before its stream is closed.
     * @param accessInterval Interval at which the access of each client is checked again.
     */
    public record Sse(
            @DefaultValue("true") boolean enabled,
            @DefaultValue("15s") Duration heartbeat,
            @DefaultValue("2s") Duration reconnectDelay,
            @DefaultValue("30s") Duration writeTimeout,
            @DefaultValue("30s") Duration accessInterval) {}

    /**
     * Parameters of controller methods.
     *
     * @param maxLimit Maximum number of events that a request may ask for if a controller method takes an EventRange.
     */
    public record Web(@DefaultValue("1000") int maxLimit) {}

    /**
     * Logs over HTTP, with the Durable Streams protocol.
     *
     * @param path Path under which each log is served, followed by the name of the log. Nothing is served when absent.
     * @param writable Whether clients can create, add to, complete, and delete logs.
     * @param longPollTimeout Time that a request waits for an event before it is answered without one.
     * @param sseLifetime Time after which a stream of Server-Sent Events ends and its client has to reconnect.
     * @param maxBodySize Maximum size of the body of one request.
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
     * @param key Key of the Redis hash with the positions of named followers. The key prefix comes before it.
     */
    public record Positions(
            @DefaultValue("eventlog:positions") String key) {}

    /**
     * Methods annotated with {@code @EventLogListener}.
     *
     * @param enabled Whether methods annotated with @EventLogListener are called.
     * @param autoStartup Whether listeners start with the application. Default for listeners that do not set
     *     autoStartup.
     * @param retry Calling listeners again when they throw.
     */
    public record Listener(
            @DefaultValue("true") boolean enabled,
            @DefaultValue("true") boolean autoStartup,
            @DefaultValue Retry retry) {}

    /**
     * Calling listeners again when they throw.
     *
     * @param maxRetries Maximum number of times that a listener is called again with the same events before it stops.
     * @param delay Delay before the first retry.
     * @param multiplier Multiplier of the delay after each further failure.
     * @param maxDelay Maximum delay.
     */
    public record Retry(
            @DefaultValue("0") long maxRetries,
            @DefaultValue("1s") Duration delay,
            @DefaultValue("2") double multiplier,
            @DefaultValue("1m") Duration maxDelay) {}

    /**
     * Meters, observations, and traces.
     *
     * @param logPatterns Patterns over log names, where an asterisk stands for any text. The first matching pattern
     *     becomes the value of the tag log. Logs that match no pattern get the value *.
     * @param propagateTrace Whether an add stores its trace in an additional field of each event, so that followers
     *     continue the trace.
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
     * @param enabled Whether meters are registered if there is a MeterRegistry.
     */
    public record Metrics(@DefaultValue("true") boolean enabled) {}

    /**
     * Observations.
     *
     * @param enabled Whether adds and batches are observed if there is an ObservationRegistry.
     */
    public record Observations(@DefaultValue("true") boolean enabled) {}

    /** Checks the values here and not during binding, so that the message contains only the property, the value, and the reason. */
    @Override
    public void afterPropertiesSet() {
        new PropertiesCheck(this).check();
    }

    /**
     * {@return the options of each log by its name: those of the first override that matches win over the general ones} All logs
     * without an override share one object.
     */
    Function<String, EventLogOptions> options() {
        EventLogOptions general = general().build();
        return log -> overrides.stream()
                .filter(override -> PatternMatchUtils.simpleMatch(override.pattern(), log))
                .findFirst()
                .map(this::options)
                .orElse(general);
    }

    private EventLogOptions.Builder general() {
        EventLogOptions.Builder options = EventLogOptions.builder();
        apply(maxLength, maxAge, ttlAfterLastAdd, ttlAfterCompletion, idempotencyRetention, unreadableEvents, options);
        return options;
    }

    private EventLogOptions options(LogOverride override) {
        EventLogOptions.Builder options = general();
        apply(
                override.maxLength(),
                override.maxAge(),
                override.ttlAfterLastAdd(),
                override.ttlAfterCompletion(),
                override.idempotencyRetention(),
                override.unreadableEvents(),
                options);
        return options.build();
    }

    private static void apply(
            @Nullable Long maxLength,
            @Nullable Duration maxAge,
            @Nullable Duration ttl,
            @Nullable Duration ttlOfCompleted,
            @Nullable Duration retention,
            @Nullable UnreadableEvents unreadable,
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
        if (unreadable != null) {
            options.unreadableEvents(unreadable);
        }
    }
}
