package dev.eventlog.sse;

import dev.eventlog.Event;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogFactory;
import dev.eventlog.LogPattern;
import dev.eventlog.LoggedEvent;
import dev.eventlog.ReadableEventLog;
import dev.eventlog.Tail;
import dev.eventlog.TypedEvent;
import dev.eventlog.TypedEventLog;
import dev.eventlog.UnreadableEvents;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.util.Assert;

// Long: each option of a stream exists for the first log and for further logs, with documentation for both.
/**
 * Describes the stream of a client: one log, several logs, or all logs that match a pattern, on one HTTP stream. Create it for
 * each request, in a controller of Spring MVC or WebFlux:
 *
 * <pre>{@code
 * EventStream.of(order, Tail.all(), source -> source
 *         .body(event -> ServerSentEvent.builder(event.value()).event("order").build())
 *         .until(event -> event.value() instanceof Delivered))
 *     .and(chat, Tail.last(20))
 * }</pre>
 *
 * <p>With several logs, each event has the name of its log, unless the body sets another name. The id of an event contains the
 * position in each log, so that a client that reconnects continues in all of them.
 *
 * <p>A pattern, as in {@code EventStream.of(eventLogs, LogPattern.of("orders:*"), Tail.last(20))}, also finds logs that begin
 * later, usually within a second, and sends them from their first event, whatever the tail. A browser cannot listen for unknown
 * names. The events of a pattern therefore have no name, and are JSON of {@code log, id, event}, unless the body returns
 * something else. When a log is gone and all its known events have been sent, the client gets {@code gone} (JSON of {@code log}),
 * and the ids no longer contain the log. The search for the logs of a pattern is shared by all its clients. Events are sent once
 * the start is fixed in all existing logs of the pattern.
 *
 * <p>A stream has at most 150 logs, so that its ids stay below 4 kB. If more logs match a pattern, the request gets the status
 * 400. A stream that grows beyond the limit ends with {@code failed} and the code {@code too-many-logs}. Not thread-safe.
 */
public final class EventStream {

    /** Keeps the id below 4 kB. Clients send it back in a header, and servers refuse more than 8 kB of headers. */
    static final int MOST_LOGS = 150;

    private final List<Source<?>> sources = new ArrayList<>();
    private final List<SourcePattern> patterns = new ArrayList<>();

    private EventStream() {}

    /**
     * Creates a stream of one log that sends each event as it is stored: as JSON of its fields. For a sealed type, they
     * include {@code @type}.
     *
     * @param log the log
     * @param tail where to start for a client without an id
     * @return the stream
     */
    public static EventStream of(ReadableEventLog<?> log, Tail tail) {
        return new EventStream().and(log, tail);
    }

    /**
     * Creates a stream of one log.
     *
     * @param log the log
     * @param tail where to start for a client without an id
     * @param customizer sets what to send, and which event is the last
     * @param <E> the events of the log
     * @return the stream
     */
    public static <E extends LoggedEvent> EventStream of(
            ReadableEventLog<E> log, Tail tail, Consumer<Source<E>> customizer) {
        return new EventStream().and(log, tail, customizer);
    }

    /**
     * Creates a stream of all logs that match a pattern. It sends each event as it is stored.
     *
     * @param logs creates and finds the logs
     * @param pattern the pattern
     * @param tail where to start in the existing logs for a client without an id
     * @return the stream
     * @throws IllegalArgumentException if the tail is {@link Tail#after}, because an id belongs to one log
     */
    public static EventStream of(EventLogFactory logs, LogPattern pattern, Tail tail) {
        return new EventStream().and(logs, pattern, tail);
    }

    /**
     * Creates a stream of all logs that match a pattern.
     *
     * @param logs creates and finds the logs
     * @param pattern the pattern
     * @param tail where to start in the existing logs for a client without an id
     * @param customizer sets what to send, and which event is the last; called for each log and client, also later
     * @return the stream
     * @throws IllegalArgumentException if the tail is {@link Tail#after}, because an id belongs to one log
     */
    public static EventStream of(
            EventLogFactory logs, LogPattern pattern, Tail tail, Consumer<Source<Event>> customizer) {
        return new EventStream().and(logs, pattern, tail, customizer);
    }

    /**
     * Creates a stream of all logs that match a pattern.
     *
     * @param logs creates and finds the logs
     * @param pattern the pattern
     * @param type the type of the events
     * @param tail where to start in the existing logs for a client without an id
     * @param customizer sets what to send, and which event is the last; called for each log and client, also later
     * @param <T> the type of the events
     * @return the stream
     * @throws IllegalArgumentException if the tail is {@link Tail#after}, because an id belongs to one log
     */
    public static <T> EventStream of(
            EventLogFactory logs,
            LogPattern pattern,
            Class<T> type,
            Tail tail,
            Consumer<Source<TypedEvent<T>>> customizer) {
        return new EventStream().and(logs, pattern, type, tail, customizer);
    }

