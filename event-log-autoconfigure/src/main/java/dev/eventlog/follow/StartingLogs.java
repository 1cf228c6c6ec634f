package dev.eventlog.follow;

import dev.eventlog.EventLogException;
import dev.eventlog.Tail;
import java.util.Collection;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.apache.commons.logging.LogFactory;

/**
 * Follows the logs that a finder has found. Those that cannot begin now start later, on their own: they do not delay the search
 * for other logs. Used by the finder's thread only.
 */
final class StartingLogs {

    private final ManyLogs logs;
    private final String pattern;
    private final FollowSettings settings;
    private final Function<Collection<String>, Map<String, Tail>> tails;
    private final Outage outage;
    private final Set<String> unstarted = new HashSet<>(); // found, but they cannot begin now
    private long startAt;

    StartingLogs(
            ManyLogs logs,
            String pattern,
            FollowSettings settings,
            Function<Collection<String>, Map<String, Tail>> tails) {
        this.logs = logs;
        this.pattern = pattern;
        this.settings = settings;
        this.tails = tails;
        this.outage = new Outage(LogFactory.getLog(LogFinder.class), settings.recovery());
    }

    /** {@return the nanoseconds until {@link #startDue} has something to do; the maximum if nothing is due} */
    long untilDue(long now) {
        return unstarted.isEmpty() ? Long.MAX_VALUE : startAt - now;
    }

    /** Starts the logs that could not begin before, if it is time. */
    void startDue(long now) {
        if (!unstarted.isEmpty() && now - startAt >= 0) {
            start(Set.copyOf(unstarted));
        }
    }

    /** Follows logs that are not followed yet, except those that start later. */
    void follow(Set<String> found) {
        Set<String> others = new HashSet<>(found);
        others.removeAll(unstarted);
        start(others);
    }

    private void start(Set<String> found) {
        boolean due = unstarted.isEmpty() || System.nanoTime() - startAt >= 0;
        unstarted.removeAll(found);
        Set<String> unknown = new HashSet<>(found);
        unknown.removeIf(logs::knows);
        Throwable why = null;
        if (!unknown.isEmpty()) {
            try {
                Map<String, RuntimeException> again = logs.beginLater(tails.apply(unknown));
                unstarted.addAll(again.keySet());
                why = again.isEmpty() ? null : again.values().iterator().next();
            } catch (EventLogException away) { // the positions cannot be loaded
                unstarted.addAll(unknown);
                why = away;
            }
        }
        if (unstarted.isEmpty()) {
            outage.over("The logs that match '" + pattern + "' are followed");
            logs.resumed(this);
        } else if (due && why != null) {
            startLater(why);
        }
    }

    private void startLater(Throwable why) {
        logs.interrupted(this);
        long delay = outage.failed(
                why,
                next -> "Logs that match '" + pattern + "' cannot be followed now (" + unstarted.size()
                        + "); next attempt in " + next + " ms");
        startAt = System.nanoTime() + settings.pauseNanos(delay);
    }
}
