package dev.eventlog.follow;

/** What a feed knows about its connection to Redis. */
enum Contact {
    /** Redis answers, and its log is the one that the feed has read. */
    CHECKED,
    /** Redis has answered since the connection was lost, but its log has not been checked yet. */
    ANSWERED,
    /** The connection was lost, and Redis has not answered since. */
    LOST
}
