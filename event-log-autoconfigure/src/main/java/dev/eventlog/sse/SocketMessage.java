package dev.eventlog.sse;

/**
 * A text message over a WebSocket.
 *
 * @param text the JSON
 * @param closes the status with which the server closes the connection if no message follows
 */
record SocketMessage(String text, int closes) {

    /** No more comes: the client should not connect again. */
    static final int NORMAL = 1000;

    /** The server shuts down: the client should connect again. */
    static final int GOING_AWAY = 1001;

    /** The client may not have this. */
    static final int POLICY_VIOLATION = 1008;

    /** The server has failed. */
    static final int SERVER_ERROR = 1011;

    /** The client reads nothing. The number is the one of Spring's {@code SESSION_NOT_RELIABLE}. */
    static final int READS_NOTHING = 4500;
}
