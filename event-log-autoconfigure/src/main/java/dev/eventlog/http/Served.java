package dev.eventlog.http;

import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatusCode;

/** What a request is served with. */
sealed interface Served {

    /**
     * An answer.
     *
     * @param status its status
     * @param headers its headers
     * @param body its body: bytes of JSON, or a problem; null for none
     */
    record Answer(
            HttpStatusCode status,
            HttpHeaders headers,
            @Nullable Object body) implements Served {}

    /**
     * An answer that comes when there is something to say.
     *
     * @param answer completes with it
     */
    record Later(CompletionStage<Answer> answer) implements Served {}

    /**
     * A stream of Server-Sent Events.
     *
     * @param headers its headers
     * @param stream what to send
     */
    record Live(HttpHeaders headers, LiveStream stream) implements Served {}
}
