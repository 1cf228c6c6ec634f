package dev.eventlog.redis;

import dev.eventlog.AddOptions;
import dev.eventlog.Completion;
import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.EventLogCompletedException;
import dev.eventlog.EventLogException;
import dev.eventlog.EventLogOptions;
import dev.eventlog.EventLogUnavailableException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

// Long: all commands that are sent about a log are in one place, each with its documentation.
/**
 * The commands on one log's stream. What it asks costs the server at most a page. Thread-safe; every failure is an
 * {@link EventLogException}.
 */
public final class LogStream {

    private static final Script LOOK = Script.of("look.lua");
    private static final Script CREATE = Script.of("create.lua");

    /** The newest event and the one before the tail are asked for in any case, so a page is one event more than this. */
    private static final int MOST_AT_ONCE = 1_000;

    private final String log;
    private final String key;
    private final Connections connections;
    private final int pageSize;
    private final EventLogOptions options;
    private final Inquiry inquiry;

    /**
     * The commands on one log.
     *
     * @param log the name of the log
     * @param key the key of its stream
     * @param connections where to ask
     * @param pageSize how many events to ask for at once when reading
     * @param options the options of the log
     */
    public LogStream(String log, String key, Connections connections, int pageSize, EventLogOptions options) {
        this.log = log;
        this.key = key;
        this.connections = connections;
        this.pageSize = pageSize;
        this.options = options;
        this.inquiry = new Inquiry(log, key, connections);
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

    /** {@return the options of the log} */
    public EventLogOptions options() {
        return options;
    }

    /**
     * {@code XADD}, or a script where more than that belongs to the add.
     *
     * @param event the fields
     * @param terms what the add depends on
     * @return the id
     */
    public EventId add(Map<String, String> event, AddOptions terms) {
        AddScript adding = adding();
        return adding.isPlain(terms)
                ? unlessComplete(() -> adding.plain(event))
                : addAll(List.of(event), terms).get(0);
    }

    /**
     * A script of {@code XADD} for each event, so that they come to stand side by side, or none does.
     *
     * @param events the fields of each; at least one
     * @param terms what the add depends on
     * @return the ids, in order
     */
    public List<EventId> addAll(List<Map<String, String>> events, AddOptions terms) {
        AddScript adding = adding();
        Supplier<List<String>> add = adding.prepared(events, terms);
        List<String> answer = unlessComplete(add);
        return adding.ids(answer, events.size(), terms);
    }

    /** Not kept: most logs that are followed are not added to by the same application. */
    private AddScript adding() {
        return new AddScript(log, key, connections.commands(), options);
    }

    /** Redis refuses every add to a complete log by itself. Only then is it asked how that ended. */
    private <T> T unlessComplete(Supplier<T> add) {
        try {
            return inquiry.change(add);
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
     * @param completion how it ends
     * @param lastEvents the fields of the events to add before
     * @return what was done
     * @throws EventLogCompletedException if the log had ended in another way
     */
    public CompleteScript.Done complete(Completion completion, List<Map<String, String>> lastEvents) {
        CompleteScript completing = new CompleteScript(log, key, connections.commands(), options);
        return completing.done(inquiry.change(completing.prepared(completion, lastEvents)));
    }

    /**
     * Reads backwards, page by page. Each page is asked for before the one above it is converted. Backwards, because trimming
     * removes from the other end: whatever is removed meanwhile, the events answered have no hole among them.
     *
     * @param newest the newest id to answer
     * @param after the id after which to stop
     * @param limit how many events to answer at most
     * @param page takes each page, newest event first
     */
    public void backwards(EventId newest, EventId after, long limit, Consumer<List<Event>> page) {
        new BackwardReading(this, inquiry, connections.line(), true, true, pageSize)
                .read(newest, after.next(), limit, events -> {
                    page.accept(events);
                    return true;
                });
    }

    /**
     * Reads backwards on a given line, until it is enough.
     *
     * @param line where to ask
     * @param newest the newest id to answer
     * @param oldest the oldest id to answer
     * @param limit how many events to answer at most
     * @param page takes each page, newest event first, and answers whether to go on
     */
    @SuppressWarnings("ReferenceEquality") // whether it is the line that all commands share
    public void backwards(Line line, EventId newest, EventId oldest, long limit, Predicate<List<Event>> page) {
        boolean opensAgain = line == connections.line();
        new BackwardReading(this, inquiry, line, opensAgain, false, pageSize).read(newest, oldest, limit, page);
    }

    private List<Event> back(Line line, EventId newest, EventId oldest, int count, AnswerSize size) {
        return inquiry.ask(line, backCommand(newest, oldest, count), reply -> {
            List<Event> events = StreamReplies.events(reply, oldest, newest, false);
            size.worked(events.size(), StreamReplies.size(reply));
            return events;
        });
    }

    /**
     * Events, and what there was at another id right after they had been read.
     *
     * @param events the events, oldest first
     * @param atFeedEnd the event at the end of a feed
     */
    public record Page(List<Event> events, @Nullable Event atFeedEnd) {}

    /**
     * {@code XRANGE}: the first events between two ids, both included; and another one for the event at the end of a feed.
     *
     * @param oldest the lowest id
     * @param newest the highest id
     * @param count how many events at most
     * @param feedEnd the id of which to show the event
     * @return the events
     */
    public Page page(EventId oldest, EventId newest, int count, EventId feedEnd) {
        Line line = connections.line();
        RawCommand read = rangeCommand(oldest, newest, count);
        RawCommand end = rangeCommand(feedEnd, feedEnd, 1);
        return inquiry.answered(line, "read", () -> {
            List<@Nullable Object> replies = line.send(List.of(read, end));
            List<Event> events = StreamReplies.events(Inquiry.unlessFailed(replies.get(0)), oldest, newest, true);
            return new Page(events, StreamReplies.entry(Inquiry.unlessFailed(replies.get(1)), feedEnd));
        });
    }

    /**
     * {@code XRANGE} on a given line.
     *
     * @param line where to ask
     * @param oldest the lowest id
     * @param newest the highest id
     * @param count how many events at most
     * @return the events, oldest first
     */
    public List<Event> range(Line line, EventId oldest, EventId newest, int count) {
        return inquiry.ask(
                line, rangeCommand(oldest, newest, count), reply -> StreamReplies.events(reply, oldest, newest, true));
    }

    /**
     * {@code XREVRANGE}: the last events between two ids, both included.
     *
     * @param line where to ask
     * @param newest the highest id
     * @param oldest the lowest id
     * @param count how many events at most
     * @return the events, newest first
     */
    public List<Event> newest(Line line, EventId newest, EventId oldest, int count) {
        return inquiry.ask(
                line, backCommand(newest, oldest, count), reply -> StreamReplies.events(reply, oldest, newest, false));
    }

    private RawCommand backCommand(EventId newest, EventId oldest, int count) {
        return backCommand(key, newest, oldest, count);
    }

    static RawCommand backCommand(String key, EventId newest, EventId oldest, int count) {
        return RawCommand.of("XREVRANGE", 0, key, end(newest), start(oldest), "COUNT", Math.max(1, count));
    }

    private RawCommand rangeCommand(EventId oldest, EventId newest, int count) {
        return RawCommand.of("XRANGE", 0, key, start(oldest), end(newest), "COUNT", Math.max(1, count));
    }

    private static String start(EventId oldest) {
        return oldest.equals(EventId.MIN) ? "-" : oldest.toString();
    }

    private static String end(EventId newest) {
        return newest.equals(EventId.MAX) ? "+" : newest.toString();
    }

    /** {@return what the stream knows of itself} */
    public StreamState state() {
        return look(connections.line(), EventId.MIN, EventId.MIN, 0, false).state();
    }

    /**
     * What the stream shows after an id, and the event at another one, at the same moment.
     *
     * @param answer what there was after that id
     * @param atFeedEnd the event at the end of a feed
     */
    public record Sight(Answer answer, @Nullable Event atFeedEnd) {}

    /**
     * Asks what the stream shows after an id, at one moment: a script of {@code XINFO STREAM} and {@code XRANGE}.
     *
     * @param after the id
     * @param upTo the highest id to show
     * @param count how many events to show at most
     * @param feedEnd an id of which to show the event
     * @return what it shows
     */
    public Sight look(EventId after, EventId upTo, int count, EventId feedEnd) {
        Line line = connections.line();
        return inquiry.ask(line, () -> LOOK.on(line, key, after, end(upTo), count, 0, "", "", "", feedEnd), read -> {
            List<?> reply = StreamReplies.list(read);
            return new Sight(answer(reply), StreamReplies.event(reply.get(6)));
        });
    }

    /**
     * Asks the same on a given line, without another event.
     *
     * @param line where to ask
     * @param after the id
     * @param upTo the highest id to show
     * @param count how many events to show at most
     * @param server whether to ask which life of which server this is
     * @return what it shows
     */
    public Answer look(Line line, EventId after, EventId upTo, int count, boolean server) {
        return inquiry.ask(
                line,
                () -> LOOK.on(line, key, after, end(upTo), count, server ? 1 : 0),
                reply -> answer(StreamReplies.list(reply)));
    }

    private static Answer answer(List<?> reply) {
        List<?> state = StreamReplies.list(reply.get(1));
        EventId after = EventId.parse(StreamReplies.text(reply.get(2)));
        return new Answer(
                state.isEmpty() ? StreamState.ABSENT : StreamReplies.state(state),
                StreamReplies.text(reply.get(0)),
                StreamReplies.event(reply.get(3)),
                StreamReplies.event(reply.get(4)),
                StreamReplies.events(reply.get(5), after.next(), EventId.MAX, true));
    }

    /**
     * Where a tail begins, and what the stream showed then.
     *
     * @param after the id after which it begins
     * @param limited how many events there are after that id, if the number was limited; below 0 if not
     * @param answer what there was after that id
     * @param atFeedEnd the event at the end of a feed
     * @param newest the newest few events of the log, newest first
     */
    public record Beginning(
            EventId after,
            long limited,
            Answer answer,
            @Nullable Event atFeedEnd,
            List<Event> newest) {

        private Beginning movedTo(EventId other, long counted, @Nullable Event at) {
            Answer none = new Answer(answer.state(), answer.server(), at, null, List.of());
            return new Beginning(other, counted, none, atFeedEnd, newest);
        }
    }

    /**
     * Finds where a tail begins: one script, at one moment. Of a tail longer than a page the beginning is further back: that
     * is looked for page by page, each from the very event at which the one before ended.
     *
     * @param earliest the id after which it begins at the earliest
     * @param limit how many events it has at most; {@link Long#MAX_VALUE} for no limit
     * @param feedEnd an id of which to show the event
     * @param count how many events to show
     * @return where it begins, and what the stream showed then
     */
    public Beginning begin(EventId earliest, long limit, @Nullable EventId feedEnd, int count) {
        Line line = connections.line();
        Object[] question = beginQuestion(earliest, limit, feedEnd, count);
        List<?> reply = inquiry.ask(line, () -> LOOK.on(line, key, question), StreamReplies::list);
        return beginning(reply, earliest, limit);
    }

    /**
     * A question where a tail begins, as {@link #begin} asks it.
     *
     * @param stream the log
     * @param earliest the id after which it begins at the earliest
     * @param limit how many events it has at most; {@link Long#MAX_VALUE} for no limit
     * @param count how many events to show
     */
    public record BeginQuestion(LogStream stream, EventId earliest, long limit, int count) {}

    /**
     * Finds where the tails of many logs begin, as {@link #begin} does: all are asked in one go.
     *
     * @param questions what to ask, at least one; all of one application
     * @return where each begins; null for those that have to be asked by themselves
     */
    public static List<@Nullable Beginning> beginAll(List<BeginQuestion> questions) {
        LogStream any = questions.get(0).stream();
        List<@Nullable Beginning> beginnings = new ArrayList<>(questions.size());
        if (!any.connections.nodeOf(any.key).isEmpty()) { // in a cluster one node that is away would fail them all
            questions.forEach(each -> beginnings.add(null));
            return beginnings;
        }
        Line line = any.connections.line();
        List<RawCommand> commands = questions.stream()
                .map(each -> LOOK.digestCommand(
                        each.stream().key, beginQuestion(each.earliest(), each.limit(), null, each.count())))
                .toList();
        List<@Nullable Object> replies = any.inquiry.answered(line, "read", () -> {
            List<@Nullable Object> all = line.send(commands);
            if (all.get(0) instanceof RuntimeException failure
                    && !RedisFailures.isUnknownScript(failure)
                    && any.inquiry.translate("read", failure) instanceof EventLogUnavailableException) {
                throw failure; // else each would be waited for by itself
            }
            return all;
        });
        for (int i = 0; i < questions.size(); i++) {
            beginnings.add(i < replies.size() ? beginningOf(questions.get(i), replies.get(i)) : null);
        }
        return beginnings;
    }

    private static @Nullable Beginning beginningOf(BeginQuestion question, @Nullable Object reply) {
        if (!(reply instanceof List<?>)) {
            return null;
        }
        try {
            return question.stream().beginning(reply, question.earliest(), question.limit());
        } catch (RuntimeException failure) { // only this log fails: the question that is sent for it alone fails again
            return null;
        }
    }

    private static Object[] beginQuestion(EventId earliest, long limit, @Nullable EventId feedEnd, int count) {
        Object shown = feedEnd == null ? EventId.MIN : feedEnd;
        return new Object[] {"", "+", count, 1, earliest, most(limit), MOST_AT_ONCE, shown};
    }

    private static long most(long limit) {
        return limit == Long.MAX_VALUE ? -1 : limit;
    }

    private Beginning beginning(@Nullable Object read, EventId earliest, long limit) {
        List<?> reply = StreamReplies.list(read);
        Answer answer = answer(reply);
        long most = most(limit);
        Beginning beginning = new Beginning(
                EventId.parse(StreamReplies.text(reply.get(2))),
                most >= 0 && answer.state().length() > most ? most : -1,
                answer,
                StreamReplies.event(reply.get(6)),
                StreamReplies.events(reply.get(8), EventId.MIN, EventId.MAX, false));
        long counted = StreamReplies.number(reply.get(7));
        return counted < 0 ? beginning : further(beginning, earliest, limit, counted);
    }

    private Beginning further(Beginning first, EventId earliest, long limit, long counted) {
        Event oldest = first.answer().at();
        AnswerSize size = new AnswerSize(MOST_AT_ONCE, counted);
        long left = limit - counted;
        while (oldest != null && left > 0) {
            int count = size.next(left) + 1;
            List<Event> page = back(connections.line(), oldest.id(), earliest.next(), count, size);
            if (page.isEmpty() || !page.get(0).equals(oldest)) {
                break; // trimmed up to there meanwhile: the follower is told what of its tail is gone
            }
            left -= page.size() - 1;
            oldest = page.get(page.size() - 1);
            if (page.size() < count) {
                return first.movedTo(earliest, -1, null);
            }
        }
        EventId after = oldest == null ? first.after() : oldest.id();
        return first.movedTo(after, left == 0 ? limit : -1, oldest);
    }

    /**
     * What a poll brought: the events, then the state, then the event at the end, asked for in this order.
     *
     * @param answer what was read and what was asked for behind it
     * @param small whether the events were so small that it costs little to be sent three of them once more
     * @param bytes the size of the events
     */
    public record Poll(Answer answer, boolean small, long bytes) {}

    /**
     * Reads what comes, and sends the question for the state right behind: one round trip for both, and hardly anything can
     * happen in between. {@code XREAD BLOCK}, then {@code XINFO STREAM} and {@code XRANGE} of one event; for large events a
     * script in place of {@code XINFO}, which would bring along two of them.
     *
     * @param line where to ask
     * @param after the id after which to read
     * @param seen the event that was read last, at the id after which to read; null if there is none
     * @param count how many events at most
     * @param block how long to wait for the first of them
     * @param small whether the events are expected to be small, as the poll before said
     * @return what it brought
     */
    public Poll poll(Line line, EventId after, @Nullable Event seen, int count, Duration block, boolean small) {
        if (connections.pipelines()) {
            return polled(line.send(question(after, count, block, small)), after, seen, small);
        }
        List<@Nullable Object> replies = new ArrayList<>(line.send(List.of(read(after, count, block))));
        if (!(replies.get(0) instanceof RuntimeException)) {
            replies.add(LOOK.on(line, key, digestOf(after)));
        }
        return polled(replies, after, seen, small);
    }

    /**
     * The commands of a {@link #poll}, to be sent in one go.
     *
     * @param after the id after which to read
     * @param count how many events at most
     * @param block how long to wait for the first of them; null not to wait
     * @param small whether the events are expected to be small
     * @return the commands
     */
    public List<RawCommand> question(EventId after, int count, @Nullable Duration block, boolean small) {
        RawCommand read = read(after, count, block);
        return small
                ? List.of(read, RawCommand.of("XINFO", 1, "STREAM", key), rangeCommand(after, after, 1))
                : List.of(read, LOOK.command(key, digestOf(after)));
    }

    private RawCommand read(EventId after, int count, @Nullable Duration block) {
        return block == null
                ? RawCommand.of("XREAD", 3, "COUNT", count, "STREAMS", key, after)
                : RawCommand.of(
                        "XREAD", 5, "COUNT", count, "BLOCK", Math.max(1, block.toMillis()), "STREAMS", key, after);
    }

    /**
     * What the replies to a {@link #question} say.
     *
     * @param replies a reply for each command
     * @param after the id after which was read
     * @param seen the event that was read last, at that id; null if there is none
     * @param small whether the events were expected to be small
     * @return what was brought
     */
    public Poll polled(List<@Nullable Object> replies, EventId after, @Nullable Event seen, boolean small) {
        List<Event> events = inquiry.decode("follow", replies.get(0), reply -> StreamReplies.ofOneStream(reply, after));
        long bytes = StreamReplies.size(replies.get(0));
        boolean smallNow = events.isEmpty() ? small : EventSize.areSmall(events.size(), bytes);
        if (replies.size() < 3) {
            Answer then = inquiry.decode("follow", replies.get(1), reply -> answer(StreamReplies.list(reply)));
            Event at = seen != null && then.at() != null && StreamReplies.isDigestOf(seen, then.at()) ? seen : null;
            return new Poll(new Answer(then.state(), "", at, null, events), smallNow, bytes);
        }
        StreamState state = isAbsent(replies.get(1))
                ? StreamState.ABSENT
                : inquiry.decode("follow", replies.get(1), StreamReplies::state);
        Optional<Event> at = inquiry.decode(
                "follow", replies.get(2), reply -> Optional.ofNullable(StreamReplies.entry(reply, after)));
        return new Poll(
                new Answer(state, "", at.orElse(null), null, events),
                smallNow && StreamReplies.size(replies.get(1)) <= 3 * EventSize.SMALL,
                bytes);
    }

    /** What the script is asked for in a poll: the state, and whether the event at an id is still the same. */
    private static Object[] digestOf(EventId after) {
        return new Object[] {after, "+", 0, 0, "", "", "", EventId.MIN, 1};
    }

    private static boolean isAbsent(@Nullable Object reply) {
        return reply instanceof RuntimeException failure && RedisFailures.isNoSuchKey(failure);
    }

    /** {@return {@code EXISTS}: whether there is a stream} */
    public boolean exists() {
        return inquiry.ask(connections.line(), RawCommand.of("EXISTS", 0, key), StreamReplies::number) > 0;
    }

    /** {@return a script of {@code XGROUP}: whether there was no stream, and is an empty one now} */
    public boolean createIfAbsent() {
        Line line = connections.line();
        long ttl = options.ttlAfterLastAdd().toMillis();
        return inquiry.answered(line, "create", () -> StreamReplies.number(CREATE.on(line, key, ttl))) > 0;
    }

    /** {@return {@code UNLINK}: whether there was a stream, which is gone now} */
    public boolean delete() {
        RawCommand command = RawCommand.of("UNLINK", 0, key);
        return inquiry.answered(
                        connections.line(),
                        "delete",
                        () -> StreamReplies.number(Inquiry.one(connections.line(), command)))
                > 0;
    }

    /**
     * {@return whether what failed so was sent to a server, which then gave no answer}
     *
     * @param failure what failed
     */
    public boolean wasSent(EventLogUnavailableException failure) {
        return failure.getCause() != null && !RedisFailures.isKnownToHaveDoneNothing(failure.getCause());
    }

    /**
     * {@return whether Redis did not let the user in, which passes where a password is rotated}
     *
     * @param failure what failed
     */
    public static boolean isLoginRefused(EventLogException failure) {
        return failure.getCause() != null && RedisFailures.isLoginRefused(failure.getCause());
    }

    /**
     * {@return whether the key holds something else than a stream}
     *
     * @param failure what failed
     */
    public static boolean isAnotherType(EventLogException failure) {
        return failure.getCause() != null && RedisFailures.isAnotherType(failure.getCause());
    }

    /**
     * {@return whether another server of a cluster is to be asked about the log, or is about to be}
     *
     * @param failure what failed
     */
    public static boolean isElsewhere(EventLogException failure) {
        return failure.getCause() != null && RedisFailures.isElsewhere(failure.getCause());
    }

    /**
     * {@return a failure as one of the library's exceptions}
     *
     * @param what what could not be done to the log, as in "Could not read log"
     * @param failure what was thrown
     */
    public EventLogException translate(String what, Throwable failure) {
        return inquiry.translate(what, failure);
    }
}
