package dev.eventlog.sse;

import java.security.Principal;
import org.jspecify.annotations.Nullable;
import org.springframework.http.CacheControl;
import org.springframework.http.HttpRequest;

/**
 * Decides who may follow which logs on the web. A bean of this type is asked before a stream has sent its first byte, and again
 * every {@code eventlog.sse.access-interval} for as long as the stream is open. It is also asked for each request to
 * {@code eventlog.http.path}, which nobody serves without it. Must be thread-safe; may block.
 *
 * <p>Of a stream of a pattern it is asked for the pattern, by its text, such as {@code orders:*}, and where it may be followed for each
 * log, before its first event. A log that it refuses is left out of the stream, and the others go on; if the pattern is refused, the
 * stream is.
 *
 * <p>Rules for requests, such as those of Spring Security, hold without it: they are asked when a client connects. A stream whose
 * request was authenticated by a session of Spring Security also ends with that: when the user logs out, or the session expires.
 */
@FunctionalInterface
public interface EventStreamAccess {

    /**
     * Whether a request may follow a log, or go on to.
     *
     * @param request the request with which the stream began
     * @param principal who sent it; null if nobody knows
     * @param log the name of the log, or the text of a pattern
     * @return false to refuse the request, by status 403, or to end its stream, by {@code failed} with the code
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
