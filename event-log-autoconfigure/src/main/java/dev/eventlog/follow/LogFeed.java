package dev.eventlog.follow;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.EventLogUnavailableException;
import dev.eventlog.follow.GapRules.Judgement;
import dev.eventlog.follow.GapRules.Verdict;
import dev.eventlog.redis.Answer;
import dev.eventlog.redis.EventSize;
import dev.eventlog.redis.Line;
import dev.eventlog.redis.LogStream;
import dev.eventlog.redis.PollReading;
import dev.eventlog.redis.RawCommand;
import dev.eventlog.redis.ReadPoint;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

// Long: everything that is read from a log is judged and appended in one place.
/**
 * A feed. It judges the events from its reader, appends them to the window and wakes the followers, in this order, as soon as
 * events arrive.
 *
 * <p>The events are nearly always complete, and this check costs nothing. Otherwise the feed asks the stream again for everything
 * at one moment, and judges that answer. State and events always come from one connection.
 */
final class LogFeed implements Feed {

    private final LogStream stream;
    private final FollowSettings settings;
    private final Observers observers;
    private final Window window;
    private final SameQuestions questions;

    private volatile List<LogFollower> followers = List.of(); // usually one; an unmodifiable list
    private volatile Contact contact = Contact.CHECKED;
    private volatile @Nullable PageSize pages; // null while all events are small and arrive, as in most logs
    // Guarded by this.
    private @Nullable FeedReader reader;
    private boolean stopped;
    private boolean deserted; // the last follower has left
    private int joined; // the number of followers that have ever joined
    private boolean takesFirst; // the first events are being taken

    // The following fields are written only by the one thread that reads at a time.
    private volatile boolean smallEvents;
    private volatile boolean unread = true;
    private volatile boolean atTheEnd;
    private volatile int comebacks;
    private volatile String server;
    private volatile @Nullable EventId firstBefore;

    /**
     * Creates a feed that nobody reads yet.
     *
     * @param questions combines the questions of the followers of all feeds
     */
    LogFeed(LogStream stream, StartPoint start, FollowSettings settings, Observers observers, SameQuestions questions) {
        this.stream = stream;
        this.settings = settings;
        this.observers = observers;
        this.questions = questions;
        this.window = new Window(
                settings.windowSize(),
                start.end(),
                start.newest(),
                start.state().closing());
        this.server = start.server();
        this.firstBefore = start.state().firstId();
        this.smallEvents = EventSize.areSmall(start.newest());
    }

    /**
     * Starts to read, or continues with another reader.
     *
     * @return false if the feed has been stopped
     */
    synchronized boolean readBy(FeedReader next) {
        if (!stopped) {
            reader = next;
            next.start();
        }
        return !stopped;
    }

    LogStream stream() {
        return stream;
    }

    @Override
    public Window window() {
        return window;
    }

    @Override
    public int pageSize() {
        PageSize own = pages;
        return own == null ? settings.batchSize() : own.next();
    }

    @Override
    public void pageWorked(int events, long bytes) {
        if (pages != null || !PageSize.allows(settings.batchSize(), events, bytes)) {
            ownPages().worked(events, bytes);
        }
    }

    @Override
    public void pageFailed() {
        ownPages().failed();
    }

    /** Takes no lock, because the callers hold others. If two threads create it at once, one of the two answers is not counted. */
    private PageSize ownPages() {
        PageSize own = pages;
        if (own == null) {
            own = new PageSize(stream.log(), settings.batchSize());
            pages = own;
        }
        return own;
    }

    @Override
    public SameQuestions questions() {
        return questions;
    }

    @Override
    public boolean isInterrupted() {
        return contact != Contact.CHECKED;
    }

    @Override
    public boolean isAway() {
        return contact == Contact.LOST;
    }

    @Override
    public boolean isAtTheEnd() {
        return atTheEnd;
    }

    @Override
    public synchronized boolean isShared() {
        FeedReader current = reader;
        return current != null && current.isShared();
    }

    @Override
    public int comebacks() {
        return comebacks;
    }

    @Override
    public boolean mayReadFrom(String other) {
        return other.isEmpty() || server.isEmpty() || server.equals(other);
    }

    @Override
    public synchronized boolean join(LogFollower follower, @Nullable ReadPoint before) {
        boolean joins = admits(before);
        if (joins) {
            List<LogFollower> more = new ArrayList<>(followers);
            more.add(follower);
            followers = List.copyOf(more);
        }
        return joins;
    }

