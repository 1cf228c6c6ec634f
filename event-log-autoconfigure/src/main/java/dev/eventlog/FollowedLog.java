package dev.eventlog;

import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * A snapshot of a log that this application follows. Immutable.
 *
 * @param name its name
 * @param options the options of the handle that started one of its followers
 * @param feeds the number of feeds that read it; more than one only while the log begins again
 * @param shared the number of these feeds that share a connection with the feeds of other logs
 * @param interrupted the number of these feeds that are interrupted at the moment
 * @param followers its followers; at least one
 */
public record FollowedLog(
        String name, EventLogOptions options, int feeds, int shared, int interrupted, List<Progress> followers) {

    /**
     * The progress of a follower compared with its feed, without a command to Redis. During an interruption, these are
     * the values from before the interruption.
     *
     * @param name its name; null if it has none
     * @param kind its kind
     * @param state its state: {@code IDLE} while it waits for events or demand, {@code SCHEDULED} while it waits for a thread,
     *     {@code RUNNING} and similar while it calls its listener or reads, {@code BACKING_OFF_…} with what has failed
     * @param position the last event that the listener took
     * @param lag the number of later events in the log; empty if it is unknown. A lag of more than
     *     {@code eventlog.follow.window-size} events is known only with Redis 7 and later. It is unknown for a follower
     *     that started in the middle of the log and has been that far behind since
     * @param lagTime how long the next event has been waiting, by the time in its id; zero if there is none; null if it
     *     is unknown, for example because the id is not a time. If the lag is more than
     *     {@code eventlog.follow.window-size} events, this is the age of the last event that the listener took, which is
     *     a little more
     */
    public record Progress(
            @Nullable String name,
            FollowerKind kind,
            String state,
            EventId position,
            OptionalLong lag,
            @Nullable Duration lagTime) {}
}
