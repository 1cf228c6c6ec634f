package dev.eventlog.follow;

/**
 * What is known of a log that is read on a shared line. The table of what leads from one state to the next:
 *
 * <pre>
 * WATCHED  --CHANGED--> QUEUED --SENT--> READING --ALL--> WATCHED
 * READING  --CHANGED--> READING_OLD --ALL--> QUEUED
 * READING… --UNCLEAR--> ASKING --ALL--> WATCHED
 * ASKING   --CHANGED--> ASKING_OLD --ALL--> QUEUED
 * READING…, ASKING… --PART--> QUEUED
 * WATCHED, READING… --ANEW--> QUEUED
 * ASKING…  --ANEW--> ASKED_IN_VAIN --ALL, PART--> QUEUED
 * any      --LEFT--> GONE
 * </pre>
 *
 * Everything else changes nothing. A reply that comes after ANEW is not looked at; but where a thread asks, it has the feed until
 * it is done.
 */
enum SharedState {
    /** It has been read, and Redis will tell when it changes. */
    WATCHED,
    /** It is to be read. */
    QUEUED,
    /** It is being read. */
    READING,
    /** It is being read, and has changed meanwhile. */
    READING_OLD,
    /** A thread asks what the reply did not make clear. */
    ASKING,
    /** A thread does, and it has changed meanwhile. */
    ASKING_OLD,
    /** A thread asks what is no longer of use. */
    ASKED_IN_VAIN,
    /** Nobody follows it any more. */
    GONE;

    /** What happens to a log. */
    enum Signal {
        CHANGED,
        SENT,
        UNCLEAR,
        ALL,
        PART,
        ANEW,
        LEFT
    }

    boolean isBusy() {
        return this != WATCHED && this != QUEUED && this != GONE;
    }

    /** {@return the state that follows} */
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
            case UNCLEAR -> this == READING || this == READING_OLD ? ASKING : this; // and sees what has changed
            case ALL -> this == READING || this == ASKING ? WATCHED : isBusy() ? QUEUED : this;
            case PART -> isBusy() ? QUEUED : this;
            case ANEW ->
                switch (this) {
                    case WATCHED, READING, READING_OLD -> QUEUED;
                    case ASKING, ASKING_OLD -> ASKED_IN_VAIN;
                    default -> this;
                };
            case LEFT -> GONE;
        };
    }
}
