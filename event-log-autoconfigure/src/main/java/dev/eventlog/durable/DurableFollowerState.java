package dev.eventlog.durable;

/**
 * What a follower with a name is doing. The table of what leads from one state to the next:
 *
 * <pre>
 * WAITING         --GRANTED--> RESUMING --BEGUN--> FOLLOWING --STOPPED--> RESUMING
 * RESUMING        --AWAY-->    RESUMING_LATER --TIME--> RESUMING
 *
 * RESUMING_LATER  --REVOKED--> WAITING
 * RESUMING        --REVOKED--> RELEASING --STOPPED--> WAITING
 * FOLLOWING       --REVOKED--> RELEASING
 * RELEASING       --GRANTED--> RELEASING_AGAIN --STOPPED--> RESUMING
 * RELEASING_AGAIN --REVOKED--> RELEASING
 *
 * WAITING, RESUMING_LATER                         --END--> LEAVING
 * RESUMING, FOLLOWING, RELEASING, RELEASING_AGAIN --END--> RELEASING_FOR_GOOD --STOPPED--> LEAVING
 * LEAVING         --LEFT-->    ENDED
 * </pre>
 *
 * Everything else changes nothing. Without a {@link Leadership} it is granted once, at the start, and never revoked.
 */
enum DurableFollowerState {
    /** Another follower of its name has the lease. */
    WAITING,
    /** It has the lease: it looks up where to resume, and starts to follow there. */
    RESUMING,
    /** It has the lease, and could not resume, or stands back as another has gone on: it tries again later. */
    RESUMING_LATER,
    /** It follows. */
    FOLLOWING,
    /** It has lost the lease. It delivers nothing more, but its last callback may still run. */
    RELEASING,
    /** The same, but it has been granted the lease again meanwhile. */
    RELEASING_AGAIN,
    /** It is to end. It delivers nothing more, but its last callback may still run. */
    RELEASING_FOR_GOOD,
    /** Its last callback has returned. It stores what is not stored yet, and gives up the lease. */
    LEAVING,
    /** It has given up the lease, which is another's to take as soon as its thread has returned. */
    ENDED;

    /** What happens to a follower with a name. */
    enum Signal {
        /** It has the lease. */
        GRANTED,
        /** It has lost the lease. */
        REVOKED,
        /** It has begun to follow. */
        BEGUN,
        /** It cannot resume now, or is not to. */
        AWAY,
        /** It has waited long enough. */
        TIME,
        /** It no longer follows: its last callback has returned. */
        STOPPED,
        /** It is to end. */
        END,
        /** It has given up the lease. */
        LEFT
    }

    /** {@return whether a callback may begin} Also while it resumes, as the first may come before that has returned. */
    boolean mayDeliver() {
        return this == RESUMING || this == FOLLOWING;
    }

    boolean isReleasing() {
        return this == RELEASING || this == RELEASING_AGAIN || this == RELEASING_FOR_GOOD;
    }

    /** {@return whether it has been told to end} */
    boolean isOver() {
        return this == RELEASING_FOR_GOOD || this == LEAVING || this == ENDED;
    }

    /** {@return the state that follows} */
    DurableFollowerState on(Signal signal) {
        return switch (signal) {
            case GRANTED -> this == WAITING ? RESUMING : this == RELEASING ? RELEASING_AGAIN : this;
            case REVOKED -> revoked();
            case BEGUN -> this == RESUMING ? FOLLOWING : this;
            case AWAY -> this == RESUMING ? RESUMING_LATER : this;
            case TIME -> this == RESUMING_LATER ? RESUMING : this;
            case STOPPED -> stopped();
            case END -> isOver() ? this : this == WAITING || this == RESUMING_LATER ? LEAVING : RELEASING_FOR_GOOD;
            case LEFT -> this == LEAVING ? ENDED : this;
        };
    }

    private DurableFollowerState revoked() {
        return switch (this) {
            case RESUMING_LATER -> WAITING;
            case RESUMING, FOLLOWING, RELEASING_AGAIN -> RELEASING;
            default -> this;
        };
    }

    private DurableFollowerState stopped() {
        return switch (this) {
            case FOLLOWING, RELEASING_AGAIN -> RESUMING;
            case RELEASING -> WAITING;
            case RELEASING_FOR_GOOD -> LEAVING;
            default -> this;
        };
    }
}
