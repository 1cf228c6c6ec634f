package dev.eventlog.follow;

import dev.eventlog.follow.SharedReader.Others;
import dev.eventlog.redis.Connections;
import java.util.List;

/**
 * The logs of a shared reader that another server of the cluster may have. A log that the server refuses is paused. If another
 * server has it after that, the log is given to the reader for that server. Used by the reader's thread only.
 */
final class MovedLogs {

    /** The maximum number of paused logs that are read again at once while servers still refuse logs. */
    private final int mostAtOnce;

    private final Connections connections;
    private final String node;
    private final SharedLogs logs;
    private final Others others;
    private boolean refused; // a log was paused since paused logs were read again

    /**
     * Creates an instance without paused logs.
     *
     * @param node the server of the reader, as returned by {@link Connections#nodeOf}; empty if there is no cluster
     * @param others takes over the logs that have moved
     */
    MovedLogs(Connections connections, String node, SharedLogs logs, Others others, int mostAtOnce) {
        this.connections = connections;
        this.node = node;
        this.logs = logs;
        this.others = others;
        this.mostAtOnce = mostAtOnce;
    }

    /** The server refuses a log. {@return whether another server may have it; if not, the answer is an ordinary failure} */
    boolean refuses() {
        if (node.isEmpty()) {
            return false;
        }
        connections.wrongServer(System.nanoTime());
        refused = true;
        return true;
    }

    /** Reads paused logs again, and only a few of them while servers still refuse. */
    void resume() {
        int most = refused ? mostAtOnce : Integer.MAX_VALUE;
        refused = false;
        giveAway(logs.resume(most, feed -> !hasNow(feed)));
    }

    /** Gives away all logs that have moved: Redis does not report the move of a slot for keys that do not exist. */
    void giveAway() {
        giveAway(logs.takeIf(feed -> !hasNow(feed), Integer.MAX_VALUE));
    }

    private void giveAway(List<LogFeed> moved) {
        if (!moved.isEmpty()) {
            moved.forEach(LogFeed::interrupt);
            others.takeMoved(moved);
        }
    }

    private boolean hasNow(LogFeed feed) {
        String now = connections.nodeOf(feed.stream().key());
        return now.isEmpty() || now.equals(node);
    }
}
