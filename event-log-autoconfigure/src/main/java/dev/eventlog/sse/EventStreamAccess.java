package dev.eventlog.sse;

import java.security.Principal;
import org.jspecify.annotations.Nullable;
import org.springframework.http.CacheControl;
import org.springframework.http.HttpRequest;

/**
 * Decides who may follow which logs on the web. The library asks a bean of this type before a stream sends its first
 * byte, and again every {@code eventlog.sse.access-interval} while the stream is open. The library
 * also asks it for each request to {@code eventlog.http.path}, which is not served without such a bean. An
 * implementation must be thread-safe, and may block.
 *
 * <p>Of a stream of a pattern it is asked for the pattern, by its text, such as {@code orders:*}, and where it may be followed for each
 * log, before its first event. A log that it refuses is left out of the stream, and the others go on; if the pattern is refused, the
 * stream is.
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
     * @param log the name of the log, or the text of a pattern
     * @return false to refuse the request with the status 403, or to end its stream with {@code failed} and the code
     *     {@code access-denied}
     */
    boolean mayFollow(HttpRequest request, @Nullable Principal principal, String log);

    /**
     * Whether a request to {@code eventlog.http.path} may write to a log: create it, add to it, complete it or delete it. Not asked
     * unless {@code eventlog.http.writable} is set.
     *
     * @param request the request; its method says what it is to do
     * @param principal who sent it; null if nobody knows
     * @param log the name of the log
     * @return false to refuse the request, by status 403; by default no request may
     */
    default boolean mayWrite(HttpRequest request, @Nullable Principal principal, String log) {
        return false;
    }

    /**
     * How the answer to a request to {@code eventlog.http.path} that read events may be cached.
     *
     * @param request the request
     * @param principal who sent it; null if nobody knows
     * @param log the name of the log
     * @return how; by default by the client alone, and asked for again each time, which the answer's {@code ETag} makes cheap
     */
    default CacheControl caching(HttpRequest request, @Nullable Principal principal, String log) {
        return CacheControl.noCache().cachePrivate();
    }
}
