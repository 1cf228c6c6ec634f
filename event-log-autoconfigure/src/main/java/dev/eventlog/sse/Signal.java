package dev.eventlog.sse;

import dev.eventlog.Completion;
import dev.eventlog.EventId;
import dev.eventlog.Gap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A signal of a stream to its client. */
sealed interface Signal {

    /** The stream is open. The first signal. */
    record Opened() implements Signal {}

    /**
     * A log has begun.
     *
     * @param position the id after which the log begins
     */
    record Begun(SourceReader source, EventId position) implements Signal {}

    /** All logs of the first search of a pattern have begun, after the stream was opened. */
    record AllBegun() implements Signal {}

    /** A log of a pattern is gone, or the client may no longer follow it. */
    record Gone(SourceReader source) implements Signal {}

    /**
     * Events that have been read.
     *
     * @param items what to send; empty if all events are left out
     * @param position the last event that was read, whether it is sent or not
     */
    record Batch(SourceReader source, List<EventStream.Item> items, EventId position) implements Signal {}

    /** Events are gone that the client has not received. */
    record Missed(SourceReader source, Gap gap) implements Signal {}

    /** The existing events of all logs have been sent. */
    record CaughtUp() implements Signal {}

    /** Redis cannot be reached at the moment. */
    record Interrupted() implements Signal {}

    /** Redis can be reached again. */
    record Resumed() implements Signal {}

    /**
     * No more events of a log will come.
     *
     * @param completion how the log ended; null if it has not ended but is no longer followed
     */
    record Complete(SourceReader source, @Nullable Completion completion) implements Signal {}

    /** The server is still there. */
    record Beat() implements Signal {}

    /** The server ends the stream, and the client should reconnect. The last signal. */
    record End() implements Signal {}

    /** The stream has failed. The last signal. */
    record Failed(Code code) implements Signal {}

    /** The last signal has been sent. */
    record Said() implements Signal {}

    /** The reason for a failed stream, which tells a client what to do. */
    enum Code {
        /** The client may not follow these logs, or may no longer: let the user log in. */
        ACCESS_DENIED("access-denied", "You are not allowed to follow this"),
        /** An event cannot be converted to a message: to continue after it, leave it out. */
        UNREADABLE_EVENT("unreadable-event", "The next event cannot be sent"),
        /** Redis refuses to read the log until somebody changes the configuration. */
        REFUSED("refused", "The log cannot be followed any longer"),
        /** More logs match a pattern than one stream can have: use a narrower pattern. */
        TOO_MANY_LOGS(
                "too-many-logs",
                "There are more logs than one stream can have: use a narrower pattern, or several streams");

        final String text;
        final String message;

        Code(String text, String message) {
            this.text = text;
            this.message = message;
        }
    }
}