    /**
     * Adds a log to the stream, which sends each event as it is stored.
     *
     * @param log the log
     * @param tail where to start for a client without an id
     * @return this stream
     * @throws IllegalArgumentException if the stream already has a log of that name, or too many logs
     */
    public EventStream and(ReadableEventLog<?> log, Tail tail) {
        return and(log, tail, source -> {});
    }

    /**
     * Adds a log to the stream.
     *
     * @param log the log
     * @param tail where to start for a client without an id
     * @param customizer sets what to send, and which event is the last
     * @param <E> the events of the log
     * @return this stream
     * @throws IllegalArgumentException if the stream already has a log of that name, or too many logs
     */
    public <E extends LoggedEvent> EventStream and(ReadableEventLog<E> log, Tail tail, Consumer<Source<E>> customizer) {
        Assert.notNull(log, "The log of a stream must not be null");
        Assert.notNull(tail, () -> "The tail of log '" + log.name() + "' must not be null");
        Source<E> source = source(log, tail, customizer);
        Assert.isTrue(
                sources.size() < MOST_LOGS,
                () -> "A stream can have at most " + MOST_LOGS
                        + " logs, because its ids grow with each log: put related events into one log,"
                        + " or open a second stream for log '" + log.name() + "'");
        Assert.isTrue(
                sources.stream().noneMatch(other -> other.mark().equals(source.mark())),
                () -> "The stream already has a log named '" + source.name + "': set another name for one of them");
        sources.add(source);
        return this;
    }

    /**
     * Adds all logs that match a pattern to the stream, which sends each event as it is stored. A log that the stream already has
     * is not changed.
     *
     * @param logs creates and finds the logs
     * @param pattern the pattern
     * @param tail where to start in the existing logs for a client without an id
     * @return this stream
     * @throws IllegalArgumentException if the tail is {@link Tail#after}, because an id belongs to one log
     */
    public EventStream and(EventLogFactory logs, LogPattern pattern, Tail tail) {
        return and(logs, pattern, tail, source -> {});
    }

    /**
     * Adds all logs that match a pattern to the stream. A log that the stream already has is not changed.
     *
     * @param logs creates and finds the logs
     * @param pattern the pattern
     * @param tail where to start in the existing logs for a client without an id
     * @param customizer sets what to send, and which event is the last; called for each log and client, also later
     * @return this stream
     * @throws IllegalArgumentException if the tail is {@link Tail#after}, because an id belongs to one log
     */
    public EventStream and(EventLogFactory logs, LogPattern pattern, Tail tail, Consumer<Source<Event>> customizer) {
        return add(logs, pattern, tail, name -> source(logs.create(name), tail, customizer));
    }

    /**
     * Adds all logs that match a pattern to the stream. A log that the stream already has is not changed.
     *
     * @param logs creates and finds the logs
     * @param pattern the pattern
     * @param type the type of the events
     * @param tail where to start in the existing logs for a client without an id
     * @param customizer sets what to send, and which event is the last; called for each log and client, also later
     * @param <T> the type of the events
     * @return this stream
     * @throws IllegalArgumentException if the tail is {@link Tail#after}, because an id belongs to one log
     */
    public <T> EventStream and(
            EventLogFactory logs,
            LogPattern pattern,
            Class<T> type,
            Tail tail,
            Consumer<Source<TypedEvent<T>>> customizer) {
        return add(logs, pattern, tail, name -> source(logs.create(name, type), tail, customizer));
    }

    private EventStream add(EventLogFactory logs, LogPattern pattern, Tail tail, Function<String, Source<?>> source) {
        Assert.notNull(logs, "The factory of the logs of a stream must not be null");
        Assert.notNull(pattern, "The pattern of the logs of a stream must not be null");
        Assert.isTrue(
                !(tail instanceof Tail.After),
                () -> "The logs '" + pattern + "' of a stream cannot start at " + tail
                        + ", because an id belongs to one log: a client that reconnects continues by itself");
        patterns.add(new SourcePattern(logs, pattern, source));
        return this;
    }

    private static <E extends LoggedEvent> Source<E> source(
            ReadableEventLog<E> log, Tail tail, Consumer<Source<E>> customizer) {
        Source<E> source = new Source<>(log, tail);
        customizer.accept(source);
        return source;
    }

