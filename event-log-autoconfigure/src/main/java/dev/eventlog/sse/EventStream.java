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
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.springframework.util.Assert;

// Long: each way to say what a stream sends is there to begin with and to add, and documented twice.
/**
 * What a client is to be sent: one log, several, or all that fit a pattern, on one HTTP stream. To be made for each request, in a controller of Spring MVC
 * or WebFlux alike:
 *
 * <pre>{@code
 * EventStream.of(order, Tail.all(), source -> source
 *         .body(event -> ServerSentEvent.builder(event.value()).event("order").build())
 *         .until(event -> event.value() instanceof Delivered))
 *     .and(chat, Tail.last(20))
 * }</pre>
 *
 * <p>With several logs each event has the name of its log, unless its body says otherwise, and its id says where each
 * log is, so that a client that reconnects continues in all of them.
 *
 * <p>With a pattern, as in {@code EventStream.of(eventLogs, LogPattern.of("orders:*"), Tail.last(20))}, logs that begin later are
 * found within about a second, and sent from their first event, whatever the tail. As a browser can listen to no name that it does
 * not know, their events have none, and are JSON of {@code log, id, event}, unless the body says otherwise. When a log is gone, and all
 * that was known of it has been sent, the client is told {@code gone} (JSON of {@code log}), and the ids no longer have it. The logs of a
 * pattern are looked for once, however many clients follow it. What is sent of them begins when the start is fixed in all of those that
 * exist.
 *
 * <p>A stream has at most 150 logs, by which its ids stay under 4 kB. If a pattern has more, the request is refused with status 400; a
 * stream that grows beyond ends with {@code failed} and the code {@code too-many-logs}. Not thread-safe.
 */
public final class EventStream {

    /** By which an id stays under 4 kB, as it comes back in a header: servers refuse one of more than 8 kB in all. */
    static final int MOST_LOGS = 150;

    private final List<Source<?>> sources = new ArrayList<>();
    private final List<SourcePattern> patterns = new ArrayList<>();

    private EventStream() {}

    /**
     * Creates a stream of one log that sends each event as it is stored: as JSON of its fields, for a typed log with
     * {@code @type}.
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
     * A stream of all logs that fit a pattern, each event as it is stored.
     *
     * @param logs makes and finds the logs
     * @param pattern the pattern
     * @param tail where to begin, for a client that has seen nothing yet, in the logs that exist
     * @return the stream
     * @throws IllegalArgumentException if the tail is {@link Tail#after}, as an id belongs to one log
     */
    public static EventStream of(EventLogFactory logs, LogPattern pattern, Tail tail) {
        return new EventStream().and(logs, pattern, tail);
    }

    /**
     * A stream of all logs that fit a pattern.
     *
     * @param logs makes and finds the logs
     * @param pattern the pattern
     * @param tail where to begin, for a client that has seen nothing yet, in the logs that exist
     * @param customizer says what to send of a log, and until when; called for each log and client, also later
     * @return the stream
     * @throws IllegalArgumentException if the tail is {@link Tail#after}, as an id belongs to one log
     */
    public static EventStream of(
            EventLogFactory logs, LogPattern pattern, Tail tail, Consumer<Source<Event>> customizer) {
        return new EventStream().and(logs, pattern, tail, customizer);
    }

    /**
     * A stream of all logs that fit a pattern.
     *
     * @param logs makes and finds the logs
     * @param pattern the pattern
     * @param type the type of the events
     * @param tail where to begin, for a client that has seen nothing yet, in the logs that exist
     * @param customizer says what to send of a log, and until when; called for each log and client, also later
     * @param <T> that type
     * @return the stream
     * @throws IllegalArgumentException if the tail is {@link Tail#after}, as an id belongs to one log
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
        Assert.notNull(tail, () -> "The tail of log '" + log.name() + "' must not be null: it says where to start");
        Source<E> source = source(log, tail, customizer);
        Assert.isTrue(
                sources.size() < MOST_LOGS,
                () -> "A stream can have at most " + MOST_LOGS
                        + " logs, because its ids grow with them: write what belongs together to one log,"
                        + " or open a second stream for log '" + log.name() + "'");
        Assert.isTrue(
                sources.stream()
                        .noneMatch(other -> StreamCursor.mark(other.name).equals(StreamCursor.mark(source.name))),
                () -> "The stream has a log named '" + source.name + "' already: set another name for one of them");
        sources.add(source);
        return this;
    }

    /**
     * Adds all logs that fit a pattern to the stream, each event as it is stored. A log that the stream has already stays what it is.
     *
     * @param logs makes and finds the logs
     * @param pattern the pattern
     * @param tail where to begin, for a client that has seen nothing yet, in the logs that exist
     * @return this stream
     * @throws IllegalArgumentException if the tail is {@link Tail#after}, as an id belongs to one log
     */
    public EventStream and(EventLogFactory logs, LogPattern pattern, Tail tail) {
        return and(logs, pattern, tail, source -> {});
    }

