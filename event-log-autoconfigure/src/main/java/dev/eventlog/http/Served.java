package dev.eventlog.http;

import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatusCode;

/** What the server sends for a request. */
sealed interface Served {

    /**
     * An answer.
     *
     * @param status the status
     * @param headers the headers
     * @param body the body: bytes of JSON, or a problem; null for none
     */
    record Answer(
            HttpStatusCode status,
            HttpHeaders headers,
            @Nullable Object body) implements Served {}

    /**
     * An answer that follows later.
     *
     * @param answer completes with the answer
     */
    record Later(CompletionStage<Answer> answer) implements Served {}

    /**
     * A stream of Server-Sent Events.
     *
     * @param headers the headers
     * @param stream the messages
     */
    record Live(HttpHeaders headers, LiveStream stream) implements Served {}
}
