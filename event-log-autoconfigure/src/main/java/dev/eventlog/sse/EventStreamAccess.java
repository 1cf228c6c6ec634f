package dev.eventlog.sse;

import java.security.Principal;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpRequest;

/**
 * Decides who may follow which logs on the web. The library asks a bean of this type before a stream sends its first
 * byte, and again every {@code eventlog.sse.access-interval} while the stream is open. An implementation must be
 * thread-safe, and may block.
 *
 * <p>Rules for requests, such as those of Spring Security, apply without it, when a client connects. If a session of
 * Spring Security authenticated the request, the stream also ends with that session: when the user logs out, or when
 * the session expires.
 */
@FunctionalInterface
public interface EventStreamAccess {

    /**
     * Returns whether a request may follow a log, or continue to follow it.
     *
     * @param request the request that opened the stream
     * @param principal the user of the request; null if unknown
     * @param log the name of the log
     * @return false to refuse the request with the status 403, or to end its stream with {@code failed} and the code
     *     {@code access-denied}
     */
    boolean mayFollow(HttpRequest request, @Nullable Principal principal, String log);
}
