package dev.eventlog.follow;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.EventLogException;
import dev.eventlog.EventLogUnavailableException;
import dev.eventlog.follow.GapRules.Judgement;
import dev.eventlog.follow.GapRules.Verdict;
import dev.eventlog.redis.Answer;
import dev.eventlog.redis.Connections;
import dev.eventlog.redis.ContainerPoller;
import dev.eventlog.redis.Line;
import dev.eventlog.redis.LogStream;
import dev.eventlog.redis.ReadPoint;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.util.backoff.BackOffExecution;

/**
 * A feed on a connection of its own: reads, judges, appends to the window, wakes the followers, in this order, as soon as
 * something comes.
 *
 * <p>What a poll brought is plainly whole nearly always, which costs nothing to see. Else the stream is asked again, for all
 * of it at one moment, and that answer is judged. State and events always come from the feed's own connection.
 */
final class LogFeed implements Feed, ContainerPoller.Polling {

    private static final Log logger = LogFactory.getLog(LogFeed.class);

    private final LogStream stream;
    private final FollowSettings settings;
    private final Executor threads;
    private final Observers observers;
    private final Window window;
    private final long limit;
    private final PageSize pages;
    private final ContainerPoller poller;
    private final Outage outage;
    private final Set<LogFollower> followers = ConcurrentHashMap.newKeySet();

    private volatile boolean interrupted;
    private final AtomicInteger comebacks = new AtomicInteger();

    // What follows belongs to the one thread that polls at a time.
    private boolean asked;
    private boolean connected;
    private boolean everConnected;
    private boolean smallEvents;
    private volatile String server; // for others to see, too
    private @Nullable EventId firstBefore;

    LogFeed(
            LogStream stream,
            StartPoint start,
            long limit,
            FollowSettings settings,
            Connections connections,
            Executor threads,
            Observers observers) {
        this.stream = stream;
        this.settings = settings;
        this.threads = threads;
        this.observers = observers;
        this.limit = limit;
        this.window = new Window(settings.windowSize(), start.end(), start.newest());
        this.pages = new PageSize(stream.log(), settings.batchSize());
        this.server = start.server();
        this.firstBefore = start.state().firstId();
        this.outage = new Outage(logger, settings.recovery());
        this.poller = new ContainerPoller(connections, settings.pollTimeout(), threads, this);
    }

    /** Begins to read. Not in the constructor, so that no other thread sees the feed half made. */
    void start() {
        poller.subscribe();
    }

    @Override
    public Window window() {
        return window;
    }

    @Override
    public PageSize pages() {
        return pages;
    }

    @Override
    public boolean isInterrupted() {
        return interrupted;
    }

    @Override
    public int comebacks() {
        return comebacks.get();
    }

    @Override
    public boolean mayReadFrom(String other) {
        return other.isEmpty() || server.isEmpty() || server.equals(other);
    }

    @Override
    public void join(LogFollower follower) {
        followers.add(follower);
    }

    @Override
    public boolean leave(LogFollower follower) {
        followers.remove(follower);
        return !followers.isEmpty();
    }

    @Override
    public CompletableFuture<Void> stop() {
        return poller.stop();
    }

    @Override
    public void poll(Line line) {
        asked = true;
        if (!connected) {
            begin(line);
            return;
        }
        Window.End end = window.end();
        ReadPoint at = end.point();
        LogStream.Poll poll =
                stream.poll(line, at.id(), end.event(), pages.next(), settings.pollTimeout(), smallEvents);
        smallEvents = poll.small();
        Answer answer = poll.answer();
        pages.worked(answer.events().size(), poll.bytes());
        if (GapRules.isPlainlyWhole(at, end.event(), answer)) {
            firstBefore = answer.state().firstId();
            append(at, answer);
        } else {
            Answer now = stream.look(line, at.id(), EventId.MAX, pages.next(), true);
            refuseUnlessOfTheSameServer(now);
            judge(now, true, line);
        }
    }

    /**
     * Who is made a replica keeps its connections, and has all its data replaced by another's: what it shows then is not what was
     * read, and another is the master. Where the server's life could not be asked for, the connection stands for it.
     */
    private void refuseUnlessOfTheSameServer(Answer now) {
        if (!server.isEmpty() && !server.equals(now.server())) {
            throw new EventLogUnavailableException(
                    stream.log(),
                    "Log '" + stream.log() + "' was read from a server that is no longer the master it was",
                    null);
        }
    }

    /** The first look on a connection: who knows what happened since the last one. */
    private void begin(Line line) {
        Answer answer = stream.look(line, window.last().id(), EventId.MAX, pages.next(), true);
        Event there = answer.at();
        pages.worked(there == null || !answer.events().isEmpty() ? answer.events() : List.of(there));
        boolean noDataLost = !answer.server().isEmpty() && answer.server().equals(server);
        if (!noDataLost) {
            comebacks.incrementAndGet();
        }
        judge(answer, noDataLost, line);
        server = answer.server();
        connected = true;
        everConnected = true;
        interrupted = false;
        Duration lasted = outage.over("Following log '" + stream.log() + "' goes on");
        if (lasted != null) {
            observers.reconnected(stream.log(), lasted);
            wake(LogFollower.Wake.AGAIN);
        }
    }

    private void judge(Answer answer, boolean noDataLost, Line line) {
        Window.End end = window.end();
        Judgement judgement = noDataLost
                ? GapRules.judge(end.point(), end.event(), answer, limit, window::memory)
                : GapRules.judgeAfterInterruption(end.point(), end.event(), answer, limit, window::memory);
        if (judgement.verdict() == Verdict.BEGAN_AGAIN) {
            LogHistory.Common common = new LogHistory(stream, line, window).newestInCommon(answer.state(), firstBefore);
            window.part(common.point(), common.event());
            firstBefore = answer.state().firstId();
            wake(LogFollower.Wake.AGAIN);
            return;
        }
        if (judgement.verdict() == Verdict.REMOVED) {
            window.skipTo(judgement.next());
            wake(LogFollower.Wake.MORE);
        }
        firstBefore = answer.state().firstId();
        append(judgement.next(), answer);
    }

    private void append(ReadPoint from, Answer answer) {
        ReadPoint read = GapRules.afterReading(from, answer.events(), answer.state());
        window.append(answer.events(), read);
        if (!read.id().equals(from.id())) {
            wake(LogFollower.Wake.MORE);
        }
    }

    private void wake(LogFollower.Wake why) {
        followers.forEach(follower -> follower.wake(why));
    }

    @Override
    public void ended(Throwable thrown) {
        EventLogException why = stream.translate("follow", thrown);
        interrupted = true;
        connected = false;
        boolean atHandshake = !asked;
        if (asked) {
            asked = false;
            pages.failed();
        }
        // A password that is rotated, or a user that a restored server does not have yet, ends no feed that once was
        // let in.
        boolean passes = why instanceof EventLogUnavailableException
                || (everConnected && (atHandshake || LogStream.isLoginRefused(why)));
        long delay = passes
                ? outage.failed(
                        why, next -> "Following log '" + stream.log() + "' is interrupted, and will be tried again")
                : BackOffExecution.STOP;
        if (delay == BackOffExecution.STOP) {
            followers.forEach(follower -> follower.refuse(why));
        } else {
            CompletableFuture.delayedExecutor(delay, TimeUnit.MILLISECONDS, threads)
                    .execute(poller::subscribe);
        }
    }
}
