package dev.eventlog.sse;

import org.jspecify.annotations.Nullable;

/**
 * What a client is told, before it is written in the format of a protocol.
 *
 * @param log the name of the log; null if the stream has only one log, or if the message is not about a log
 * @param name the name that the application has chosen for an event; null for none
 * @param id the position of the client; null if the message does not change it
 * @param data the data as {@link MessageFormat#data} has written it; null for none
 */
record Message(
        Kind kind,
        @Nullable String log,
        @Nullable String name,
        @Nullable String id,
        @Nullable String data) {

    /** The kinds of messages, with their names for clients. */
    enum Kind {
        /** The stream is open. */
        OPENED("opened"),
        /** The position alone. */
        POSITION("position"),
        EVENT("event"),
        GAP("gap"),
        CAUGHT_UP("caught-up"),
        INTERRUPTED("interrupted"),
        RESUMED("resumed"),
        GONE("gone"),
        COMPLETE("complete"),
        END("end"),
        /** The stream has failed. */
        FAILED("failed"),
        /** The client may not have the stream, or has asked for one that cannot be. */
        REJECTED("failed"),
        HEARTBEAT("heartbeat");

        final String text;

        Kind(String text) {
            this.text = text;
        }
    }
}
