package dev.eventlog.follow;

import dev.eventlog.EventId;
import dev.eventlog.EventLogException;
import dev.eventlog.EventLogUnavailableException;
import dev.eventlog.follow.LogFeed.Question;
import dev.eventlog.follow.LogFeed.Seen;
import dev.eventlog.follow.SharedLogs.Place;
import dev.eventlog.redis.Connections;
import dev.eventlog.redis.LogStream;
import dev.eventlog.redis.SharedLine;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.util.backoff.BackOffExecution;

// Long: all signals about the logs go through one line and one thread.
/**
 * Reads many logs on one line. Each log is read once. Then Redis reports when it changes, and the log is read again, which makes
 * Redis report its next change. One thread judges the events, as long as there are logs. A few other threads ask further
 * questions. The threads of the driver only send and pass on. {@link SharedState} has the transitions. Thread-safe.
 */
final class SharedReader {

    private static final Log logger = LogFactory.getLog(SharedReader.class);

    /** The maximum number of logs that are read at once: enough to keep the line busy, and few enough to be fair. */
    private static final int MOST_AT_ONCE = 128;

    /** The maximum number of logs that are asked about in one write, and of replies that are judged before the next write. */
    private static final int TOGETHER = 32;

    /** The maximum number of threads that ask further questions. */
    private static final int MOST_QUESTIONERS = 4;

    private static final Duration LEAST_PATIENCE = Duration.ofSeconds(2);

    private static final int SHARE_GIVEN_AWAY = 10;

    private static final int MILLIS_TO_LOOK_ELSEWHERE = 100;

    private final Connections connections;
    private final FollowSettings settings;
    private final Executor threads;
    private final String node;
    private final Others others;
    private final Outage outage;
    private final SharedLogs logs = new SharedLogs(MOST_AT_ONCE);
    private final BlockingQueue<Runnable> work = new LinkedBlockingQueue<>();
    private final Queue<Runnable> questions = new ConcurrentLinkedQueue<>();
    private final Semaphore questioners = new Semaphore(MOST_QUESTIONERS);
    private final ToldChanges told = new ToldChanges();

    private volatile @Nullable Session session;
    private volatile boolean down; // had a session, or tried to open one, and has none now

    // Guarded by this.
    private CompletableFuture<Void> ended = CompletableFuture.completedFuture(null); // of the current or last thread

    // Used by the reader's thread only.
    private boolean everConnected;
    private long connectAt;
    private long checkAt;
    private long sweepAt;

    /**
     * Creates a reader that reads nothing yet.
     *
     * @param node the server, as returned by {@link Connections#nodeOf}
     * @param others takes over feeds that cannot be read here
     */
    SharedReader(Connections connections, FollowSettings settings, Executor threads, String node, Others others) {
        this.connections = connections;
        this.settings = settings;
        this.threads = threads;
        this.node = node;
        this.others = others;
        this.outage = new Outage(logger, settings.recovery());
    }

    /** Takes over feeds that this reader no longer reads. */
    interface Others {

        /** Redis, or the connection to it, allows no shared reading. */
        void takeAll(List<LogFeed> feeds, RuntimeException why);

        /** Redis reports too many changes that did not happen: it cannot track so many logs. */
        void takeSome(List<LogFeed> feeds);

        /** Another server of the cluster has these logs now. */
        void takeMoved(List<LogFeed> feeds);
    }

    /** {@return the reader of a feed on this line} */
    FeedReader readerOf(LogFeed feed) {
        return new OneOfMany(feed);
    }

    private final class OneOfMany implements FeedReader {

        private final LogFeed feed;
        private @Nullable Place place; // guarded by this

        OneOfMany(LogFeed feed) {
            this.feed = feed;
        }

        @Override
        public synchronized void start() {
            place = logs.add(feed);
            if (down) { // read after the registration, which the writer of this field can see
                feed.interrupt();
            }
            run();
            wake(); // and not sendNext: logs that begin at the same time are asked about together
        }

        @Override
        public synchronized CompletableFuture<Void> stop() {
            boolean last = place != null && logs.remove(place) == 0;
            if (!last) {
                return CompletableFuture.completedFuture(null);
            }
            wake(); // so that it can end
            return end();
        }

        @Override
        public synchronized void look() {
            if (place != null) {
                logs.outdated(place);
                wake();
            }
        }

        @Override
        public boolean isShared() {
            return true;
        }
    }

    private void wake() {
        work.add(() -> {});
    }

    private synchronized CompletableFuture<Void> end() {
        return ended;
    }

    /** Starts the reader's thread, if it does not run. */
    private synchronized void run() {
        if (!ended.isDone()) {
            return;
        }
        CompletableFuture<Void> end = new CompletableFuture<>();
        ended = end;
        try {
            threads.execute(() -> {
                connectAt = System.nanoTime();
                while (!isOver(end)) {
                    doNext();
                }
            });
        } catch (RejectedExecutionException shutDown) {
            end.complete(null);
        }
    }

    private synchronized boolean isOver(CompletableFuture<Void> end) {
        if (logs.isEmpty()) {
            close(end);
        }
        return end.isDone();
    }

