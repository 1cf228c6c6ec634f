package dev.eventlog.http;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogException;
import dev.eventlog.Tail;
import dev.eventlog.TailPage;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.springframework.http.CacheControl;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.web.ErrorResponseException;

/**
 * Answers read requests: a page, a long poll or a live stream. Each answer comes from a single read of the log, so that the end,
 * the completion and the gap in it are consistent. Thread-safe; may block.
 */
final class Reading {

    private final JsonEvents events;
    private final HttpSettings settings;
    private final OpenRequests open;
    private final WarmLogs warm = new WarmLogs();

    Reading(JsonEvents events, HttpSettings settings, OpenRequests open) {
        this.events = events;
        this.settings = settings;
        this.open = open;
    }

    /** {@return the end of a log, without its events} */
    Served.Answer head(EventLog log) {
        TailPage<Event> end = existing(log, Tail.newOnly(), 0);
        HttpHeaders headers = StreamHeaders.safe();
        headers.setContentType(MediaType.APPLICATION_JSON);
        headers.setCacheControl(CacheControl.noStore());
        position(end, headers);
        return new Served.Answer(HttpStatus.OK, headers, null);
    }

    /**
     * {@return the events after an offset, at once or when there are some}
     *
     * @param caching how clients may cache the answer
     */
    Served get(EventLog log, StreamRequest request, CacheControl caching) {
        List<String> offset = request.offset();
        Tail tail = Offsets.tail(offset);
        String live = request.live();
        if (live == null) {
            TailPage<Event> page = existing(log, tail, settings.pageSize());
            boolean now = offset != null && Offsets.NOW.equals(offset.get(0));
            return answer(offset, page, now ? null : caching, null);
        }
        if (offset == null) {
            throw Problems.badRequest("A live request must have an offset: " + Offsets.START + " for the beginning, or "
                    + Offsets.NOW + " for the end");
        }
        return switch (live) {
            case "long-poll" -> longPoll(log, tail, request, caching);
            case "sse" -> stream(log, tail, request);
            default -> throw Problems.badRequest("'" + live + "' is not a live mode: use long-poll or sse");
        };
    }

    private Served longPoll(EventLog log, Tail tail, StreamRequest request, CacheControl caching) {
        TailPage<Event> page = existing(log, tail, settings.pageSize());
        if (!page.events().isEmpty() || page.isLast()) {
            return polled(request, page, caching);
        }
        LongPoll poll = LongPoll.begin(log, page.position(), settings.batchSize(), settings.longPollTimeout(), warm);
        open.opened(poll::end, poll.found());
        return new Served.Later(poll.found().thenApply(found -> polled(request, unlessGone(found), caching)));
    }

    private Served.Answer polled(StreamRequest request, TailPage<Event> page, CacheControl caching) {
        String cursor = page.isLast() ? null : cursor(request);
        if (!page.events().isEmpty()) {
            return answer(request.offset(), page, caching, cursor);
        }
        HttpHeaders headers = StreamHeaders.safe();
        headers.setCacheControl(CacheControl.noStore());
        position(page, headers);
        cursor(cursor, headers);
        return new Served.Answer(HttpStatus.NO_CONTENT, headers, null);
    }

    private Served.Live stream(EventLog log, Tail tail, StreamRequest request) {
        TailPage<Event> page = existing(log, tail, settings.pageSize());
        LiveStream stream = new LiveStream(
                log,
                page,
                new SseText(events, () -> cursor(request)),
                settings.sseLifetime(),
                settings.batchSize(),
                open);
        HttpHeaders headers = StreamHeaders.safe();
        headers.setContentType(MediaType.TEXT_EVENT_STREAM);
        headers.setCacheControl(CacheControl.noCache());
        headers.set("X-Accel-Buffering", "no"); // otherwise nginx buffers events
        return new Served.Live(headers, stream);
    }

    private Served.Answer answer(
            @Nullable List<String> offset,
            TailPage<Event> page,
            @Nullable CacheControl caching,
            @Nullable String cursor) {
        HttpHeaders headers = StreamHeaders.safe();
        headers.setContentType(MediaType.APPLICATION_JSON);
        headers.setCacheControl(caching == null ? CacheControl.noStore() : caching);
        if (caching != null) {
            headers.setETag(tag(offset, page));
        }
        position(page, headers);
        cursor(cursor, headers);
        return new Served.Answer(
                HttpStatus.OK, headers, events.write(page.events()).getBytes(StandardCharsets.UTF_8));
    }

    /** Two ids are not enough for an ETag: events between them may be gone since, or the log may have been replaced. */
    private static String tag(@Nullable List<String> offset, TailPage<Event> page) {
        List<Event> events = page.events();
        EventId first = events.isEmpty() ? page.position() : events.get(0).id();
        String text = (offset == null ? Offsets.START : offset.get(0))
                + ':'
                + first
                + ':'
                + page.position()
                + ':'
                + events.size()
                + (page.atEnd() ? ":e" : "")
                + (page.isLast() ? ":c" : "");
        return '"' + text + '"';
    }

    private static void position(TailPage<Event> page, HttpHeaders headers) {
        headers.set(StreamHeaders.NEXT_OFFSET, Offsets.text(page.position()));
        if (page.atEnd()) {
            headers.set(StreamHeaders.UP_TO_DATE, StreamHeaders.TRUE);
        }
        if (page.isLast()) {
            headers.set(StreamHeaders.CLOSED, StreamHeaders.TRUE);
            page.completion()
                    .ifPresent(how ->
                            headers.set(StreamHeaders.COMPLETION, how.kind().name()));
        }
    }

    private static void cursor(@Nullable String cursor, HttpHeaders headers) {
        if (cursor != null) {
            headers.set(StreamHeaders.CURSOR, cursor);
        }
    }

    private static String cursor(StreamRequest request) {
        return Cursors.next(request.cursor(), Instant.now(), ThreadLocalRandom.current());
    }

    private static TailPage<Event> existing(EventLog log, Tail tail, int limit) {
        TailPage<Event> page = page(log, tail, limit);
        if (!page.exists()) {
            throw Problems.notFound(log.name());
        }
        return unlessGone(page);
    }

    private static TailPage<Event> page(EventLog log, Tail tail, int limit) {
        try {
            return log.page(tail, limit);
        } catch (EventLogException failure) {
            throw Problems.of(failure);
        }
    }

    /** If events are missing, the client continues at the first event that is left, or after its offset in the new log. */
    private static TailPage<Event> unlessGone(TailPage<Event> page) {
        page.gap().ifPresent(gap -> {
            boolean fromStart = gap.firstAvailable().equals(EventId.MAX);
            ErrorResponseException gone = Problems.gone(
                    gap,
                    Offsets.text(
                            fromStart ? page.position() : gap.firstAvailable().previous()));
            throw gone;
        });
        return page;
    }
}
