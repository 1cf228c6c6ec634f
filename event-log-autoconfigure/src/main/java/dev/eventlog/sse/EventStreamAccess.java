package dev.eventlog.sse;

import java.security.Principal;
import org.jspecify.annotations.Nullable;
import org.springframework.http.CacheControl;
import org.springframework.http.HttpRequest;

/**
 * Decides who may follow which logs on the web. The library asks a bean of this type before a stream sends its first byte, and
 * again every {@code eventlog.sse.access-interval} while the stream is open. An exception fails the request, and ends an open
 * stream with {@code failed} and the code {@code access-denied}. The library also asks it for each request to
 * {@code eventlog.http.path}, which is not served without such a bean. An implementation must be thread-safe, and may block. It
 * should limit how long it takes: at most 32 open streams are checked at the same time, and the others wait.
 *
 * <p>For a pattern, the library first passes the text of the pattern, such as {@code orders:*}. If the pattern is allowed, the
 * library then passes the name of each log, before the first event of that log. If the pattern is refused, the stream is refused.
 * If a log is refused, the stream leaves it out and continues with the others.
 *
 * <p>Rules for requests, such as those of Spring Security, apply without it, when a client connects. If a session of Spring
 * Security authenticated the request, the stream also ends with that session: when the user logs out, or when the session
 * expires. The stream of a WebSocket does not end in this way, but most servlet containers close the WebSocket themselves.
 */
@FunctionalInterface
public interface EventStreamAccess {

    /**
     * Returns whether a request may follow a log, or continue to follow it.
     *
     * @param request the request that opened the stream
     * @param principal the user of the request; null if unknown
     * @param log the name of the log, or the text of a pattern
     * @return false to refuse the request with the status 403, or to end its stream with {@code failed} and the code
     *     {@code access-denied}
     */
    boolean mayFollow(HttpRequest request, @Nullable Principal principal, String log);

    /**
     * Returns whether a request to {@code eventlog.http.path} may write to a log: create it, add to it, complete it or delete it.
     * Called only if {@code eventlog.http.writable} is set. By default, no request may write.
     *
     * @param request the request; its method is the operation
     * @param principal the user of the request; null if unknown
     * @param log the name of the log
     * @return false to refuse the request with the status 403
     */
    default boolean mayWrite(HttpRequest request, @Nullable Principal principal, String log) {
        return false;
    }

    /**
     * Returns how clients may cache the answer to a request to {@code eventlog.http.path} that reads events. By default, only the
     * client may cache it, and asks again each time, which the {@code ETag} of the answer makes cheap.
     *
     * @param request the request
     * @param principal the user of the request; null if unknown
     * @param log the name of the log
     * @return the header {@code Cache-Control}
     */
    default CacheControl caching(HttpRequest request, @Nullable Principal principal, String log) {
        return CacheControl.noCache().cachePrivate();
    }
}
