package dev.eventlog.sse;

import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.web.ErrorResponseException;
import org.springframework.web.server.ResponseStatusException;

/** What a client hears that comes when the application is about to go. */
final class ShuttingDown {

    private ShuttingDown() {}

    static ErrorResponseException unavailable(@Nullable Throwable cause) {
        return new ResponseStatusException(HttpStatus.SERVICE_UNAVAILABLE, "The application is shutting down", cause);
    }
}
