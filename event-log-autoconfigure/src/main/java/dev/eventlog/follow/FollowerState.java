package dev.eventlog.follow;

/**
 * The state of a follower. The transitions are:
 *
 * <pre>
 * IDLE         --WAKE-->  SCHEDULED --THREAD--> RUNNING --NOTHING_DUE--> IDLE
 * RUNNING      --WAKE-->  RUNNING_AGAIN --NOTHING_DUE--> RUNNING
 * RUNNING(_AGAIN) --AGAIN--> RUNNING_ANEW --NOTHING_DUE--> RUNNING
 * RUNNING_…    --SHARE_USED--> SCHEDULED
 * RUNNING_…    --LISTENER, REDIS, COMMIT, LEASE--> BACKING_OFF_…, but RUNNING_ANEW --REDIS--> SCHEDULED
 * SCHEDULED    --REJECTED--> BACKING_OFF_THREAD
 * BACKING_OFF_…   --TIME--> SCHEDULED
 * BACKING_OFF_REDIS --AGAIN--> SCHEDULED
 * any          --END-->   CLOSING --RETURNED--> ENDED
 * </pre>
 *
 * Other signals change nothing. A wake-up does not shorten a back-off, because a busy log would then send constant requests to a
 * failing Redis. Only the feed shortens it, when it has reconnected ({@code AGAIN}).
 */
enum FollowerState {
    /** Nothing to do: the follower waits for its feed, or for demand. */
    IDLE,
    /** The follower waits for a thread. */
    SCHEDULED,
    /** The follower has a thread. */
    RUNNING,
    /** The follower has a thread and was woken in the meantime: it must look again. */
    RUNNING_AGAIN,
    /** Like {@code RUNNING_AGAIN}, and the current question to Redis may fail for a reason that no longer exists. */
    RUNNING_ANEW,
    /** The listener threw, and is called again later. */
    BACKING_OFF_LISTENER,
    /** Redis could not be asked for the next events. */
    BACKING_OFF_REDIS,
    /** The position could not be stored. */
    BACKING_OFF_COMMIT,
    /** The lease was not renewed in time. */
    BACKING_OFF_LEASE,
    /** The executor of the listeners accepted no more tasks. */
    BACKING_OFF_THREAD,
    /** The follower delivers nothing more; its last callback may still be running. */
    CLOSING,
    /** The last callback has returned. */
    ENDED;

    /** A signal to a follower. */
    enum Signal {
        WAKE,
        AGAIN,
        THREAD,
        NOTHING_DUE,
        SHARE_USED,
        LISTENER,
        REDIS,
        COMMIT,
        LEASE,
        REJECTED,
        TIME,
        END,
        RETURNED
    }

    boolean isRunning() {
        return this == RUNNING || this == RUNNING_AGAIN || this == RUNNING_ANEW;
    }

    boolean isOver() {
        return this == CLOSING || this == ENDED;
    }

    boolean isBackingOff() {
        return this == BACKING_OFF_LISTENER
                || this == BACKING_OFF_REDIS
                || this == BACKING_OFF_COMMIT
                || this == BACKING_OFF_LEASE
                || this == BACKING_OFF_THREAD;
    }

    /** {@return the next state} */
    FollowerState on(Signal signal) {
        return switch (signal) {
            case WAKE -> this == IDLE ? SCHEDULED : this == RUNNING ? RUNNING_AGAIN : this;
            case AGAIN -> this == BACKING_OFF_REDIS ? SCHEDULED : isRunning() ? RUNNING_ANEW : on(Signal.WAKE);
            case THREAD -> this == SCHEDULED ? RUNNING : this;
            case NOTHING_DUE -> this == RUNNING ? IDLE : isRunning() ? RUNNING : this;
            case SHARE_USED -> isRunning() ? SCHEDULED : this;
            case LISTENER -> isRunning() ? BACKING_OFF_LISTENER : this;
            case REDIS -> this == RUNNING_ANEW ? SCHEDULED : isRunning() ? BACKING_OFF_REDIS : this;
            case COMMIT -> isRunning() ? BACKING_OFF_COMMIT : this;
            case LEASE -> isRunning() ? BACKING_OFF_LEASE : this;
            case REJECTED -> this == SCHEDULED ? BACKING_OFF_THREAD : this;
            case TIME -> isBackingOff() ? SCHEDULED : this;
            case END -> this == ENDED ? ENDED : CLOSING;
            case RETURNED -> this == CLOSING ? ENDED : this;
        };
    }
}
