package dev.eventlog.follow;

/** What a follower asks before it looks for more: so one whose subscriber has asked for nothing rests. */
@FunctionalInterface
interface Demand {

    /** That of a listener, which takes whatever comes. */
    Demand UNLIMITED = () -> true;

    /** {@return whether another batch may be looked for} From any thread; never blocks. */
    boolean isThere();
}
