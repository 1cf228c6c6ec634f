package dev.eventlog.follow;

import dev.eventlog.Event;
import dev.eventlog.redis.ReadPoint;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The single live read of a log in this application. It puts new events into a {@link Window} and wakes the followers. It runs
 * from its start until it is stopped, whatever happens to Redis.
 */
interface Feed {

    /** {@return the newest events that this feed has read} */
    Window window();

    /** {@return the number of events to request at once} */
    int pageSize();

    /** Events arrived, of this size in all; 0 if it is unknown. */
    void pageWorked(int events, long bytes);

    /** Events arrived. */
    default void pageWorked(List<Event> events) {
        pageWorked(events.size(), PageSize.bytes(events));
    }

    /** Events did not arrive, although Redis could be reached. */
    void pageFailed();

    /** {@return combines identical questions that several followers ask Redis at the same moment} */
    SameQuestions questions();

    /** {@return whether the connection was lost, and Redis has not been checked since} */
    boolean isInterrupted();

    /** {@return whether Redis has not answered since the connection was lost} Events are delivered only when it is false again. */
    boolean isAway();

    /** {@return whether the last answer contained all later events of the log} */
    boolean isAtTheEnd();

    /** {@return whether the feed shares its connection with others} */
    boolean isShared();

    /** {@return how often the feed has reconnected to a log that may lack some of its earlier events} */
    int comebacks();

    /**
     * {@return whether the feed may read from this server} False if the feed is known to read from another server, or from the same
     * one after it has lost or replaced its data.
     *
     * @param server as {@link StartPoint#server}
     */
    boolean mayReadFrom(String server);

    /** Reads the log soon, because it is known to be longer than the feed has read. */
    void look();

    /**
     * Adds a follower to be woken. A log that is absent or empty at the start of the follower proves nothing about the events that
     * the feed reads first: they may have been deleted before. So the feed must not have read any by then.
     *
     * @param before the end of this feed before the start; null if the feed began after it
     * @return false if the follower must look up its start again, or if the last follower has left the feed, which then is over
     */
    boolean join(LogFollower follower, @Nullable ReadPoint before);

    /**
     * Removes a follower.
     *
     * @return whether others are left
     */
    boolean leave(LogFollower follower);

    /**
     * Stops the live read, without waiting for it.
     *
     * @return completes when the thread and the connection are gone
     */
    CompletableFuture<Void> stop();
}
