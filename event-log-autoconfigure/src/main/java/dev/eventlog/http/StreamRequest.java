package dev.eventlog.http;

import java.io.IOException;
import java.security.Principal;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpRequest;
import org.springframework.util.MultiValueMap;

/**
 * A request of a client, whichever server it came to.
 *
 * @param http the request
 * @param principal who sent it; null if nobody knows
 * @param log the name of the log
 * @param parameters those of its address
 * @param body reads its body
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
         * {@return the body, or more bytes of it than the most if it has more}
         *
         * @param most how many bytes are wanted at most
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

    /** {@return whether it says that nothing more comes} */
    boolean closes() {
        return StreamHeaders.TRUE.equalsIgnoreCase(header(StreamHeaders.CLOSED));
    }

    /** {@return the values of its offset; null if it has none} */
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
