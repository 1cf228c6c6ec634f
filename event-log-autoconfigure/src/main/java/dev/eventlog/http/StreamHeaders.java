package dev.eventlog.http;

import org.springframework.http.HttpHeaders;

/** The headers of the protocol, and the headers that every answer has. */
final class StreamHeaders {

    static final String NEXT_OFFSET = "Stream-Next-Offset";
    static final String UP_TO_DATE = "Stream-Up-To-Date";
    static final String CLOSED = "Stream-Closed";
    static final String CURSOR = "Stream-Cursor";
    static final String TTL = "Stream-TTL";
    static final String EXPIRES_AT = "Stream-Expires-At";
    static final String SEQUENCE = "Stream-Seq";
    static final String FORKED_FROM = "Stream-Forked-From";
    static final String FORK_OFFSET = "Stream-Fork-Offset";
    static final String FORK_SUB_OFFSET = "Stream-Fork-Sub-Offset";

    static final String PRODUCER_ID = "Producer-Id";
    static final String PRODUCER_EPOCH = "Producer-Epoch";
    static final String PRODUCER_SEQUENCE = "Producer-Seq";

    /** How the log ended, sent with {@link #CLOSED}. An extension: the protocol knows only one kind of end. */
    static final String COMPLETION = "Event-Log-Completion";

    static final String TRUE = "true";

    private StreamHeaders() {}

    /** {@return headers that make browsers treat the answer as data only} */
    static HttpHeaders safe() {
        HttpHeaders headers = new HttpHeaders();
        headers.set("X-Content-Type-Options", "nosniff");
        headers.set("Cross-Origin-Resource-Policy", "same-origin"); // CORS still applies
        return headers;
    }
}
