package dev.eventlog.sse;

import dev.eventlog.Event;
import dev.eventlog.EventLog;
import dev.eventlog.LoggedEvent;
import dev.eventlog.ReadableEventLog;
import dev.eventlog.Tail;
import dev.eventlog.TypedEventLog;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.springframework.util.Assert;

/**
 * What a client is to be sent: one log, or several on one HTTP stream. To be made for each request, in a controller of Spring MVC
 * or WebFlux alike:
 *
 * <pre>{@code
 * EventStream.of(order, Tail.all(), source -> source
 *         .body(event -> ServerSentEvent.builder(event.value()).event("order").build())
 *         .until(event -> event.value() instanceof Delivered))
 *     .and(chat, Tail.last(20))
 * }</pre>
 *
 * <p>With several logs each event has the name of its log, unless its body says otherwise, and its id says where each log is, so
 * that a client that comes back goes on in all of them. Not thread-safe.
 */
public final class EventStream {

    /** By which an id stays under 4 kB, as it comes back in a header: servers refuse one of more than 8 kB in all. */
    static final int MOST_LOGS = 150;

    private final List<Source<?>> sources = new ArrayList<>();

    private EventStream() {}

    /**
     * A stream of one log, each event as it is stored: JSON of its fields, those of a typed log too, with {@code @type}.
     *
     * @param log the log
     * @param tail where to begin for a client that has seen nothing yet
     * @return the stream
     */
    public static EventStream of(ReadableEventLog<?> log, Tail tail) {
        return new EventStream().and(log, tail);
    }

    /**
     * A stream of one log.
     *
     * @param log the log
     * @param tail where to begin for a client that has seen nothing yet
     * @param customizer says what to send of it, and until when
     * @param <E> the events of the log
     * @return the stream
     */
    public static <E extends LoggedEvent> EventStream of(
            ReadableEventLog<E> log, Tail tail, Consumer<Source<E>> customizer) {
        return new EventStream().and(log, tail, customizer);
    }

    /**
     * Adds a log to the stream, each event as it is stored.
     *
     * @param log the log
     * @param tail where to begin for a client that has seen nothing of it yet
     * @return this stream
     * @throws IllegalArgumentException if the stream has a log of that name already, or too many logs
     */
    public EventStream and(ReadableEventLog<?> log, Tail tail) {
        return and(log, tail, source -> {});
    }

    /**
     * Adds a log to the stream.
     *
     * @param log the log
     * @param tail where to begin for a client that has seen nothing of it yet
     * @param customizer says what to send of it, and until when
     * @param <E> the events of the log
     * @return this stream
     * @throws IllegalArgumentException if the stream has a log of that name already, or too many logs
     */
    public <E extends LoggedEvent> EventStream and(ReadableEventLog<E> log, Tail tail, Consumer<Source<E>> customizer) {
        Assert.notNull(log, "The log of a stream must not be null");
        Assert.notNull(tail, () -> "The tail of log '" + log.name() + "' must not be null: it says where to start");
        Source<E> source = new Source<>(log, tail);
        customizer.accept(source);
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

    List<Source<?>> sources() {
        return List.copyOf(sources);
    }

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
         * Names the log for clients, which otherwise see its own name where a stream has several logs. Must stay the same for as
         * long as clients may come back with an id.
         *
         * @param clientName the name, of one line
         * @return this source
         */
        public Source<E> name(String clientName) {
            Assert.hasText(clientName, () -> "The name of log '" + log.name() + "' for clients must not be blank");
            this.name = clientName;
            return this;
        }

        /**
         * Says what to send of each event, in place of its stored form.
         *
         * @param chosenBody makes of each event what to send: text as it is; a
         *     {@link org.springframework.http.codec.ServerSentEvent}, whose event name and data count; all else as JSON. If it
         *     throws, the stream has failed
         * @return this source
         */
        public Source<E> body(Function<? super E, ?> chosenBody) {
            this.body = chosenBody;
            return this;
        }

        /**
         * Ends the log for the client after the first event that fits. A client that comes back after that event is told to stay
         * away, by status 204, as soon as all logs of the stream have ended for it.
         *
         * @param lastEvent tests each event
         * @return this source
         */
        public Source<E> until(Predicate<? super E> lastEvent) {
            this.last = lastEvent;
            return this;
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