    List<Source<?>> sources() {
        return List.copyOf(sources);
    }

    List<SourcePattern> patterns() {
        return List.copyOf(patterns);
    }

    /** {@return whether each event must name its log} */
    boolean isOfSeveral() {
        return sources.size() > 1 || !patterns.isEmpty();
    }

    /**
     * All logs that match a pattern.
     *
     * @param logs finds the logs
     * @param pattern the pattern
     * @param source creates the source of a log, by the name of the log
     */
    record SourcePattern(EventLogFactory logs, LogPattern pattern, Function<String, Source<?>> source) {}

    /**
     * One log of a stream. Not thread-safe.
     *
     * @param <E> the events of the log
     */
    public static final class Source<E extends LoggedEvent> {

        private final ReadableEventLog<E> log;
        private final Tail tail;
        private String name;
        private @Nullable String mark;
        private @Nullable Function<? super E, ?> body;
        private @Nullable Predicate<? super E> last;

        Source(ReadableEventLog<E> log, Tail tail) {
            this.log = log;
            this.tail = tail;
            this.name = log.name();
        }

        /**
         * Sets the name of the log for clients. By default clients see the name of the log if a stream has several
         * logs. The name must not change while clients can reconnect with an id. As the name of an event, it has spaces
         * instead of line breaks. The events of a log that a pattern found have no name: their clients see this name as
         * {@code log}.
         *
         * @param clientName the name
         * @return this source
         * @throws IllegalArgumentException if the name is blank
         */
        public Source<E> name(String clientName) {
            Assert.hasText(clientName, () -> "The name of log '" + log.name() + "' for clients must not be blank");
            this.name = clientName;
            this.mark = null;
            return this;
        }

        /**
         * Sets what to send for each event, instead of its stored form. An event that does not fit the type of a typed
         * log then ends the stream with {@code failed} and the code {@code unreadable-event}, unless the options of the
         * log skip such events or hand them over. Without a body and without {@link #until}, such an event is sent in its
         * stored form.
         *
         * @param chosenBody returns what to send for an event: text is sent as it is, a
         *     {@link org.springframework.http.codec.ServerSentEvent} with its event name and data, and anything else as
         *     JSON. If it throws, the stream fails
         * @return this source
         */
        public Source<E> body(Function<? super E, ?> chosenBody) {
            this.body = chosenBody;
            return this;
        }

        /**
         * Ends the log for the client after the first event that matches. When all logs of the stream have ended
         * for a client, a reconnection gets the status 204, which tells the client not to connect again.
         *
         * @param lastEvent tests each event
         * @return this source
         */
        public Source<E> until(Predicate<? super E> lastEvent) {
            this.last = lastEvent;
            return this;
        }

        /** {@return the name of the log in the application} */
        public String log() {
            return log.name();
        }

        String name() {
            return name;
        }

        /** {@return the mark of the log in the ids of the stream} Its hash is computed once. */
        String mark() {
            String known = mark;
            if (known == null) {
                known = StreamCursor.mark(name);
                mark = known;
            }
            return known;
        }

        Tail tail() {
            return tail;
        }

        /** {@return the stored log, which can read every event, even an event that does not fit the type} */
        EventLog stored() {
            return log instanceof TypedEventLog<?> typed ? typed.untyped() : (EventLog) log;
        }

        boolean hasEnd() {
            return last != null;
        }

        boolean choosesBody() {
            return body != null;
        }

        /** {@return what to send of an event; null if it does not fit the type of the log and is left out} */
        @Nullable
        Item item(Event event) {
            if (!isRead()) {
                return new Item(event, false, event::fields);
            }
            E read = read(event);
            return read == null
                    ? null
                    : new Item(
                            event,
                            last != null && last.test(read),
                            () -> body == null ? event.fields() : body.apply(read));
        }

        /** {@return whether events are converted, even if their stored form is sent} */
        private boolean isRead() {
            return body != null
                    || last != null
                    || (log instanceof TypedEventLog<?> typed
                            && typed.options().unreadableEvents() != UnreadableEvents.FAIL);
        }

        @SuppressWarnings("unchecked")
        private @Nullable E read(Event event) {
            return (E)
                    (log instanceof TypedEventLog<?> typed
                            ? typed.typedIfReadable(event).orElse(null)
                            : event);
        }
    }

    /**
     * An event to be sent.
     *
     * @param stored the event as stored
     * @param isLast whether it ends the log for the client
     * @param body makes what to send; may throw
     */
    record Item(Event stored, boolean isLast, Supplier<@Nullable Object> body) {}
}
