package dev.eventlog.follow;

import org.jspecify.annotations.Nullable;

/** A follower of many logs. */
public interface OfMany extends Running {

    /** {@return the name of its state} */
    String stateName();

    /** {@return the current follower of the logs; null if none of them is followed at the moment} */
    @Nullable
    ManyLogs following();
}
