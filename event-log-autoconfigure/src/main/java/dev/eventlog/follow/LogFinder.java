package dev.eventlog.follow;

import dev.eventlog.EventLogException;
import dev.eventlog.Tail;
import dev.eventlog.redis.LogNames;
import dev.eventlog.redis.SharedLine;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

// Long: one thread uses both ways of finding logs, so their times and states are in one place.
/**
 * Finds logs of a pattern when they begin, and when they are gone. A line to each master reports changed keys. If Redis cannot
 * report them, the finder scans all names at an interval. It also scans at a longer interval to catch unreported changes, and
 * after a lost line. One thread owns the results; the lines only pass names to it.
 */
public final class LogFinder {

    private static final Log logger = LogFactory.getLog(LogFinder.class);

    /**
     * The pause in which reported names are collected, so that other keys that change all the time do not cause a question each
     * time.
     */
    private static final long PAUSE = TimeUnit.MILLISECONDS.toNanos(50);

    /** The minimum pause between scans of all names, as a multiple of the duration of the last scan. */
    private static final int SHARE = 9;

    private final LogNames names;
    private final ManyLogs logs;
    private final FollowSettings settings;
    private final StartingLogs starting; // used by the finder's thread only
    private final Outage outage;
    private final Set<String> heard = ConcurrentHashMap.newKeySet();
    private final Semaphore bell = new Semaphore(0);
    private volatile boolean lookAgain;

    // Used by the finder's thread only.
    private final Map<String, Watch> watches = new HashMap<>();
    private boolean told;
    private boolean failing; // the last look failed, and nothing is due before scanAt
    private long scanAt;
    private long sweepAt = System.nanoTime();
    private long checkAt;
    private long heardAt;

    /**
     * Creates a finder that does not run yet.
     *
     * @param names the names that Redis knows
     * @param logs follows the logs that are found
     * @param settings the settings of followers
     * @param tails where to start in logs that are found
     */
    public LogFinder(
            LogNames names,
            ManyLogs logs,
            FollowSettings settings,
            Function<Collection<String>, Map<String, Tail>> tails) {
        this.names = names;
        this.logs = logs;
        this.settings = settings;
        this.starting = new StartingLogs(logs, names.pattern(), settings, tails);
        this.told = names.tells();
        this.outage = new Outage(logger, settings.recovery());
    }

    /**
     * Makes Redis report new logs from now on.
     *
     * @return the existing logs
     */
    public Set<String> begin() {
        try {
            watchAll();
            return names.all();
        } catch (RuntimeException failure) {
            closeAll();
            throw failure;
        } finally {
            scanAt = System.nanoTime() + interval();
        }
    }

    private long interval() {
        return (told ? settings.sweepInterval() : settings.scanInterval()).toNanos();
    }

    /**
     * Finds the existing logs and new ones, until the logs are closed.
     *
     * @param background provides a thread
     * @throws IllegalStateException if the application is shutting down
     */
    public void startWithAll(Executor background) {
        long now = System.nanoTime();
        scanAt = now;
        checkAt = now;
        start(background);
    }

    /**
     * Finds new logs, until the logs are closed.
     *
     * @param background provides a thread
     * @throws IllegalStateException if the application is shutting down
     */
    public void start(Executor background) {
        logs.whenClosed(bell::release);
        try {
            background.execute(this::run);
        } catch (RejectedExecutionException shutDown) {
            closeAll();
            logs.close();
            throw new IllegalStateException("No logs can be followed: the application is shutting down", shutDown);
        }
    }

    private void run() {
        try {
            while (logs.isRunning()) {
                waitAndLook();
            }
        } catch (InterruptedException shutDown) {
            logger.debug("The search for new logs ends: the application is shutting down");
        } finally {
            closeAll();
        }
    }

    /** Closes the lines, if no thread will do so. */
    public void closeAll() {
        watches.values().forEach(watch -> watch.line.close());
        watches.clear();
    }

    private void waitAndLook() throws InterruptedException {
        long due = Math.min(scanAt - System.nanoTime(), told ? checkAt - System.nanoTime() : Long.MAX_VALUE);
        long next = heard.isEmpty() ? due : Math.min(due, heardAt - System.nanoTime());
        if (!failing) { // otherwise these wait, too
            next = Math.min(next, starting.untilDue(System.nanoTime()));
        }
        if (bell.tryAcquire(Math.max(1, next), TimeUnit.NANOSECONDS)) {
            bell.drainPermits();
        }
        if (!logs.isRunning() || (failing && System.nanoTime() - scanAt < 0)) {
            return;
        }
        try {
            look(System.nanoTime());
            failing = false;
            logs.resumed(this);
            outage.over("The search for logs that match '" + names.pattern() + "' continues");
        } catch (EventLogException away) {
            later(away);
        } catch (RuntimeException | Error unforeseen) {
            if (logs.isRunning()) {
                logger.error(
                        "The search for logs that match '" + names.pattern() + "' failed and will be retried",
                        unforeseen);
                later(unforeseen);
            }
        }
    }