    /** {@return whether a follower may join} See {@link #join}. */
    synchronized boolean admits(@Nullable ReadPoint before) {
        boolean hasReadFirst =
                before != null && before.id().equals(EventId.MIN) && (takesFirst || !before.equals(window.last()));
        if (deserted || hasReadFirst) {
            return false;
        }
        joined++;
        return true;
    }

    @Override
    public synchronized boolean leave(LogFollower follower) {
        List<LogFollower> fewer = new ArrayList<>(followers);
        fewer.remove(follower);
        followers = List.copyOf(fewer);
        deserted = fewer.isEmpty();
        return !deserted;
    }

    @Override
    public synchronized CompletableFuture<Void> stop() {
        stopped = true;
        FeedReader current = reader;
        return current == null ? CompletableFuture.completedFuture(null) : current.stop();
    }

    @Override
    public synchronized void look() {
        FeedReader current = reader;
        if (current != null && !stopped) {
            current.look();
        }
    }

    /** The connection was lost, and Redis has not been checked since. */
    void interrupt() {
        if (contact != Contact.LOST) {
            contact = Contact.LOST;
            wake(LogFollower.Wake.INTERRUPTION);
        }
    }

    /** Ends all followers with an error. */
    void refuse(RuntimeException why) {
        followers.forEach(follower -> follower.refuse(why));
    }

    /**
     * Redis can be reached again, and has been checked.
     *
     * @param lasted the duration of the outage; null if there was none
     */
    void back(@Nullable Duration lasted) {
        boolean was = isInterrupted();
        contact = Contact.CHECKED;
        if (was) {
            wake(LogFollower.Wake.INTERRUPTION);
        }
        if (lasted != null) {
            observers.reconnected(stream.log(), lasted);
            wake(LogFollower.Wake.AGAIN);
        }
    }

    /** {@return whether a server certainly has all data of the server that answered last} */
    boolean isOf(String other) {
        return !server.isEmpty() && server.equals(other);
    }

    /** The result of a look at Redis. */
    enum Seen {
        /** All events were read. */
        ALL,
        /** Some of the events were read. */
        PART,
        /** The feed must ask again, with {@link #lookAgain}. */
        UNCLEAR
    }

    /**
     * A question for the events after the window.
     *
     * @param end the end of the window
     * @param small whether the events are expected to be small
     * @param glance whether to ask only whether there are any
     * @param commands the commands to send
     */
    record Question(Window.End end, boolean small, boolean glance, List<RawCommand> commands) {}

    /** Looks for the first time on a connection. Anything may have happened since the last look. */
    Seen begin(Line line) {
        return look(line, answer -> {
            List<Event> events = answer.events();
            if (!events.isEmpty()) {
                pageWorked(events);
            } else if (answer.at() != null) {
                pageWorked(1, 0);
            }
            boolean noDataLost = isOf(answer.server());
            if (!noDataLost) {
                int before = comebacks;
                comebacks = before + 1;
            }
            Seen seen = judge(answer, noDataLost, line);
            server = answer.server();
            return seen;
        });
    }

    /**
     * Asks for everything at one moment. The first events of a log count only if no follower has joined since the question. The
     * log of such a follower was still empty, so these events may have been deleted before it began.
     */
    private Seen look(Line line, Function<Answer, Seen> judge) {
        while (true) {
            int before = joined();
            Answer answer = stream.look(line, window.last().id(), EventId.MAX, pageSize(), true);
            if (!window.last().id().equals(EventId.MIN) || !answer.state().exists()) {
                return judge.apply(answer);
            }
            if (takesFirst(before)) {
                try {
                    return judge.apply(answer);
                } finally {
                    tookFirst();
                }
            }
        }
    }

    /** {@return whether no follower has joined} If so, none joins until the first events are taken. */
    private synchronized boolean takesFirst(int before) {
        takesFirst = joined == before;
        return takesFirst;
    }

    private synchronized void tookFirst() {
        takesFirst = false;
    }

    private synchronized int joined() {
        return joined;
    }

    /** Waits for new events, on its own line. */
    void poll(Line line) {
        Window.End end = window.end();
        PollReading.Poll poll =
                stream.polling().poll(line, end.point().id(), pageSize(), settings.pollTimeout(), smallEvents);
        if (take(end, poll) == Seen.UNCLEAR) {
            lookAgain(line);
        }
    }

