package dev.eventlog.follow;

import dev.eventlog.WaitingFollower;
import org.jspecify.annotations.Nullable;

/** A follower that does not follow all the time. */
public interface Waiting {

    /** {@return what it waits for; null while it follows, or if it has ended} */
    @Nullable
    WaitingFollower waiting();
}
