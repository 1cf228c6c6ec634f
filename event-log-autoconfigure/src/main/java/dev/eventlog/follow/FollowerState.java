package dev.eventlog.follow;

/**
 * What a follower is doing. The table of what leads from one state to the next:
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
 * Everything else changes nothing. A wake-up does not shorten a back-off, or a busy log would have a Redis that fails asked all
 * the time: only the feed, when it has Redis back, does ({@code AGAIN}).
 */
enum FollowerState {
    /** Nothing is due: it waits for its feed, or for demand. */
    IDLE,
    /** It waits for a thread. */
    SCHEDULED,
    /** It has a thread. */
    RUNNING,
    /** It has a thread, and was woken meanwhile: it is to look again. */
    RUNNING_AGAIN,
    /** The same, and what it asks Redis now may fail for a reason that is gone meanwhile. */
    RUNNING_ANEW,
    /** The listener threw, and is to be called again later. */
    BACKING_OFF_LISTENER,
    /** Redis could not say what comes next. */
    BACKING_OFF_REDIS,
    /** The position could not be stored. */
    BACKING_OFF_COMMIT,
    /** The lease was not renewed in time. */
    BACKING_OFF_LEASE,
    /** The executor of the listeners took no more tasks. */
    BACKING_OFF_THREAD,
    /** It delivers nothing more; perhaps its last callback is running. */
    CLOSING,
    /** Its last callback has returned. */
    ENDED;

    /** What happens to a follower. */
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

    /** {@return the state that follows} */
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
