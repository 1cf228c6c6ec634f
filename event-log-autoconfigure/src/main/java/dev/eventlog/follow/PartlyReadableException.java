package dev.eventlog.follow;

import dev.eventlog.EventConversionException;

/**
 * Thrown by a listener that cannot read an event of a batch, before it has taken any event of that batch. The events before the
 * unreadable one are then delivered as a separate batch, so that the position advances to that event.
 */
public final class PartlyReadableException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /** The number of events before the one that cannot be read. */
    private final int readable;

    /**
     * Creates an exception.
     *
     * @param readable the number of events before the unreadable one, at least 1
     * @param why the reason why the event cannot be read
     */
    public PartlyReadableException(int readable, EventConversionException why) {
        super(why.getMessage(), why, false, false); // only requests another division of the batch
        this.readable = readable;
    }

    int readable() {
        return readable;
    }
}
