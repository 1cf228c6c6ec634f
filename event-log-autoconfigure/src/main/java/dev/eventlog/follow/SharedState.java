package dev.eventlog.follow;

/**
 * The state of a log on a shared line. The transitions are:
 *
 * <pre>
 * WATCHED  --CHANGED--> QUEUED --SENT--> READING --ALL--> WATCHED
 * READING  --CHANGED--> READING_OLD --ALL--> QUEUED
 * READING… --UNCLEAR--> ASKING --ALL--> WATCHED
 * ASKING   --CHANGED--> ASKING_OLD --ALL--> QUEUED
 * READING…, ASKING… --PART--> QUEUED
 * READING…, ASKING… --ELSEWHERE--> PAUSED --ANEW--> QUEUED
 * WATCHED, READING… --ANEW--> QUEUED
 * ASKING…  --ANEW--> ASKED_IN_VAIN --ALL, PART--> QUEUED
 * any      --LEFT--> GONE
 * </pre>
 *
 * Other signals change nothing. A reply that arrives after ANEW is ignored. A thread that asks a further question keeps the feed
 * until it is done.
 */
enum SharedState {
    /** The log has been read, and Redis will report its next change. */
    WATCHED,
    /** The log waits to be read. */
    QUEUED,
    /** The log is being read. */
    READING,
    /** The log is being read, and has changed in the meantime. */
    READING_OLD,
    /** A thread asks a further question, because the reply was unclear. */
    ASKING,
    /** A thread asks a further question, and the log has changed in the meantime. */
    ASKING_OLD,
    /** A thread asks a further question whose answer is no longer needed. */
    ASKED_IN_VAIN,
    /** Redis answered that another server may have the log. It is read again soon. */
    PAUSED,
    /** The log no longer has followers. */
    GONE;

    /** A signal about a log. */
    enum Signal {
        CHANGED,
        SENT,
        UNCLEAR,
        ALL,
        PART,
        ELSEWHERE,
        ANEW,
        LEFT
    }

    boolean isBusy() {
        return this != WATCHED && this != QUEUED && this != PAUSED && this != GONE;
    }

    /** {@return whether the log is being read, and no thread asks a further question} */
    boolean isReading() {
        return this == READING || this == READING_OLD;
    }

    /** {@return the next state} */
    SharedState on(Signal signal) {
        return switch (signal) {
            case CHANGED ->
                switch (this) {
                    case WATCHED -> QUEUED;
                    case READING -> READING_OLD;
                    case ASKING -> ASKING_OLD;
                    default -> this;
                };
            case SENT -> this == QUEUED ? READING : this;
            case UNCLEAR -> isReading() ? ASKING : this; // the further question sees the change
            case ALL -> this == READING || this == ASKING ? WATCHED : isBusy() ? QUEUED : this;
            case PART -> isBusy() ? QUEUED : this;
            case ELSEWHERE -> isBusy() ? PAUSED : this;
            case ANEW ->
                switch (this) {
                    case WATCHED, READING, READING_OLD, PAUSED -> QUEUED;
                    case ASKING, ASKING_OLD -> ASKED_IN_VAIN;
                    default -> this;
                };
            case LEFT -> GONE;
        };
    }
}
