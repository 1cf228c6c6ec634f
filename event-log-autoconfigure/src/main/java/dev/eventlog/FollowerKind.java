package dev.eventlog;

/** The kind of a follower, for those who watch an application. */
public enum FollowerKind {
    /** It calls a listener with the events of one log. */
    LISTENER,
    /** It calls a listener of many logs with the events of one of them. */
    ONE_OF_MANY,
    /** It serves a subscriber, a stream, or a web client, which requests its events. */
    SUBSCRIBER
}
