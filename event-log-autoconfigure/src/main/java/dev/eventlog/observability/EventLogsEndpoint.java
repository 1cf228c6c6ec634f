package dev.eventlog.observability;

import dev.eventlog.Completion;
import dev.eventlog.EndedFollower;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogException;
import dev.eventlog.EventLogOptions;
import dev.eventlog.EventLogUnavailableException;
import dev.eventlog.FollowedLog;
import dev.eventlog.FollowedLog.Progress;
import dev.eventlog.Follower.EndReason;
import dev.eventlog.FollowerKind;
import dev.eventlog.FollowerOfMany;
import dev.eventlog.UnreadableEvents;
import dev.eventlog.WaitingFollower;
import dev.eventlog.core.RedisEventLogFactory;
import dev.eventlog.follow.KnownFollowers;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.actuate.endpoint.OperationResponseBody;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;

/**
 * Actuator endpoint that shows the logs that this application follows, and any log by its name. Values that Redis does
 * not return are missing.
 */
@Endpoint(id = "eventlogs")
final class EventLogsEndpoint {

    /** The maximum number of logs in one response. */
    private static final int MOST = 100;

    private final RedisEventLogFactory factory;

    EventLogsEndpoint(RedisEventLogFactory factory) {
        this.factory = factory;
    }

    /**
     * Returns the first hundred logs with followers in this application. Sends three commands to Redis for each, until
     * Redis does not answer.
     */
    @ReadOperation
    EventLogs followed() {
        Map<String, LogDescriptor> logs = new LinkedHashMap<>();
        Look look = new Look();
        List<FollowedLog> followed = factory.followedLogs();
        for (FollowedLog log : followed.subList(0, Math.min(MOST, followed.size()))) {
            logs.put(log.name(), describe(log, look));
        }
        KnownFollowers known = factory.knownFollowers();
        return new EventLogs(
                followed.size(),
                followed.stream().mapToInt(FollowedLog::shared).sum(),
                logs,
                known.ofMany().stream().map(EventLogsEndpoint::describe).toList(),
                known.waiting(),
                known.ended().stream().map(EventLogsEndpoint::describe).toList());
    }

    /** Returns one log, even if it is not followed. {@return null if there is no such log} */
    @ReadOperation
    @Nullable
    LogDescriptor log(@Selector String name) {
        Look look = new Look();
        for (FollowedLog log : factory.followedLogs()) {
            if (log.name().equals(name)) {
                return describe(log, look);
            }
        }
        EventLog log = factory.create(name);
        Seen seen = look.at(log);
        return seen.error() == null && seen.lastId() == null && seen.completion() == null
                ? null
                : descriptor(log.options(), seen, null, List.of());
    }

    private LogDescriptor describe(FollowedLog log, Look look) {
        return descriptor(
                log.options(),
                look.at(factory.create(log.name())),
                log.interrupted() > 0,
                log.followers().stream().map(EventLogsEndpoint::describe).toList());
    }

    private static LogDescriptor descriptor(
            EventLogOptions options, Seen seen, @Nullable Boolean interrupted, List<FollowerDescriptor> followers) {
        return new LogDescriptor(
                new OptionsDescriptor(
                        options.hasMaxLength() ? options.maxLength() : null,
                        options.hasMaxAge() ? options.maxAge() : null,
                        options.hasTtl() ? options.ttlAfterLastAdd() : null,
                        options.ttlAfterCompletion().isZero() ? null : options.ttlAfterCompletion(),
                        options.idempotencyRetention(),
                        options.unreadableEvents()),
                seen.size(),
                seen.lastId(),
                seen.completion(),
                seen.error(),
                interrupted,
                followers);
    }

    private static FollowerDescriptor describe(Progress follower) {
        return new FollowerDescriptor(
                follower.name(),
                follower.kind(),
                follower.state(),
                follower.position().toString(),
                follower.lag().isPresent() ? follower.lag().getAsLong() : null,
                follower.lagTime());
    }

    private static ManyDescriptor describe(FollowerOfMany follower) {
        return new ManyDescriptor(
                follower.logs(),
                follower.name(),
                follower.state(),
                follower.followed(),
                follower.failed().stream().sorted().limit(MOST).collect(Collectors.toCollection(LinkedHashSet::new)));
    }

    private static EndedDescriptor describe(EndedFollower follower) {
        Throwable failure = follower.failure();
        return new EndedDescriptor(
                follower.log(),
                follower.name(),
                follower.kind(),
                follower.position().toString(),
                follower.reason(),
                failure == null ? null : FailureText.of(failure),
                follower.at());
    }

