package dev.eventlog.http;

import dev.eventlog.AddOptions;
import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogCompletedException;
import dev.eventlog.EventLogException;
import dev.eventlog.Tail;
import dev.eventlog.TailPage;
import dev.eventlog.UnexpectedLastIdException;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.http.CacheControl;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.InvalidMediaTypeException;
import org.springframework.http.MediaType;
import org.springframework.util.InvalidMimeTypeException;
import org.springframework.web.ErrorResponseException;
import tools.jackson.core.JacksonException;

/** Carries out write requests: creates, adds to, completes and deletes logs. Thread-safe; may block. */
final class Writing {

    private static final Pattern SECONDS = Pattern.compile("0|[1-9]\\d*");

    private final JsonEvents json;
    private final HttpSettings settings;

    Writing(JsonEvents json, HttpSettings settings) {
        this.json = json;
        this.settings = settings;
    }

    /** Creates a log, with the first events and the completion if the request has them. */
    Served.Answer put(EventLog log, StreamRequest request) {
        refuseExpiry(request);
        refuseFork(request);
        boolean isJson = isJson(request, MediaType.APPLICATION_JSON);
        boolean closes = request.closes();
        List<Map<String, String>> events = isJson ? events(request) : List.of();
        return answering(log, () -> {
            TailPage<Event> before = end(log);
            if (before.exists()) {
                if (!isJson || before.completion().isPresent() != closes) {
                    throw conflict(
                            before,
                            "Log '" + log.name() + "' exists, and is "
                                    + (isJson
                                            ? before.completion().isPresent() ? "complete" : "not complete"
                                            : "JSON"));
                }
                return new Served.Answer(HttpStatus.OK, written(before.position(), closes), null);
            }
            if (!isJson) {
                throw Problems.of(HttpStatus.UNSUPPORTED_MEDIA_TYPE, "Logs contain JSON: send application/json");
            }
            EventId last = create(log, events, closes);
            HttpHeaders headers = written(last, closes);
            headers.setLocation(request.http().getURI());
            return new Served.Answer(HttpStatus.CREATED, headers, null);
        });
    }

    private static EventId create(EventLog log, List<Map<String, String>> events, boolean closes) {
        if (closes) {
            log.createIfAbsent();
            return last(log.completeAll(events));
        }
        if (events.isEmpty()) {
            log.createIfAbsent();
            return EventId.MIN;
        }
        return last(log.addAll(events, AddOptions.ifAbsent()));
    }

    /** Adds to a log, completes it, or both. */
    Served.Answer post(EventLog log, StreamRequest request) {
        refuseProducer(request);
        refuse(request, StreamHeaders.SEQUENCE);
        byte[] body = body(request);
        return answering(log, () -> {
            TailPage<Event> before = end(log);
            if (!before.exists()) {
                throw Problems.notFound(log.name());
            }
            boolean closesOnly = request.closes() && body.length == 0;
            if (before.completion().isPresent() && !closesOnly) {
                throw complete(before, log.name());
            }
            if (closesOnly) {
                if (before.completion().isEmpty()) {
                    log.complete();
                }
                return new Served.Answer(HttpStatus.NO_CONTENT, written(end(log).position(), true), null);
            }
            List<Map<String, String>> events = added(log, request, body);
            List<EventId> ids = request.closes() ? log.completeAll(events) : log.addAll(events);
            return new Served.Answer(HttpStatus.NO_CONTENT, written(last(ids), request.closes()), null);
        });
    }

    private List<Map<String, String>> added(EventLog log, StreamRequest request, byte[] body) {
        if (body.length == 0) {
            throw Problems.badRequest("The body is empty: there is nothing to add");
        }
        if (!isJson(request, null)) {
            throw Problems.of(HttpStatus.CONFLICT, "Log '" + log.name() + "' contains application/json only");
        }
        List<Map<String, String>> events = parsed(body);
        if (events.isEmpty()) {
            throw Problems.badRequest("The array is empty: there is nothing to add");
        }
        return events;
    }

    /** Deletes a log. */
    Served.Answer delete(EventLog log) {
        return answering(log, () -> {
            if (!log.delete()) {
                throw Problems.notFound(log.name());
            }
            return new Served.Answer(HttpStatus.NO_CONTENT, written(null, false), null);
        });
    }

    private static Served.Answer answering(EventLog log, Supplier<Served.Answer> doing) {
        try {
            return doing.get();
        } catch (EventLogCompletedException complete) { // by another client in the meantime
            throw complete(end(log), log.name());
        } catch (UnexpectedLastIdException created) { // by another client in the meantime
            throw Problems.of(HttpStatus.CONFLICT, "Log '" + log.name() + "' has been created in the meantime");
        } catch (EventLogException failure) {
            throw Problems.of(failure);
        } catch (IllegalArgumentException unstorable) {
            throw Problems.badRequest(String.valueOf(unstorable.getMessage()));
        }
    }

