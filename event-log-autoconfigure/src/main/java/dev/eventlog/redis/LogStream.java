package dev.eventlog.redis;

import dev.eventlog.AddOptions;
import dev.eventlog.Completion;
import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.EventLogCompletedException;
import dev.eventlog.EventLogException;
import dev.eventlog.EventLogOptions;
import dev.eventlog.EventLogUnavailableException;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

// Long: all commands for a log are in one place, with their documentation.
/**
 * The commands on the stream of one log. Each question costs the server at most one page. Thread-safe. Every failure is an
 * {@link EventLogException}.
 */
public final class LogStream {

    private static final Script CREATE = Script.of("create.lua");

    private final String log;
    private final String key;
    private final Connections connections;
    private final int pageSize;
    private final EventLogOptions options;

    /**
     * Creates the commands for one log.
     *
     * @param log the name of the log
     * @param key the key of its stream
     * @param connections the connections
     * @param pageSize the number of events that one command reads
     * @param options the options of the log
     */
    public LogStream(String log, String key, Connections connections, int pageSize, EventLogOptions options) {
        this.log = log;
        this.key = key;
        this.connections = connections;
        this.pageSize = pageSize;
        this.options = options;
    }

    /**
     * {@return the commands on the same log, with other options}
     *
     * @param changed the other options
     */
    public LogStream with(EventLogOptions changed) {
        return new LogStream(log, key, connections, pageSize, changed);
    }

    /** {@return the name of the log} */
    public String log() {
        return log;
    }

    /** {@return the key of its stream} */
    public String key() {
        return key;
    }

    Connections connections() {
        return connections;
    }

    /** Not kept in a field: it is small and has no state, and an application may follow many logs. */
    Inquiry inquiry() {
        return new Inquiry(log, key, connections);
    }

    /** {@return the options of the log} */
    public EventLogOptions options() {
        return options;
    }

    /**
     * {@code XADD}, or a script if the add has further parts.
     *
     * @param event the fields
     * @param terms the conditions of the add
     * @return the id
     */
    public EventId add(Map<String, String> event, AddOptions terms) {
        AddScript adding = adding();
        return adding.isPlain(terms)
                ? unlessComplete(() -> adding.plain(event))
                : addAll(List.of(event), terms).get(0);
    }

    /**
     * A script with {@code XADD} for each event. It adds all events next to each other, or none.
     *
     * @param events the fields of each event; at least one event
     * @param terms the conditions of the add
     * @return the ids, in order
     */
    public List<EventId> addAll(List<Map<String, String>> events, AddOptions terms) {
        AddScript adding = adding();
        Supplier<List<String>> add = adding.prepared(events, terms);
        List<String> answer = unlessComplete(add);
        return adding.ids(answer, events.size(), terms);
    }

    /** Not kept in a field: an application usually adds no events to the logs that it follows. */
    private AddScript adding() {
        return new AddScript(log, key, connections.commands(), options);
    }

    /** Redis itself refuses every add to a complete log. Only then does this method ask how the log ended. */
    private <T> T unlessComplete(Supplier<T> add) {
        try {
            return inquiry().change(add);
        } catch (EventLogException refused) {
            Throwable said = refused.getCause();
            if (said == null || !RedisFailures.isComplete(said)) {
                throw refused;
            }
            throw new EventLogCompletedException(log, completionAfterRefusal(), said);
        }
    }

    private Completion completionAfterRefusal() {
        try {
            return state().completion().orElseGet(() -> Closing.completion(null));
        } catch (EventLogException nobodyAnswers) {
            return Closing.completion(null);
        }
    }

    /**
     * Ends the log: one script, in one round trip.
     *
     * @param completion how the log ends
     * @param lastEvents the fields of the events to add before the end
     * @return the result
     * @throws EventLogCompletedException if the log had already ended in another way
     */
    public CompleteScript.Done complete(Completion completion, List<Map<String, String>> lastEvents) {
        CompleteScript completing = new CompleteScript(log, key, connections.commands(), options);
        return completing.done(inquiry().change(completing.prepared(completion, lastEvents)));
    }

    /** {@return reads parts of this log: {@code XREVRANGE}, or a script with {@code XRANGE}, one page at a time} */
    public RangeReading reading() {
        return new RangeReading(this, inquiry(), connections.line(), pageSize);
    }