    /** The state of a log in Redis. */
    private record Seen(
            @Nullable Long size,
            @Nullable String lastId,
            @Nullable Completion completion,
            @Nullable String error) {}

    /**
     * Reads the state of logs. When Redis does not answer, it does not ask for the remaining logs, because each one
     * would have to wait for a time-out.
     */
    private static final class Look {

        private @Nullable EventLogUnavailableException unavailable;

        Seen at(EventLog log) {
            if (unavailable != null) {
                return unknown("Not read, because Redis did not answer before: " + unavailable.getMessage());
            }
            try {
                String last = log.lastId().map(EventId::toString).orElse(null);
                return new Seen(log.size(), last, log.completion().orElse(null), null);
            } catch (EventLogUnavailableException down) {
                unavailable = down;
                return unknown(down.getMessage());
            } catch (EventLogException refused) {
                return unknown(refused.getMessage());
            }
        }

        private static Seen unknown(@Nullable String why) {
            return new Seen(null, null, null, why);
        }
    }

    /**
     * The response.
     *
     * @param followed the number of logs with followers in this application
     * @param shared the number of logs that share a connection to Redis; each other log with followers has its own
     * @param logs the first hundred of them, by name
     * @param many the followers of many logs
     * @param waiting the named followers that follow nothing at the moment
     * @param ended the last fifty followers that have ended, without subscribers that ended without an error; newest first
     */
    record EventLogs(
            int followed,
            int shared,
            Map<String, LogDescriptor> logs,
            List<ManyDescriptor> many,
            List<WaitingFollower> waiting,
            List<EndedDescriptor> ended)
            implements OperationResponseBody {}

    /**
     * A log.
     *
     * @param options its options
     * @param size the number of its events
     * @param lastId the last id that an event got; none if there was no event
     * @param completion how it ended: the kind, and the reason if there is one; none if it is not complete
     * @param error the error, if Redis did not return the state
     * @param interrupted whether its feed is interrupted at the moment; none if it has no feed in this application
     * @param followers its followers in this application
     */
    record LogDescriptor(
            OptionsDescriptor options,
            @Nullable Long size,
            @Nullable String lastId,
            @Nullable Completion completion,
            @Nullable String error,
            @Nullable Boolean interrupted,
            List<FollowerDescriptor> followers)
            implements OperationResponseBody {}

    /**
     * The options of a log: those of the handle that its followers use, or the configured ones.
     *
     * @param maxLength the maximum number of events; none for no limit
     * @param maxAge the maximum age of its events; none for no limit
     * @param ttlAfterLastAdd how long Redis keeps it after the last add; none for no limit
     * @param ttlAfterCompletion how long Redis keeps it after its completion; none for as long as after an add
     * @param idempotencyRetention how long an idempotent add is remembered
     * @param unreadableEvents what happens to an event that does not fit the type of a typed log
     */
    record OptionsDescriptor(
            @Nullable Long maxLength,
            @Nullable Duration maxAge,
            @Nullable Duration ttlAfterLastAdd,
            @Nullable Duration ttlAfterCompletion,
            Duration idempotencyRetention,
            UnreadableEvents unreadableEvents) {}

    /**
     * A follower.
     *
     * @param name its name; null if it has none
     * @param kind its kind
     * @param state its state, as in {@link dev.eventlog.FollowedLog.Progress}
     * @param position the last event that the listener took
     * @param lag the number of later events, if known
     * @param lagTime how long the next event has been waiting, if known
     */
    record FollowerDescriptor(
            @Nullable String name,
            FollowerKind kind,
            String state,
            String position,
            @Nullable Long lag,
            @Nullable Duration lagTime) {}

    /**
     * A follower of many logs. Each of its logs also has a follower of its own.
     *
     * @param logs the pattern, or {@code a set of logs}
     * @param name its name; null if it has none
     * @param state its state, as in {@link FollowerOfMany}
     * @param followed the number of logs that it follows at the moment
     * @param failed the first hundred logs where an error has ended it, by name
     */
    record ManyDescriptor(String logs, @Nullable String name, String state, int followed, Set<String> failed) {}

    /**
     * A follower that has ended.
     *
     * @param log the name of its log; for a follower of many logs that could not begin, its pattern
     * @param name its own name; null if it has none
     * @param kind its kind
     * @param position the last event that it has processed; {@code 0-0} if it could not begin
     * @param reason why it ended; null if it was an error
     * @param failure the error, without event data; null if there was none
     * @param at when it ended
     */
    record EndedDescriptor(
            String log,
            @Nullable String name,
            FollowerKind kind,
            String position,
            @Nullable EndReason reason,
            @Nullable String failure,
            Instant at) {}
}
