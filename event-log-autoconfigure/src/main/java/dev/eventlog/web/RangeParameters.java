package dev.eventlog.web;

import dev.eventlog.EventId;
import dev.eventlog.EventRange;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.util.StringUtils;
import org.springframework.web.server.ResponseStatusException;

/** Converts the parameters of a request to a range. Immutable and thread-safe. */
final class RangeParameters {

    private static final String AFTER = "after";
    private static final String BEFORE = "before";
    private static final String SINCE = "since";
    private static final String UNTIL = "until";
    private static final String ORDER = "order";
    private static final String LIMIT = "limit";

    private final int maxLimit;

    /**
     * Creates a converter.
     *
     * @param maxLimit the maximum number of events that a request may ask for
     */
    RangeParameters(int maxLimit) {
        this.maxLimit = maxLimit;
    }

    /**
     * {@return the range that a request asks for}
     *
     * @param parameters the values of the request's parameters by name; null for missing parameters
     * @throws ResponseStatusException with the status 400 if a parameter is invalid; the message has its name and value
     */
    EventRange range(Function<String, @Nullable String> parameters) {
        try {
            EventId oldest = oldest(parameters);
            EventId newest = newest(parameters);
            if (oldest.isAfter(newest.next())
                    && isBounded(AFTER, SINCE, parameters)
                    && isBounded(BEFORE, UNTIL, parameters)) {
                throw new IllegalArgumentException("The range ends before it begins: " + said(AFTER, SINCE, parameters)
                        + " is not below " + said(BEFORE, UNTIL, parameters));
            }
            return new EventRange(oldest, newest, order(parameters.apply(ORDER)), limit(parameters.apply(LIMIT)));
        } catch (IllegalArgumentException malformed) {
            throw new ResponseStatusException(HttpStatus.BAD_REQUEST, malformed.getMessage(), malformed);
        }
    }

    private static EventId oldest(Function<String, @Nullable String> parameters) {
        String id = either(AFTER, SINCE, parameters);
        return id != null
                ? EventRange.after(id(AFTER, id)).oldest()
                : EventRange.since(moment(SINCE, parameters.apply(SINCE), Instant.EPOCH))
                        .oldest();
    }

    private static EventId newest(Function<String, @Nullable String> parameters) {
        String id = either(BEFORE, UNTIL, parameters);
        if (id != null) {
            return EventRange.before(id(BEFORE, id)).newest();
        }
        String until = parameters.apply(UNTIL);
        return StringUtils.hasText(until)
                ? EventRange.until(moment(UNTIL, until, Instant.MAX)).newest()
                : EventId.MAX;
    }

    private static @Nullable String either(String id, String moment, Function<String, @Nullable String> parameters) {
        String value = parameters.apply(id);
        if (StringUtils.hasText(value) && StringUtils.hasText(parameters.apply(moment))) {
            throw new IllegalArgumentException(
                    "Of the parameters '" + id + "' and '" + moment + "', only one can be given");
        }
        return StringUtils.hasText(value) ? value : null;
    }

    private static boolean isBounded(String id, String moment, Function<String, @Nullable String> parameters) {
        return StringUtils.hasText(parameters.apply(id)) || StringUtils.hasText(parameters.apply(moment));
    }

    private static String said(String id, String moment, Function<String, @Nullable String> parameters) {
        String name = StringUtils.hasText(parameters.apply(id)) ? id : moment;
        return name + "=" + parameters.apply(name);
    }

    private static EventId id(String name, String text) {
        try {
            return EventId.parse(text.strip());
        } catch (IllegalArgumentException malformed) {
            throw new IllegalArgumentException("Parameter '" + name + "': " + malformed.getMessage(), malformed);
        }
    }

    private static Instant moment(String name, @Nullable String text, Instant otherwise) {
        if (text == null || text.isBlank()) {
            return otherwise;
        }
        try {
            return OffsetDateTime.parse(text.strip()).toInstant();
        } catch (DateTimeParseException malformed) {
            throw new IllegalArgumentException(
                    "Parameter '" + name + "': '" + text + "' is not a moment: write it as 2026-11-27T12:00:00Z",
                    malformed);
        }
    }

    private static EventRange.Order order(@Nullable String text) {
        return switch (text == null ? "" : text.strip()) {
            case "", "oldest" -> EventRange.Order.OLDEST_FIRST;
            case "newest" -> EventRange.Order.NEWEST_FIRST;
            default ->
                throw new IllegalArgumentException("Parameter 'order' must be oldest or newest, but is '" + text + "'");
        };
    }

    private int limit(@Nullable String text) {
        if (text == null || text.isBlank()) {
            return Math.min(EventRange.DEFAULT_LIMIT, maxLimit);
        }
        try {
            int limit = Integer.parseInt(text.strip());
            if (limit >= 1 && limit <= maxLimit) {
                return limit;
            }
        } catch (NumberFormatException malformed) {
            // reported below, as for a number that is too large
        }
        throw new IllegalArgumentException(
                "Parameter 'limit' must be a number from 1 to " + maxLimit + ", but is '" + text + "'");
    }
}
