package dev.eventlog;

/**
 * Thrown if events are gone that a subscriber or a stream had not received yet. The subscription or stream has ended.
 * Use {@link #resume()} to continue. A publisher with a consumer of gaps calls the consumer instead, and continues by
 * itself. {@link ReadableEventLog#fold} throws this exception if the beginning of the log is gone.
 */
public class EventGapException extends EventLogException {

    private static final long serialVersionUID = 1L;

    private final transient Gap gap;

    /**
     * An exception about a gap.
     *
     * @param gap the gap
     */
    public EventGapException(Gap gap) {
        super(gap.log(), gap + ". To continue, follow again from resume() of this exception", null);
        this.gap = gap;
    }

    /**
     * An exception about a gap, with a message of its own.
     *
     * @param gap the gap
     * @param message what could not be done
     */
    public EventGapException(Gap gap, String message) {
        super(gap.log(), message, null);
        this.gap = gap;
    }

    /** {@return the gap} */
    public Gap gap() {
        return gap;
    }

    /**
     * Returns where to continue: at {@link Gap#firstAvailable()}. If that event is gone too by then, the new follower
     * reports this as well. On a log that constantly loses events before they are read, each new start may meet the
     * next gap. Use a consumer of gaps there.
     *
     * @return the tail to start again with
     */
    public Tail resume() {
        return new Tail.From(gap.firstAvailable(), true);
    }
}
