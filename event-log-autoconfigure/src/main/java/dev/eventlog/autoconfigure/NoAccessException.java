package dev.eventlog.autoconfigure;

/** Thrown if logs are served over HTTP, but no bean decides about access. */
final class NoAccessException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    NoAccessException(String path) {
        super("Event logs are served at '" + path
                + "' (eventlog.http.path), but there is no single bean of type EventStreamAccess that decides who can read and"
                + " write each log");
    }
}