    private synchronized void close(CompletableFuture<Void> end) {
        Session current = session;
        session = null;
        if (current != null) {
            current.line.close();
        }
        end.complete(null);
    }

    private void doNext() {
        try {
            long wait = (session == null ? connectAt : Math.min(checkAt, sweepAt)) - System.nanoTime();
            Runnable next = work.poll(Math.max(1, wait), TimeUnit.NANOSECONDS);
            for (int i = 1; next != null; i++) {
                next.run();
                next = i < TOGETHER ? work.poll() : null;
            }
            sendNext();
            onTime(System.nanoTime());
        } catch (InterruptedException shutDown) {
            close(end());
        } catch (RuntimeException | Error unforeseen) {
            logger.error("Following logs on the shared connection starts again after an unexpected error", unforeseen);
            lost(session, new IllegalStateException("Unexpected error", unforeseen));
        }
    }

    private void onTime(long now) {
        Session current = session;
        if (current == null) {
            if (now - connectAt >= 0) {
                giveAwayMoved();
                connect();
            }
            return;
        }
        if (now - sweepAt >= 0) { // for changes that Redis does not report
            sweepAt = now + settings.sweepInterval().toNanos();
            logs.allChanged();
            sendNext();
        }
        if (now - checkAt >= 0) {
            checkAt = now + settings.pollTimeout().toNanos() / 2;
            giveAwayMoved();
            giveAwaySome();
            current.check(now);
        }
    }

    /** Redis does not report the move of a slot for keys that do not exist. */
    private void giveAwayMoved() {
        if (node.isEmpty()) {
            return;
        }
        List<LogFeed> moved = logs.takeIf(feed -> !hasNow(feed), Integer.MAX_VALUE);
        if (!moved.isEmpty()) {
            moved.forEach(LogFeed::interrupt);
            others.takeMoved(moved);
        }
    }

    private boolean hasNow(LogFeed feed) {
        String now = connections.nodeOf(feed.stream().key());
        return now.isEmpty() || now.equals(node);
    }

    /**
     * If the tracking table of Redis has room for fewer keys than are read, each key that is read displaces another one, which
     * Redis reports as changed.
     */
    private void giveAwaySome() {
        if (told.isVain()) {
            List<LogFeed> some = logs.takeIf(feed -> true, Math.max(1, logs.size() / SHARE_GIVEN_AWAY));
            others.takeSome(some);
        }
    }

    private void connect() {
        Ear ear = new Ear();
        SharedLine line;
        try {
            line = connections.share(node, ear);
        } catch (SharedLine.UnfitException refused) {
            giveUp(refused);
            return;
        } catch (RuntimeException away) {
            lost(null, away);
            return;
        }
        everConnected = true;
        long now = System.nanoTime();
        sweepAt = now + settings.sweepInterval().toNanos();
        checkAt = now + settings.pollTimeout().toNanos() / 2;
        session = new Session(ear, line, true, outage.over("Following logs on the shared connection continues"));
        down = false;
        sendNext();
    }

    private void giveUp(SharedLine.UnfitException why) {
        List<LogFeed> feeds;
        synchronized (this) { // a log that is added later starts another thread, which sees the same state
            feeds = logs.takeAll();
            close(ended);
        }
        others.takeAll(feeds, why);
    }

    /** Reads all logs on another line, after a while. */
    private void lost(@Nullable Session which, RuntimeException thrown) {
        if (which != session) {
            return; // already known
        }
        session = null;
        down = true;
        if (which != null) {
            which.line.close();
        }
        logs.interrupt();
        if (!node.isEmpty()) { // the server may no longer be a master
            connections.wrongServer(System.nanoTime());
        }
        List<LogFeed> feeds = logs.feeds();
        if (feeds.isEmpty()) {
            return;
        }
        EventLogException why = feeds.get(0).stream().translate("follow", thrown);
        boolean passes = why instanceof EventLogUnavailableException || LogStream.isLoginRefused(why) || everConnected;
        long delay = passes
                ? outage.failed(
                        thrown,
                        next -> "Following "
                                + (feeds.size() == 1
                                        ? "log '" + feeds.get(0).stream().log() + "'"
                                        : feeds.size() + " logs on the shared connection")
                                + " is interrupted and will be retried")
                : BackOffExecution.STOP;
        if (delay == BackOffExecution.STOP) {
            feeds.forEach(feed -> feed.refuse(feed.stream().translate("follow", thrown)));
        }
        long wait = delay == BackOffExecution.STOP ? settings.sweepInterval().toMillis() : delay;
        connectAt = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(wait);
    }

    /** Sends pending questions. Called by any thread. */
    private void sendNext() {
        for (Session current = session; current != null; current = session) {
            List<Place> next = logs.next(TOGETHER);
            if (next.isEmpty()) {
                return;
            }
            current.look(next);
        }
    }

    /** Receives the reports of one line. */
    private final class Ear implements SharedLine.Listener {

        @Override
        public void changed(String key) {
            logs.changed(key);
            sendNext();
        }