    /** {@return reads the new events of this log: {@code XREAD}, and the state of the stream right behind it} */
    public PollReading polling() {
        return new PollReading(this, inquiry());
    }

    /**
     * Reads backwards on a given line, until the caller has enough.
     *
     * @param line the line
     * @param newest the newest id
     * @param oldest the oldest id
     * @param limit the maximum number of events
     * @param page gets each page, newest event first, and returns whether to continue
     */
    @SuppressWarnings("ReferenceEquality") // whether it is the line that all commands share
    public void backwards(Line line, EventId newest, EventId oldest, long limit, Predicate<List<Event>> page) {
        boolean opensAgain = line == connections.line();
        new BackwardReading(this, inquiry(), line, opensAgain, false, pageSize).read(newest, oldest, limit, page);
    }

    List<Event> back(Line line, EventId newest, EventId oldest, int count, AnswerSize size) {
        return inquiry().ask(line, backCommand(newest, oldest, count), reply -> {
            List<Event> events = StreamReplies.events(reply, oldest, newest, false);
            size.worked(events.size(), StreamReplies.size(reply));
            return events;
        });
    }

    /**
     * Events, and the event at another id right after they were read.
     *
     * @param events the events, oldest first
     * @param atFeedEnd the event at the end of a feed
     */
    public record Page(List<Event> events, @Nullable Event atFeedEnd) {}

    /**
     * {@code XRANGE}: the first events between two ids, inclusive; and a second one for the event at the end of a feed.
     *
     * @param oldest the lowest id
     * @param newest the highest id
     * @param count the maximum number of events
     * @param feedEnd the id whose event is included in the answer
     * @return the events
     */
    public Page page(EventId oldest, EventId newest, int count, EventId feedEnd) {
        Line line = connections.line();
        RawCommand read = rangeCommand(oldest, newest, count);
        RawCommand end = rangeCommand(feedEnd, feedEnd, 1);
        return inquiry().answered(line, "read", () -> {
            List<@Nullable Object> replies = line.send(List.of(read, end));
            List<Event> events = StreamReplies.events(Inquiry.unlessFailed(replies.get(0)), oldest, newest, true);
            return new Page(events, StreamReplies.entry(Inquiry.unlessFailed(replies.get(1)), feedEnd));
        });
    }

    /**
     * {@code XRANGE} on a given line.
     *
     * @param line the line
     * @param oldest the lowest id
     * @param newest the highest id
     * @param count the maximum number of events
     * @return the events, oldest first
     */
    public List<Event> range(Line line, EventId oldest, EventId newest, int count) {
        return inquiry()
                .ask(
                        line,
                        rangeCommand(oldest, newest, count),
                        reply -> StreamReplies.events(reply, oldest, newest, true));
    }

    /**
     * {@code XREVRANGE}: the last events between two ids, inclusive.
     *
     * @param line the line
     * @param newest the highest id
     * @param oldest the lowest id
     * @param count the maximum number of events
     * @return the events, newest first
     */
    public List<Event> newest(Line line, EventId newest, EventId oldest, int count) {
        return inquiry()
                .ask(
                        line,
                        backCommand(newest, oldest, count),
                        reply -> StreamReplies.events(reply, oldest, newest, false));
    }

    private RawCommand backCommand(EventId newest, EventId oldest, int count) {
        return backCommand(key, newest, oldest, count);
    }

    static RawCommand backCommand(String key, EventId newest, EventId oldest, int count) {
        return RawCommand.of("XREVRANGE", 0, key, end(newest), start(oldest), "COUNT", Math.max(1, count));
    }

    RawCommand rangeCommand(EventId oldest, EventId newest, int count) {
        return rangeCommand(key, oldest, newest, count);
    }

    static RawCommand rangeCommand(String key, EventId oldest, EventId newest, int count) {
        return RawCommand.of("XRANGE", 0, key, start(oldest), end(newest), "COUNT", Math.max(1, count));
    }

    private static String start(EventId oldest) {
        return oldest.equals(EventId.MIN) ? "-" : oldest.toString();
    }

    private static String end(EventId newest) {
        return newest.equals(EventId.MAX) ? "+" : newest.toString();
    }