    private void later(Throwable why) {
        failing = true;
        logs.interrupted(this);
        long delay = outage.failed(
                why,
                next -> "The search for logs that match '" + names.pattern() + "' failed; next attempt in " + next
                        + " ms");
        long at = System.nanoTime() + settings.pauseNanos(delay);
        scanAt = at; // scan all names, because logs may have begun in the meantime
        checkAt = at;
        heardAt = at;
    }

    private void look(long now) {
        boolean lost = watches.values().removeIf(Watch::isLost);
        if (lost) {
            names.lost();
            throw names.translate(new IllegalStateException("The connection was lost"));
        }
        if (told && now - checkAt >= 0) {
            check(now);
        }
        if (lookAgain || now - scanAt >= 0) {
            lookAgain = false;
            scan();
        }
        if (!heard.isEmpty() && now - heardAt >= 0) {
            heardAt = now + PAUSE;
            Set<String> some = Set.copyOf(heard);
            heard.removeAll(some);
            try {
                logs.forgetting().forgetReplaced(some);
                Set<String> unknown = new HashSet<>(some);
                unknown.removeIf(logs::knows); // no question about logs that failed: it may be refused, too
                Set<String> streams = Set.copyOf(names.streamsAmong(unknown));
                logs.forgetting().forgetStopped(without(streams, unknown));
                starting.follow(streams);
            } catch (RuntimeException failure) {
                heard.addAll(some);
                throw failure;
            }
        }
        starting.startDue(now);
    }

    private static Set<String> without(Set<String> excluded, Set<String> all) {
        Set<String> others = new HashSet<>(all);
        others.removeAll(excluded);
        return others;
    }

    /** Looks at a log soon. Called by any thread; never blocks. */
    private void hear(String name) {
        if (heard.add(name)) {
            bell.release();
        }
    }

    private void check(long now) {
        if (watchAll()) {
            scanAt = now;
        }
        watches.values().forEach(watch -> watch.check(now));
    }

    /** {@return whether there is a new line} */
    private boolean watchAll() {
        checkAt = System.nanoTime() + settings.pollTimeout().toNanos() / 2;
        boolean another = false;
        try {
            Set<String> masters = told ? names.masters() : Set.of();
            for (String master : masters) {
                if (!watches.containsKey(master)) {
                    Ear ear = new Ear();
                    watches.put(master, new Watch(names.watch(master, ear), ear));
                    another = true;
                }
            }
            watches.entrySet().removeIf(each -> {
                boolean over = !masters.contains(each.getKey());
                if (over) {
                    each.getValue().line.close();
                }
                return over;
            });
        } catch (SharedLine.UnfitException unfit) {
            told = false;
            closeAll();
            logger.warn("The search for new logs that match '" + names.pattern() + "' runs every "
                    + settings.scanInterval() + " (eventlog.follow.scan-interval), because Redis cannot report them: "
                    + unfit.getMessage());
        }
        return another;
    }

    private void scan() {
        long begun = System.nanoTime();
        Set<String> perhapsGone = logs.forgetting().forgettable();
        Set<String> found = names.all();
        long taken = System.nanoTime() - begun;
        perhapsGone.removeAll(found);
        heard.addAll(logs.forgetting()
                .forget(perhapsGone, names::streamsAmong, this::hear)); // a log may just have begun again
        if (told || begun - sweepAt >= 0) {
            logs.forgetting().forgetReplaced(found);
            sweepAt = begun + settings.sweepInterval().toNanos();
        }
        starting.follow(found);
        scanAt = System.nanoTime() + Math.max(interval(), SHARE * taken);
    }

    /** Receives the names that one master reports. */
    private final class Ear implements SharedLine.Listener {

        private volatile boolean lost;

        @Override
        public void changed(String key) {
            String name = names.nameOf(key);
            if (name != null && logs.canBegin(name)) {
                hear(name);
            }
        }

        @Override
        public void allChanged() {
            lookAgain = true;
            bell.release();
        }

        @Override
        public void lost(RuntimeException why) {
            lost = true;
            bell.release();
        }
    }

    /** A line on which one master reports changed keys. */
    private final class Watch {

        private final SharedLine line;
        private final Ear ear;
        private final LineCheck check;

        Watch(SharedLine line, Ear ear) {
            this.line = line;
            this.ear = ear;
            this.check = new LineCheck(line, settings.pollTimeout(), line.lastAnswer()); // no question since then
        }

        boolean isLost() {
            if (ear.lost) {
                line.close();
            }
            return ear.lost;
        }

        void check(long now) {
            check.check(now, ear::lost);
        }
    }
}
