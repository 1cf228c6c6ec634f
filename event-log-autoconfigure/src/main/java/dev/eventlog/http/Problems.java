package dev.eventlog.http;

import dev.eventlog.AddOutcomeUnknownException;
import dev.eventlog.EventLogException;
import dev.eventlog.EventLogUnavailableException;
import dev.eventlog.Gap;
import java.util.concurrent.ThreadLocalRandom;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.ProblemDetail;
import org.springframework.web.ErrorResponseException;

/** Builds the answers to requests that are not carried out. Each has a body with the reason. */
final class Problems {

    private Problems() {}

    static ErrorResponseException badRequest(String detail) {
        return of(HttpStatus.BAD_REQUEST, detail);
    }

    static ErrorResponseException of(HttpStatus status, String detail) {
        return new ErrorResponseException(status, ProblemDetail.forStatusAndDetail(status, detail), null);
    }

    static ErrorResponseException notFound(String log) {
        return of(HttpStatus.NOT_FOUND, "There is no log '" + log + "'");
    }

    static ErrorResponseException tooLarge(int most) {
        return of(
                HttpStatus.CONTENT_TOO_LARGE,
                "The body has more than " + most + " bytes: split it into several requests");
    }

    static ErrorResponseException forbidden(String log) {
        return of(HttpStatus.FORBIDDEN, "This request is not allowed for log '" + log + "'");
    }

    /** Reports events that are gone before the client has read them, and the offset to continue at. */
    static ErrorResponseException gone(Gap gap, String offset) {
        ErrorResponseException gone = of(
                HttpStatus.GONE,
                "Events after this offset are gone. The remaining events begin at the offset in this body");
        ProblemDetail body = gone.getBody();
        body.setProperty("kind", gap.kind());
        body.setProperty("lastSeen", gap.lastSeen().toString());
        body.setProperty("firstAvailable", gap.firstAvailable().toString());
        body.setProperty("missed", gap.missed().isPresent() ? gap.missed().getAsLong() : null);
        body.setProperty("offset", offset);
        return gone;
    }

    /**
     * {@return the answer to a request that failed in Redis}
     *
     * @param failure the failure; rethrown if it has no answer here
     */
    static ErrorResponseException of(EventLogException failure) {
        if (failure instanceof AddOutcomeUnknownException) {
            return of(
                    HttpStatus.GATEWAY_TIMEOUT,
                    "Redis did not answer, and it is unknown whether the request took effect. Read the log before you repeat it");
        }
        if (failure instanceof EventLogUnavailableException) {
            ErrorResponseException away = of(
                    HttpStatus.SERVICE_UNAVAILABLE,
                    "Redis cannot be reached at the moment, or the application is shutting down. Nothing was added");
            // Random, so that clients do not all reconnect at the same moment.
            away.getHeaders()
                    .set(
                            HttpHeaders.RETRY_AFTER,
                            Integer.toString(ThreadLocalRandom.current().nextInt(1, 4)));
            return away;
        }
        throw failure;
    }
}
