package dev.eventlog.follow;

import dev.eventlog.EventLogException;
import dev.eventlog.EventLogUnavailableException;
import dev.eventlog.follow.SharedLogs.Place;
import dev.eventlog.redis.Connections;
import dev.eventlog.redis.LogStream;
import dev.eventlog.redis.SharedLine;
import dev.eventlog.redis.TrackingTable;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
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

    private static final String SUBJECT = "Following logs on the shared connection";

    private static final int SHARE_GIVEN_AWAY = 10;

    private static final Duration PAUSE = Duration.ofMillis(100); // of a log that another server may have

    private final Connections connections;
    private final FollowSettings settings;
    private final Executor threads;
    private final String node;
    private final Others others;
    private final Outage outage;
    private final FullExecutor crowd;
    private final SharedLogs logs = new SharedLogs(MOST_AT_ONCE);
    private final MovedLogs moved;
    private final BlockingQueue<Runnable> work = new LinkedBlockingQueue<>();
    private final SideBySide questions;
    private final ToldChanges told = new ToldChanges();

    private volatile @Nullable SharedSession session;
    private volatile boolean down; // has no session, after it had one or tried to open one

    // Guarded by this.
    private CompletableFuture<Void> ended = CompletableFuture.completedFuture(null); // of the current or last thread
    private boolean waitsForThread;

    // Used by the reader's thread only.
    private boolean everConnected;
    private long connectAt;
    private long checkAt;
    private long sweepAt;
    private long resumeAt;

    private volatile boolean readSome; // whether a log was read on the current line

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
        this.moved = new MovedLogs(connections, node, logs, others, MOST_AT_ONCE);
        this.outage = new Outage(logger, settings.recovery());
        this.crowd = new FullExecutor(logger, SUBJECT, settings.recovery());
        this.questions = new SideBySide(SUBJECT, threads, MOST_QUESTIONERS, settings.recovery());
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

    /** The place of one feed on this line. The feed starts it once, before all other calls. */
    private final class OneOfMany extends Place implements FeedReader {

        OneOfMany(LogFeed feed) {
            super(feed);
        }

        @Override
        public void start() {
            logs.add(this);
            if (down) { // read after the registration, which the writer of this field can see
                feed.interrupt();
                logs.outdated(this); // if the line has come back and asked about this log before the interruption
            }
            run();
            wake(); // and not sendNext: logs that begin at the same time are asked about together
        }

        @Override
        public CompletableFuture<Void> stop() {
            if (logs.remove(this) > 0) {
                return CompletableFuture.completedFuture(null);
            }
            wake(); // so that it can end
            return end();
        }

        @Override
        public void look() {
            logs.outdated(this);
            wake();
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
            crowd.accepted();
        } catch (RejectedExecutionException full) { // or a shutdown, which ends all feeds
            end.complete(null);
            if (!waitsForThread) {
                waitsForThread = true;
                crowd.rejected(full, this::runAgain);
            }
        }
    }

    private synchronized void runAgain() {
        waitsForThread = false;
        if (!logs.isEmpty()) {
            run();
        }
    }

    private synchronized boolean isOver(CompletableFuture<Void> end) {
        if (logs.isEmpty()) {
            close(end);
        }
        return end.isDone();
    }

    private synchronized void close(CompletableFuture<Void> end) {
        SharedSession current = session;
        session = null;
        if (current != null) {
            current.line().close();
        }
        down = false; // a log that is added later is not part of this outage
        Duration unused = outage.over();
        end.complete(null);
    }

    private void doNext() {
        try {
            long wait =
                    (session == null ? connectAt : Math.min(resumeAt, Math.min(checkAt, sweepAt))) - System.nanoTime();
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
            try {
                startAgain(session, unforeseen);
            } catch (RuntimeException | Error again) { // for example no memory; this thread must not end
                logger.error(SUBJECT + " could not start again yet", again);
                connectAt = System.nanoTime() + PAUSE.toNanos();
            }
        }
    }

    /** Reads all logs on another line after an error for which nothing else is prepared. Called by the reader's thread. */
    void startAgain(@Nullable SharedSession which, Throwable unforeseen) {
        logger.error(SUBJECT + " starts again after an unexpected error", unforeseen);
        lost(which, new IllegalStateException("Unexpected error", unforeseen));
    }

    private void onTime(long now) {
        SharedSession current = session;
        if (current == null) {
            if (now - connectAt >= 0) {
                moved.giveAway();
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
            moved.giveAway();
            giveAwaySome(current.line());
            current.check(now);
        }
        if (now - resumeAt >= 0) {
            resumeAt = now + PAUSE.toNanos();
            moved.resume();
            sendNext();
        }
    }

    /**
     * If the tracking table of Redis has room for fewer keys than are read, each key that is read displaces another one, which
     * Redis reports as changed. Redis also reports a new expiry, and changes of the same key in another database.
     */
    private void giveAwaySome(SharedLine line) {
        if (told.isVain()) {
            questions.execute(() -> {
                try {
                    if (TrackingTable.mayBeFull(line)) {
                        work.add(() -> others.takeSome(
                                logs.takeIf(feed -> true, Math.max(1, logs.size() / SHARE_GIVEN_AWAY))));
                    }
                } catch (RuntimeException lost) {
                    logger.debug("The table of tracked keys is unknown", lost); // a lost line is noticed elsewhere
                }
            });
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
        resumeAt = now;
        readSome = false;
        ear.session = begin(line, true, outage.lasted());
        down = false;
        sendNext();
    }

    private SharedSession begin(SharedLine line, boolean begun, @Nullable Duration away) {
        SharedSession next = new SharedSession(this, logs, line, begun, away, settings.pollTimeout());
        session = next;
        return next;
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
    void lost(@Nullable SharedSession which, RuntimeException thrown) {
        if (which != session) {
            return; // already known
        }
        session = null;
        down = true;
        if (which != null) {
            which.line().close();
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
        connectAt = System.nanoTime() + settings.pauseNanos(delay);
    }

    /** A log was read on this line, which ends an outage. A connection alone does not, because it may break at the first answer. */
    void hasRead(SharedLine line) {
        if (readSome) {
            return;
        }
        work.add(() -> {
            if (!readSome && isOn(line)) {
                readSome = true;
                Duration unused = outage.over(SUBJECT + " continues");
            }
        });
    }

    /** Sends pending questions. Called by any thread. */
    void sendNext() {
        for (SharedSession current = session; current != null; current = session) {
            List<Place> next = logs.next(current, TOGETHER);
            if (next.isEmpty()) {
                return;
            }
            SharedSession asked = current;
            try {
                asked.look(next);
            } catch (RuntimeException | Error unforeseen) { // the thread may be the driver's
                work.add(() -> startAgain(asked, unforeseen));
                return;
            }
        }
    }

    void onItsThread(Runnable task) {
        work.add(task);
    }

    /** {@return runs further questions, which wait for their answers} */
    SideBySide questions() {
        return questions;
    }

    /** {@return the logs that another server may have; used by the reader's thread only} */
    MovedLogs moved() {
        return moved;
    }

    ToldChanges told() {
        return told;
    }

    boolean isOn(SharedSession which) {
        return session == which;
    }

    boolean isOn(SharedLine line) {
        SharedSession current = session;
        return current != null && current.line() == line;
    }

    /** Receives the reports of one line. */
    private final class Ear implements SharedLine.Listener {

        private @Nullable SharedSession session; // the current one of this line; used by the reader's thread only

        @Override
        public void changed(String key) {
            logs.changed(key);
            sendNext();
        }

        @Override
        public void allChanged() {
            work.add(() -> {
                SharedSession current = session;
                if (current != null && isOn(current)) {
                    session = begin(current.line(), false, current.away());
                    logs.startOver();
                }
            });
        }

        @Override
        public void lost(RuntimeException why) {
            work.add(() -> {
                SharedSession current = session;
                if (current != null && isOn(current)) {
                    SharedReader.this.lost(current, why);
                }
            });
        }
    }
}
