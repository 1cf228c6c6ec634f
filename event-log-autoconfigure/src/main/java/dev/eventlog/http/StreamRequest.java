package dev.eventlog.http;

import java.io.IOException;
import java.security.Principal;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpRequest;
import org.springframework.util.MultiValueMap;

/**
 * A request of a client, from Spring MVC or WebFlux.
 *
 * @param http the request
 * @param principal the user of the request; null if unknown
 * @param log the name of the log
 * @param parameters the query parameters
 * @param body reads the body
 */
record StreamRequest(
        HttpRequest http,
        @Nullable Principal principal,
        String log,
        MultiValueMap<String, String> parameters,
        Body body) {

    /** Reads a body. */
    @FunctionalInterface
    interface Body {

        /**
         * {@return the body, or more than {@code most} bytes of it if it is larger}
         *
         * @param most the maximum number of bytes that the caller accepts
         */
        byte[] read(int most) throws IOException;
    }

    HttpHeaders headers() {
        return http.getHeaders();
    }

    @Nullable
    String header(String name) {
        return headers().getFirst(name);
    }

    /** {@return whether the request completes the log} */
    boolean closes() {
        return StreamHeaders.TRUE.equalsIgnoreCase(header(StreamHeaders.CLOSED));
    }

    /** {@return the values of the offset parameter; null if the request has none} */
    @Nullable
    List<String> offset() {
        List<String> values = parameters.get("offset");
        return values == null || values.isEmpty() ? null : values;
    }

    @Nullable
    String cursor() {
        return parameters.getFirst("cursor");
    }

    @Nullable
    String live() {
        return parameters.getFirst("live");
    }
}