    private static TailPage<Event> end(EventLog log) {
        return log.page(Tail.newOnly(), 0);
    }

    private static ErrorResponseException complete(TailPage<Event> end, String log) {
        return conflict(end, "Log '" + log + "' is complete: nothing can be added to it");
    }

    private static ErrorResponseException conflict(TailPage<Event> end, String detail) {
        ErrorResponseException conflict = Problems.of(HttpStatus.CONFLICT, detail);
        conflict.getHeaders().set(StreamHeaders.NEXT_OFFSET, Offsets.text(end.position()));
        if (end.completion().isPresent()) {
            conflict.getHeaders().set(StreamHeaders.CLOSED, StreamHeaders.TRUE);
        }
        return conflict;
    }

    private static EventId last(List<EventId> ids) {
        return ids.isEmpty() ? EventId.MIN : ids.get(ids.size() - 1);
    }

    private static HttpHeaders written(@Nullable EventId last, boolean closed) {
        HttpHeaders headers = StreamHeaders.safe();
        headers.setCacheControl(CacheControl.noStore());
        if (last != null) {
            headers.setContentType(MediaType.APPLICATION_JSON);
            headers.set(StreamHeaders.NEXT_OFFSET, Offsets.text(last));
        }
        if (closed) {
            headers.set(StreamHeaders.CLOSED, StreamHeaders.TRUE);
        }
        return headers;
    }

    private List<Map<String, String>> events(StreamRequest request) {
        byte[] body = body(request);
        return body.length == 0 ? List.of() : parsed(body);
    }

    private List<Map<String, String>> parsed(byte[] body) {
        try {
            return json.read(body);
        } catch (JacksonException malformed) {
            throw Problems.badRequest("The body is not JSON: " + malformed.getOriginalMessage());
        }
    }

    private byte[] body(StreamRequest request) {
        int most = (int) Math.min(settings.maxBodySize(), Integer.MAX_VALUE - 8);
        byte[] body;
        try {
            body = request.body().read(most + 1);
        } catch (IOException gone) {
            throw Problems.badRequest("The body cannot be read");
        }
        if (body.length > most) {
            throw Problems.tooLarge(most);
        }
        return body;
    }

    private static boolean isJson(StreamRequest request, @Nullable MediaType byDefault) {
        try {
            MediaType type = request.headers().getContentType();
            if (type == null && byDefault == null) {
                throw Problems.badRequest("The request has no Content-Type: send application/json");
            }
            return MediaType.APPLICATION_JSON.equalsTypeAndSubtype(type == null ? byDefault : type);
        } catch (InvalidMediaTypeException | InvalidMimeTypeException malformed) {
            throw Problems.badRequest(String.valueOf(malformed.getMessage()));
        }
    }

    /** The options of a log decide how long it lives. */
    private static void refuseExpiry(StreamRequest request) {
        String ttl = request.header(StreamHeaders.TTL);
        String expiry = request.header(StreamHeaders.EXPIRES_AT);
        if (ttl != null && expiry != null) {
            throw Problems.badRequest(
                    "Send " + StreamHeaders.TTL + " or " + StreamHeaders.EXPIRES_AT + ", but not both");
        }
        if (ttl != null && !SECONDS.matcher(ttl).matches()) {
            throw Problems.badRequest(StreamHeaders.TTL + ": '" + ttl + "' is not a number of seconds");
        }
        try {
            if (expiry != null) {
                OffsetDateTime.parse(expiry);
            }
        } catch (DateTimeException malformed) {
            throw Problems.badRequest(
                    StreamHeaders.EXPIRES_AT + ": '" + expiry + "' is not a time in the format of RFC 3339");
        }
        refuse(request, StreamHeaders.TTL);
        refuse(request, StreamHeaders.EXPIRES_AT);
    }

    private static void refuseFork(StreamRequest request) {
        refuse(request, StreamHeaders.FORKED_FROM);
        for (String header : List.of(StreamHeaders.FORK_OFFSET, StreamHeaders.FORK_SUB_OFFSET)) {
            if (request.header(header) != null) {
                throw Problems.badRequest(header + " requires " + StreamHeaders.FORKED_FROM);
            }
        }
    }

    private static void refuseProducer(StreamRequest request) {
        refuse(request, StreamHeaders.PRODUCER_ID);
        refuse(request, StreamHeaders.PRODUCER_EPOCH);
        refuse(request, StreamHeaders.PRODUCER_SEQUENCE);
    }

    /** Refuses unsupported features, so that no client assumes they took effect. */
    private static void refuse(StreamRequest request, String header) {
        if (request.header(header) != null) {
            throw Problems.of(HttpStatus.NOT_IMPLEMENTED, "This server does not support " + header);
        }
    }
}
