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

/** What is answered where a request is not carried out: always a body that says why. */
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
        return of(HttpStatus.CONTENT_TOO_LARGE, "The body has more than " + most + " bytes: send it in parts");
    }

    static ErrorResponseException forbidden(String log) {
        return of(HttpStatus.FORBIDDEN, "This request may not do this to log '" + log + "'");
    }

    /** Events are gone that the client has not seen: it learns which, and where it can go on. */
    static ErrorResponseException gone(Gap gap, String offset) {
        ErrorResponseException gone = of(
                HttpStatus.GONE, "Events after this offset are gone. What is left begins at the offset in this body");
        ProblemDetail body = gone.getBody();
        body.setProperty("kind", gap.kind());
        body.setProperty("lastSeen", gap.lastSeen().toString());
        body.setProperty("firstAvailable", gap.firstAvailable().toString());
        body.setProperty("missed", gap.missed().isPresent() ? gap.missed().getAsLong() : null);
        body.setProperty("offset", offset);
        return gone;
    }

    /**
     * {@return what to answer where Redis did not do what was asked}
     *
     * @param failure what was thrown; what is not to be answered here is thrown again
     */
    static ErrorResponseException of(EventLogException failure) {
        if (failure instanceof AddOutcomeUnknownException) {
            return of(
                    HttpStatus.GATEWAY_TIMEOUT,
                    "Redis did not answer: it is not known whether this was done. Read the log before you repeat it");
        }
        if (failure instanceof EventLogUnavailableException) {
            ErrorResponseException away = of(
                    HttpStatus.SERVICE_UNAVAILABLE,
                    "Redis does not answer at the moment, or the application shuts down. Nothing was done");
            // Not the same for all: else they all come back at one moment
            away.getHeaders()
                    .set(
                            HttpHeaders.RETRY_AFTER,
                            Integer.toString(ThreadLocalRandom.current().nextInt(1, 4)));
            return away;
        }
        throw failure;
    }
}
