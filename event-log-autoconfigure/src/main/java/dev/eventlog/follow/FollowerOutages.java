package dev.eventlog.follow;

import dev.eventlog.follow.CommonOutage.Part;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/** The outages that the followers of an application have in common. Thread-safe. */
public final class FollowerOutages {

    private static final Log logger = LogFactory.getLog(LogFollower.class);

    private final CommonOutage reading = new CommonOutage(
            logger, FollowerOutages::many, "must wait until events can be read", "can read events again");
    private final CommonOutage storing = new CommonOutage(
            logger,
            FollowerOutages::many,
            "must wait until the position can be stored",
            "could store the position again");
    private final CommonOutage crowd =
            new CommonOutage(logger, FollowerOutages::many, "must wait for a thread", "could get a thread again");
    private final CommonOutage resuming =
            new CommonOutage(logger, FollowerOutages::many, "cannot resume now and will try again", "could resume");

    /** Creates an instance without outages. */
    public FollowerOutages() {}

    private static String many(int followers) {
        return followers + " followers";
    }

    /** {@return a follower that can read the events of its log} */
    Part reading(Supplier<String> follower, BooleanSupplier exists) {
        return reading.part(follower, exists);
    }

    /** {@return a follower that can store its position} */
    Part storing(Supplier<String> follower, BooleanSupplier exists) {
        return storing.part(follower, exists);
    }

    /**
     * {@return a follower that can get a thread}
     *
     * @param follower describes the follower
     * @param exists whether it has not been closed
     */
    public Part crowd(Supplier<String> follower, BooleanSupplier exists) {
        return crowd.part(follower, exists);
    }

    /**
     * {@return a named follower that can resume}
     *
     * @param follower describes the follower
     * @param exists whether it has not been closed
     */
    public Part resuming(Supplier<String> follower, BooleanSupplier exists) {
        return resuming.part(follower, exists);
    }
}
