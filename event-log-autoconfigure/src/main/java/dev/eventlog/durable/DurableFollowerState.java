package dev.eventlog.durable;

import dev.eventlog.WaitingFollower;
import org.jspecify.annotations.Nullable;

/**
 * The state of a durable follower. The transitions are:
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
 * Other signals change nothing. Without a {@link Leadership}, the lease is granted once, at the start, and never revoked.
 */
enum DurableFollowerState {
    /** Another follower with the same name has the lease. */
    WAITING,
    /** It has the lease, looks up where to resume, and starts to follow there. */
    RESUMING,
    /** It has the lease, but could not resume, or pauses because another follower has continued: it tries again later. */
    RESUMING_LATER,
    /** It follows. */
    FOLLOWING,
    /** It has lost the lease. It delivers nothing more, but its last callback may still be running. */
    RELEASING,
    /** Like {@code RELEASING}, but it has been granted the lease again in the meantime. */
    RELEASING_AGAIN,
    /** It is ending. It delivers nothing more, but its last callback may still be running. */
    RELEASING_FOR_GOOD,
    /** Its last callback has returned. It stores the position if necessary, and gives up the lease. */
    LEAVING,
    /** It has given up the lease. Another follower can have it as soon as the thread of the lease has returned. */
    ENDED;

    /** A signal to a durable follower. */
    enum Signal {
        /** It has the lease. */
        GRANTED,
        /** It has lost the lease. */
        REVOKED,
        /** It has started to follow. */
        BEGUN,
        /** It cannot resume now, or must not. */
        AWAY,
        /** It has waited long enough. */
        TIME,
        /** It no longer follows: its last callback has returned. */
        STOPPED,
        /** It must end. */
        END,
        /** It has given up the lease. */
        LEFT
    }

    /**
     * {@return whether a callback may begin} Also true while it resumes, because the first callback may come before resuming has
     * returned.
     */
    boolean mayDeliver() {
        return this == RESUMING || this == FOLLOWING;
    }

    /** {@return a follower in this state, if it follows nothing; null if it follows or has ended} */
    @Nullable
    WaitingFollower waiting(String logs, String name) {
        return this == FOLLOWING || this == ENDED ? null : new WaitingFollower(logs, name, name());
    }

    boolean isReleasing() {
        return this == RELEASING || this == RELEASING_AGAIN || this == RELEASING_FOR_GOOD;
    }

    /** {@return whether it has been told to end} */
    boolean isOver() {
        return this == RELEASING_FOR_GOOD || this == LEAVING || this == ENDED;
    }

    /** {@return the next state} */
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