    /** {@return the state of the stream} */
    public StreamState state() {
        return look(connections.line(), EventId.MIN, EventId.MIN, 0, false).state();
    }

    /**
     * The events of the stream after an id, and the event at another id, from the same moment.
     *
     * @param answer the events after the id
     * @param atFeedEnd the event at the end of a feed
     */
    public record Sight(Answer answer, @Nullable Event atFeedEnd) {}

    /**
     * Reads the events after an id and the state, at one moment: a script with {@code XINFO STREAM} and {@code XRANGE}.
     *
     * @param after the id
     * @param upTo the highest id
     * @param count the maximum number of events
     * @param feedEnd an id whose event is included in the answer
     * @return the answer
     */
    public Sight look(EventId after, EventId upTo, int count, EventId feedEnd) {
        Line line = connections.line();
        return inquiry()
                .ask(line, () -> Look.SCRIPT.on(line, key, after, end(upTo), count, 0, "", "", "", feedEnd), read -> {
                    List<?> reply = StreamReplies.list(read);
                    return new Sight(Look.answer(reply), StreamReplies.event(reply.get(6)));
                });
    }

    /**
     * Reads the same on a given line, without the other event.
     *
     * @param line the line
     * @param after the id
     * @param upTo the highest id
     * @param count the maximum number of events
     * @param server whether to ask for the identity of the server
     * @return the answer
     */
    public Answer look(Line line, EventId after, EventId upTo, int count, boolean server) {
        return inquiry()
                .ask(
                        line,
                        () -> Look.SCRIPT.on(line, key, after, end(upTo), count, server ? 1 : 0),
                        reply -> Look.answer(StreamReplies.list(reply)));
    }

    /** {@return {@code EXISTS}: whether the stream exists} */
    public boolean exists() {
        return inquiry().ask(connections.line(), RawCommand.of("EXISTS", 0, key), StreamReplies::number) > 0;
    }

    /** {@return a script with {@code XGROUP}: whether it created an empty stream, because there was none} */
    public boolean createIfAbsent() {
        Line line = connections.line();
        long ttl = options.ttlAfterLastAdd().toMillis();
        return inquiry().answered(line, "create", () -> StreamReplies.number(CREATE.on(line, key, ttl))) > 0;
    }

    /** {@return {@code UNLINK}: whether a stream existed and was deleted} */
    public boolean delete() {
        RawCommand command = RawCommand.of("UNLINK", 0, key);
        return inquiry()
                        .answered(
                                connections.line(),
                                "delete",
                                () -> StreamReplies.number(Inquiry.one(connections.line(), command)))
                > 0;
    }

    /**
     * {@return whether the command that failed was sent to a server that gave no answer}
     *
     * @param failure the failure
     */
    public boolean wasSent(EventLogUnavailableException failure) {
        return failure.getCause() != null && !RedisFailures.isKnownToHaveDoneNothing(failure.getCause());
    }

    /**
     * {@return whether Redis refused the login, which is temporary while a password is rotated}
     *
     * @param failure the failure
     */
    public static boolean isLoginRefused(EventLogException failure) {
        return failure.getCause() != null && RedisFailures.isLoginRefused(failure.getCause());
    }

    /**
     * {@return whether a thread was interrupted while it waited for Redis}
     *
     * @param failure the failure
     */
    public static boolean isInterruption(Throwable failure) {
        return RedisFailures.isInterruption(failure);
    }

    /**
     * {@return whether the key has another type than stream}
     *
     * @param failure the failure
     */
    public static boolean isAnotherType(EventLogException failure) {
        return failure.getCause() != null && RedisFailures.isAnotherType(failure.getCause());
    }

    /**
     * {@return whether another server of a cluster is responsible for the log, or is about to be}
     *
     * @param failure the failure
     */
    public static boolean isElsewhere(EventLogException failure) {
        return failure.getCause() != null && RedisFailures.isElsewhere(failure.getCause());
    }

    /**
     * {@return a failure as one of the library's exceptions}
     *
     * @param what the operation that failed, as in "Could not read log"
     * @param failure the failure
     */
    public EventLogException translate(String what, Throwable failure) {
        return inquiry().translate(what, failure);
    }
}
