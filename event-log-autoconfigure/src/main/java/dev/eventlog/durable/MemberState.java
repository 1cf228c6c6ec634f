package dev.eventlog.durable;

/**
 * The state of a log in a set that is followed under a name. The transitions are:
 *
 * <pre>
 * OUT       --ADD-->    WANTED    --BEGIN-->   BEGINNING --BEGUN--> FOLLOWED
 * BEGINNING --AWAY-->   WANTED
 * BEGINNING, FOLLOWED             --STOPPED--> WANTED
 *
 * WANTED, BEGINNING, FOLLOWED, RETURNING --REMOVE--> LEAVING --LEFT--> OUT
 * LEAVING   --ADD-->    RETURNING --LEFT-->    WANTED
 * </pre>
 *
 * Other signals change nothing. A log that leaves never begins again before it has left, so that one follower at a time uses its
 * checkpoint.
 */
enum MemberState {
    /** It begins when the follower has the lease, or after a back-off. */
    WANTED,
    /** A thread begins to follow it. */
    BEGINNING,
    /** It is followed, or has stopped with an error. */
    FOLLOWED,
    /** It was removed from the set. Its last callback, or the attempt to begin, may still be running. */
    LEAVING,
    /** Like {@code LEAVING}, but it was added again: it begins as soon as it has left. */
    RETURNING,
    /** It is not in the set. */
    OUT;

    /** A signal to a log of the set. */
    enum Signal {
        /** It is added to the set. */
        ADD,
        /** A thread is about to begin. */
        BEGIN,
        /** It is followed, or has stopped with an error. */
        BEGUN,
        /** It cannot begin now. */
        AWAY,
        /** It is not followed any more, because the lease was lost or because of an error. */
        STOPPED,
        /** It is removed from the set. */
        REMOVE,
        /** Nothing uses its checkpoint any more. */
        LEFT
    }

    /** {@return whether it is in the set} */
    boolean isIn() {
        return this != LEAVING && this != OUT;
    }

    /** {@return the next state} */
    MemberState on(Signal signal) {
        return switch (signal) {
            case ADD -> this == OUT ? WANTED : this == LEAVING ? RETURNING : this;
            case BEGIN -> this == WANTED ? BEGINNING : this;
            case BEGUN -> this == BEGINNING ? FOLLOWED : this;
            case AWAY -> this == BEGINNING ? WANTED : this;
            case STOPPED -> this == BEGINNING || this == FOLLOWED ? WANTED : this;
            case REMOVE -> isIn() ? LEAVING : this;
            case LEFT -> this == LEAVING ? OUT : this == RETURNING ? WANTED : this;
        };
    }
}
