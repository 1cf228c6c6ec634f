package dev.eventlog.sse;

import dev.eventlog.Completion;
import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.Gap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a stream has to say to its client. */
sealed interface Signal {

    /** The stream is open. The first of all. */
    record Opened() implements Signal {}

    /**
     * A log has begun.
     *
     * @param position the id after which it does
     */
    record Begun(SourceReader source, EventId position) implements Signal {}

    /** All logs have begun that a pattern found at first, after the stream was open. */
    record AllBegun() implements Signal {}

    /** A log of a pattern is gone, or the client may not follow it any more. */
    record Gone(SourceReader source) implements Signal {}

    /** Events, at least one. */
    record Batch(SourceReader source, List<Event> events) implements Signal {}

    /** Events are gone that the client had not got. */
    record Missed(SourceReader source, Gap gap) implements Signal {}

    /** What existed has been sent, of all logs. */
    record CaughtUp() implements Signal {}

    /** Redis does not answer at the moment. */
    record Interrupted() implements Signal {}

    /** Redis is back. */
    record Resumed() implements Signal {}

    /**
     * Nothing more comes of a log.
     *
     * @param completion how it ended; null if it has not, but is not followed any further
     */
    record Complete(SourceReader source, @Nullable Completion completion) implements Signal {}

    /** The server is still there. */
    record Beat() implements Signal {}

    /** The server ends the stream, and the client is to come back. The last of all. */
    record End() implements Signal {}

    /** The stream has failed. The last of all. */
    record Failed(Code code) implements Signal {}

    /** The last of all has been said. */
    record Said() implements Signal {}

    /** Why a stream has failed, by which a client can tell what to do. */
    enum Code {
        /** The client may not, or no longer, follow these logs: let the user log in. */
        ACCESS_DENIED("access-denied", "You are no longer allowed to follow this"),
        /** An event cannot be made into what is to be sent: to go on after it, leave it out. */
        UNREADABLE_EVENT("unreadable-event", "The next event cannot be sent"),
        /** Redis refuses to have the log read, until somebody changes something. */
        REFUSED("refused", "The log cannot be followed any longer"),
        /** More logs fit a pattern than one stream can have: follow fewer. */
        TOO_MANY_LOGS(
                "too-many-logs",
                "There are more logs than one stream can have: follow a narrower pattern, or open several streams");

        final String text;
        final String message;

        Code(String text, String message) {
            this.text = text;
            this.message = message;
        }
    }
}
