package dev.eventlog.sse;

/**
 * The numbers of the streams to web clients, over Server-Sent Events and WebSockets together, for meters. The bean that
 * opens the streams implements it. Thread-safe.
 */
public interface EventStreamStatistics {

    /** {@return the number of open streams} */
    int openStreams();

    /** {@return the number of streams so far that continued after an id of the client} */
    long resumedStreams();

    /** {@return the number of gaps so far that were reported to clients} */
    long reportedGaps();
}
