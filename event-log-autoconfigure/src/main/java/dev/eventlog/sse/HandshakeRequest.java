package dev.eventlog.sse;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.Principal;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.HttpRequest;
import org.springframework.web.server.ResponseStatusException;
import org.springframework.web.util.UriComponentsBuilder;
import org.springframework.web.util.UriUtils;

/** The request that opened a WebSocket, as far as its session knows it. */
record HandshakeRequest(URI getURI, HttpHeaders getHeaders, Map<String, Object> getAttributes) implements HttpRequest {

    @Override
    public HttpMethod getMethod() {
        return HttpMethod.GET;
    }

    /**
     * Creates the stream that the client asks for.
     *
     * @param what what to send
     * @param principal the user of the request; null if unknown
     * @throws ResponseStatusException if the position that the client sent is malformed
     */
    ClientStream<SocketMessage> stream(
            Streams streams, EventStream what, @Nullable Principal principal, JsonFormat format) {
        StreamCursor cursor = StreamCursor.of(what, position(), StreamCursor.PARAMETER);
        return new ClientStream<>(streams, what, cursor, new StreamClient(this, principal, null), format);
    }

    /** {@return the position that the client sent; null for none} */
    @Nullable
    String position() {
        String encoded =
                UriComponentsBuilder.fromUri(getURI).build().getQueryParams().getFirst(StreamCursor.PARAMETER);
        return encoded == null ? null : UriUtils.decode(encoded, StandardCharsets.UTF_8);
    }
}