    /**
     * Adds all logs that fit a pattern to the stream. A log that the stream has already stays what it is.
     *
     * @param logs makes and finds the logs
     * @param pattern the pattern
     * @param tail where to begin, for a client that has seen nothing yet, in the logs that exist
     * @param customizer says what to send of a log, and until when; called for each log and client, also later
     * @return this stream
     * @throws IllegalArgumentException if the tail is {@link Tail#after}, as an id belongs to one log
     */
    public EventStream and(EventLogFactory logs, LogPattern pattern, Tail tail, Consumer<Source<Event>> customizer) {
        return add(logs, pattern, tail, name -> source(logs.create(name), tail, customizer));
    }

    /**
     * Adds all logs that fit a pattern to the stream. A log that the stream has already stays what it is.
     *
     * @param logs makes and finds the logs
     * @param pattern the pattern
     * @param type the type of the events
     * @param tail where to begin, for a client that has seen nothing yet, in the logs that exist
     * @param customizer says what to send of a log, and until when; called for each log and client, also later
     * @param <T> that type
     * @return this stream
     * @throws IllegalArgumentException if the tail is {@link Tail#after}, as an id belongs to one log
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
                () -> "The logs '" + pattern + "' of a stream cannot begin at " + tail
                        + ", as an id belongs to one log: a client that comes back goes on by itself");
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

    /** {@return whether events have to say their log} */
    boolean isOfSeveral() {
        return sources.size() > 1 || !patterns.isEmpty();
    }

    /**
     * The logs that fit a pattern.
     *
     * @param logs finds them
     * @param pattern the pattern
     * @param source makes what is sent of one of them, by its name
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
        private @Nullable Function<? super E, ?> body;
        private @Nullable Predicate<? super E> last;

        Source(ReadableEventLog<E> log, Tail tail) {
            this.log = log;
            this.tail = tail;
            this.name = log.name();
        }

        /**
         * Sets the name of the log for clients. By default clients see the name of the log if a stream has several
         * logs. The name must not change while clients can reconnect with an id.
         *
         * @param clientName the name, on one line
         * @return this source
         */
        public Source<E> name(String clientName) {
            Assert.hasText(clientName, () -> "The name of log '" + log.name() + "' for clients must not be blank");
            this.name = clientName;
            return this;
        }

        /**
         * Sets what to send for each event, instead of its stored form.
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
         * Ends the log for the client after the first event that matches. A client that reconnects after that event
         * gets the status 204, which tells it to stay away, when all logs of the stream have ended for it.
         *
         * @param lastEvent tests each event
         * @return this source
         */
        public Source<E> until(Predicate<? super E> lastEvent) {
            this.last = lastEvent;
            return this;
        }

        /** {@return the name of the log, whatever clients see} */
        public String log() {
            return log.name();
        }

        String name() {
            return name;
        }

        Tail tail() {
            return tail;
        }

        /** {@return the log as it is stored, of which each event can be read, also one that does not fit the type} */
        EventLog stored() {
            return log instanceof TypedEventLog<?> typed ? typed.untyped() : (EventLog) log;
        }

        boolean hasEnd() {
            return last != null;
        }

        boolean isLast(Event event) {
            return last != null && last.test(read(event));
        }

        boolean choosesBody() {
            return body != null;
        }

        @Nullable
        Object body(Event event) {
            return body == null ? event.fields() : body.apply(read(event));
        }

        @SuppressWarnings("unchecked")
        private E read(Event event) {
            return (E) (log instanceof TypedEventLog<?> typed ? typed.typed(event) : event);
        }
    }
}
