package dev.eventlog.sse;

import java.security.Principal;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpRequest;

/**
 * The client of a stream.
 *
 * @param request the request that opened the stream; null if unknown
 * @param principal the user of the request; null if unknown
 * @param session whether the session that authenticated the request is still valid; null if there was none
 */
record StreamClient(
        @Nullable HttpRequest request,
        @Nullable Principal principal,
        @Nullable BooleanSupplier session) {

    /** The session attribute in which Spring Security keeps the user, in Spring MVC and WebFlux. */
    static final String AUTHENTICATION = "SPRING_SECURITY_CONTEXT";

    static final StreamClient UNKNOWN = new StreamClient(null, null, null);
}