    /** {@return whether the next events are expected to be small} */
    boolean hasSmallEvents() {
        return smallEvents;
    }

    /** {@return the question for the existing events, without waiting} The first one is cheap: usually there are none yet. */
    Question question() {
        Window.End end = window.end();
        boolean small = smallEvents;
        boolean glance = unread && small && end.event() != null && !isInterrupted();
        unread = false;
        EventId last = end.point().id();
        return new Question(
                end,
                small,
                glance,
                glance ? stream.polling().glance() : stream.polling().question(last, pageSize(), null, small));
    }

    /** Takes the replies to a question, unless other events were taken after the question was created. */
    Seen answered(Question question, List<@Nullable Object> replies) {
        Window.End end = question.end();
        if (!end.point().equals(window.last())) {
            return Seen.PART;
        }
        if (question.glance()) {
            return take(end, stream.polling().glanced(replies, end.point().id()));
        }
        return take(end, stream.polling().polled(replies, end.point().id(), question.small()));
    }

    private Seen take(Window.End end, PollReading.Poll poll) {
        hasAnswered();
        smallEvents = poll.small();
        Answer answer = poll.answer();
        pageWorked(answer.events().size(), poll.bytes());
        if (!GapRules.isPlainlyWhole(end.point(), end.event(), answer)) {
            return Seen.UNCLEAR;
        }
        begins(answer);
        append(end.point(), answer);
        return seen(answer);
    }

    /** Called before the events of an answer are appended. Another thread may report a lost connection at the same time. */
    private void hasAnswered() {
        if (contact == Contact.LOST) {
            contact = Contact.ANSWERED;
        }
    }

    private Seen seen(Answer answer) {
        return answer.state().lastId().isAfter(window.last().id()) ? Seen.PART : Seen.ALL;
    }

    /** Asks again, for everything at one moment. */
    Seen lookAgain(Line line) {
        return look(line, answer -> {
            refuseUnlessOfTheSameServer(answer);
            return judge(answer, true, line);
        });
    }

    /**
     * A server that becomes a replica keeps its connections, but gets all data of the new master. Its answers then belong to
     * other data. If the server's run id is unknown, the connection identifies the server.
     */
    private void refuseUnlessOfTheSameServer(Answer now) {
        if (!server.isEmpty() && !server.equals(now.server())) {
            throw new EventLogUnavailableException(
                    stream.log(),
                    "Log '" + stream.log() + "' was read from a server that is no longer the same master",
                    null);
        }
    }

    private Seen judge(Answer answer, boolean noDataLost, Line line) {
        hasAnswered();
        Window.End end = window.end();
        Trimming trimming = Trimming.of(stream.options());
        Judgement judgement = noDataLost
                ? GapRules.judge(end.point(), end.event(), answer, trimming, window::memory)
                : GapRules.judgeAfterInterruption(end.point(), end.event(), answer, trimming, window::memory);
        if (judgement.verdict() == Verdict.BEGAN_AGAIN) {
            LogHistory.Common common = new LogHistory(stream, line, window).newestInCommon(answer.state(), firstBefore);
            window.part(common.point(), common.event());
            begins(answer);
            wake(LogFollower.Wake.AGAIN);
            return seen(answer);
        }
        if (judgement.verdict() == Verdict.REMOVED) {
            window.skipTo(judgement.next());
            wake(LogFollower.Wake.MORE);
        }
        begins(answer);
        append(judgement.next(), answer);
        return seen(answer);
    }

    /** Remembers the id of the first event. Keeps one object if the id is still the same, or is that of an event just read. */
    private void begins(Answer answer) {
        EventId first = answer.state().firstId();
        if (!Objects.equals(first, firstBefore)) {
            EventId read = answer.end(EventId.MIN);
            firstBefore = read.equals(first) ? read : first;
        }
    }

    private void append(ReadPoint from, Answer answer) {
        ReadPoint read = GapRules.afterReading(from, answer.events(), answer.state());
        boolean moved = window.append(answer.events(), read, answer.state().closing());
        atTheEnd = !answer.state().lastId().isAfter(read.id());
        if (moved) {
            wake(LogFollower.Wake.MORE);
        }
    }

    private void wake(LogFollower.Wake why) {
        followers.forEach(follower -> follower.wake(why));
    }
}