        @Override
        public void allChanged() {
            work.add(() -> {
                Session current = session;
                if (current != null && current.ear == this) {
                    session = new Session(this, current.line, false, current.away);
                    logs.startOver();
                }
            });
        }

        @Override
        public void lost(RuntimeException why) {
            work.add(() -> {
                Session current = session;
                if (current != null && current.ear == this) {
                    SharedReader.this.lost(current, why);
                }
            });
        }
    }

    /** A line for as long as the data behind it is the same, as far as is known. */
    private final class Session {

        private final Ear ear;
        private final SharedLine line;
        private final boolean begun; // the data belongs to the run of the server that the line names
        private final @Nullable Duration away;
        private long checked;

        Session(Ear ear, SharedLine line, boolean begun, @Nullable Duration away) {
            this.ear = ear;
            this.line = line;
            this.begun = begun;
            this.away = away;
            this.checked = System.nanoTime();
        }

        void look(List<Place> places) {
            List<SharedLine.Question> asked = new ArrayList<>(places.size());
            for (Place place : places) {
                if (session != this) { // the session changed after this place was taken
                    logs.startOver(place);
                } else if (logs.isNewTo(this, place) && !(begun && place.feed.isOf(line.server()))) {
                    question(place, LogFeed::begin);
                } else {
                    asked.add(asking(place));
                }
            }
            if (!asked.isEmpty()) {
                line.ask(asked);
            }
        }

        private SharedLine.Question asking(Place place) {
            Question question = place.feed.question();
            return new SharedLine.Question(
                    question.commands(),
                    (List<@Nullable Object> replies) -> work.add(() -> {
                        if (session == this) { // otherwise the log is read again
                            answered(place, question, replies);
                        }
                    }));
        }

        private void answered(Place place, Question question, List<@Nullable Object> replies) {
            try {
                Seen seen = counted(place, () -> place.feed.answered(question, replies));
                if (seen == Seen.UNCLEAR) {
                    question(place, LogFeed::lookAgain);
                } else {
                    settle(place, seen);
                }
            } catch (RuntimeException failure) {
                failed(place, failure);
            }
        }

        /** After Redis has reported a change, the log should have grown or begun again. */
        private Seen counted(Place place, Supplier<Seen> look) {
            EventId before = place.feed.window().last().id();
            Seen seen = look.get();
            if (seen != Seen.UNCLEAR && logs.takeTold(place)) { // if unclear, the further question counts instead
                told.look(!place.feed.window().last().id().equals(before));
            }
            return seen;
        }

        /** Asks further questions on one of a few threads. */
        private void question(Place place, BiFunction<LogFeed, SharedLine, Seen> asking) {
            logs.unclear(place);
            questions.add(() -> {
                try {
                    settle(place, counted(place, () -> asking.apply(place.feed, line)));
                    sendNext();
                } catch (RuntimeException failure) {
                    work.add(() -> failed(place, failure));
                }
            });
            askQuestions();
        }

        private void settle(Place place, Seen seen) {
            if (session == this && place.feed.isInterrupted()) {
                place.feed.back(away);
            }
            Session now = session;
            if (now == null || now.line != line) { // lost meanwhile: the feed is read again, and back after that
                place.feed.interrupt();
            }
            logs.read(place, seen == Seen.ALL);
        }

        private void failed(Place place, RuntimeException failure) {
            EventLogException why = place.feed.stream().translate("follow", failure);
            if (!node.isEmpty() && LogStream.isElsewhere(why)) {
                connections.wrongServer(System.nanoTime());
                later(place);
                return;
            }
            if (why instanceof EventLogUnavailableException || LogStream.isLoginRefused(why)) {
                lost(this, failure);
            } else {
                place.feed.refuse(why);
            }
            logs.read(place, true);
        }

        /** The slot is moving or has moved: its new server is looked up later. */
        private void later(Place place) {
            place.feed.interrupt();
            CompletableFuture<Void> unused = new CompletableFuture<Void>()
                    .completeOnTimeout(null, MILLIS_TO_LOOK_ELSEWHERE, TimeUnit.MILLISECONDS)
                    .thenRun(() -> work.add(() -> {
                        logs.read(place, false);
                        giveAwayMoved();
                    }));
        }

        void check(long now) {
            long patience =
                    Math.max(LEAST_PATIENCE.toNanos(), settings.pollTimeout().toNanos() / 2);
            if (line.lastAnswer() - checked >= 0) {
                checked = now;
                line.check();
            } else if (now - checked >= patience) {
                lost(this, new IllegalStateException("No answer within " + Duration.ofNanos(patience)));
            }
        }
    }

    private void askQuestions() {
        if (!questions.isEmpty() && questioners.tryAcquire()) {
            try {
                threads.execute(() -> {
                    for (Runnable next = questions.poll(); next != null; next = questions.poll()) {
                        next.run();
                    }
                    questioners.release();
                    askQuestions(); // questions that arrived after the last check
                });
            } catch (RejectedExecutionException shutDown) {
                questioners.release();
            }
        }
    }
}
