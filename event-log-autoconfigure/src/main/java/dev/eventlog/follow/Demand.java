package dev.eventlog.follow;

/** Tells a follower whether to look for more events. A follower whose subscriber has requested nothing rests. */
@FunctionalInterface
interface Demand {

    /** The demand of a listener, which takes all events. */
    Demand UNLIMITED = () -> true;

    /** {@return whether the follower may look for another batch} Called by any thread; never blocks. */
    boolean isThere();
}
