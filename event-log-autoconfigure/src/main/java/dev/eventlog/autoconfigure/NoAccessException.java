package dev.eventlog.autoconfigure;

/** Logs are to be served, and nobody decides to whom. */
final class NoAccessException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    NoAccessException(String path) {
        super("Event logs are to be served at '" + path
                + "' (eventlog.http.path), and there is no single bean of type EventStreamAccess that decides who may read and"
                + " write which of them");
    }
}
