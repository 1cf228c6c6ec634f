package dev.eventlog.sse;

import java.security.Principal;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpRequest;

/**
 * Who a stream is for.
 *
 * @param request the request with which it began; null if nobody knows
 * @param principal who sent it; null if nobody knows
 * @param session whether the session that authenticated it still does; null if none did
 */
record StreamClient(
        @Nullable HttpRequest request,
        @Nullable Principal principal,
        @Nullable BooleanSupplier session) {

    /** The attribute of a session by which Spring Security knows the user, on both stacks. */
    static final String AUTHENTICATION = "SPRING_SECURITY_CONTEXT";

    static final StreamClient UNKNOWN = new StreamClient(null, null, null);
}
