package dev.eventlog;

import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * A log that this application follows, as it is at one moment. Immutable.
 *
 * @param name its name
 * @param options the options of the handle by which one of its followers was started
 * @param feeds how many feeds read it; more than one only while it begins again
 * @param shared how many of these share a connection with the feeds of other logs
 * @param interrupted how many of these have lost Redis at the moment
 * @param followers its followers; at least one
 */
public record FollowedLog(
        String name, EventLogOptions options, int feeds, int shared, int interrupted, List<Progress> followers) {

    /**
     * How far a follower has come, judged by what its feed has read: asks Redis nothing. Of a log whose feed is interrupted
     * it tells only how things were before.
     *
     * @param position the last event taken
     * @param lag how many events are known to follow that one; empty where that is not known: further back than
     *     {@code eventlog.follow.window-size} only Redis 7 and later tell, and also there not of a follower that began in the
     *     middle of the log and is still that far behind
     * @param lagTime for how long the next event has been waiting, by the time in its id; zero if none is; null where that is
     *     not known, as by an id that is no time. Further back than {@code eventlog.follow.window-size} it is the age of the last event taken, which is
     *     a little more.
     */
    public record Progress(
            EventId position, OptionalLong lag, @Nullable Duration lagTime) {}
}
