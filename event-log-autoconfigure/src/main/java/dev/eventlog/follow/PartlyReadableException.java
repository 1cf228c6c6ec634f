package dev.eventlog.follow;

import dev.eventlog.EventConversionException;

/**
 * Thrown by a listener that cannot read one of the events of a batch, before it has taken any of them. The events before that one
 * then come as a batch of their own, so that the position moves up to that event.
 */
public final class PartlyReadableException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final int readable;

    /**
     * Creates an exception.
     *
     * @param readable the number of events before the one that cannot be read, at least 1
     * @param why why that one cannot be read
     */
    public PartlyReadableException(int readable, EventConversionException why) {
        super(why.getMessage(), why, false, false); // only asks for another division of the events
        this.readable = readable;
    }

    int readable() {
        return readable;
    }
}
