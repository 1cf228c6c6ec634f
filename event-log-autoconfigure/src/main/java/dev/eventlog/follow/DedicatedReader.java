package dev.eventlog.follow;

import dev.eventlog.EventLogException;
import dev.eventlog.EventLogUnavailableException;
import dev.eventlog.redis.Connections;
import dev.eventlog.redis.ContainerPoller;
import dev.eventlog.redis.Line;
import dev.eventlog.redis.LogStream;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.apache.commons.logging.LogFactory;
import org.springframework.util.backoff.BackOffExecution;

/** Reads one log on its own connection, with blocking reads. Reconnects by itself. */
final class DedicatedReader implements FeedReader, ContainerPoller.Polling {

    /** {@return logs the outages of the readers of one application} */
    static CommonOutage outages() {
        return new CommonOutage(
                LogFactory.getLog(DedicatedReader.class),
                count -> "Following " + count + " logs",
                "is interrupted and will be retried",
                "continues");
    }

    private final LogFeed feed;
    private final LogStream stream;
    private final ContainerPoller poller;
    private final Outage outage;
    private volatile boolean stopped;

    // Used by one polling thread at a time.
    private boolean asked;
    private boolean everConnected;

    /**
     * Creates a reader that reads nothing yet.
     *
     * @param outages logs the outages of all such readers
     */
    DedicatedReader(
            LogFeed feed,
            LogStream stream,
            FollowSettings settings,
            Connections connections,
            Executor threads,
            CommonOutage outages) {
        this.feed = feed;
        this.stream = stream;
        this.outage = new Outage(
                outages.part(() -> "Following log '" + stream.log() + "'", () -> !stopped), settings.recovery());
        this.poller = new ContainerPoller(connections, stream.key(), settings.pollTimeout(), threads, this);
    }

    @Override
    public void start() {
        poller.subscribe();
    }

    @Override
    public CompletableFuture<Void> stop() {
        stopped = true;
        return poller.stop();
    }

    @Override
    public boolean isShared() {
        return false;
    }

    @Override
    public void poll(Line line) {
        asked = true;
        if (!feed.isInterrupted() && everConnected) {
            feed.poll(line);
            return;
        }
        feed.begin(line);
        everConnected = true;
        feed.back(outage.over("Following log '" + stream.log() + "' continues"));
    }

    @Override
    public void ended(Throwable thrown) {
        EventLogException why = stream.translate("follow", thrown);
        feed.interrupt();
        boolean atHandshake = !asked;
        if (asked) {
            asked = false;
            feed.pageFailed();
        }
        // A rotated password, or a user that a restored server does not know yet, does not end a feed: at its start,
        // the
        // user had access.
        boolean passes = why instanceof EventLogUnavailableException
                || LogStream.isLoginRefused(why)
                || (everConnected && atHandshake);
        long delay = passes
                ? outage.failed(why, next -> "Following log '" + stream.log() + "' is interrupted and will be retried")
                : BackOffExecution.STOP;
        if (delay == BackOffExecution.STOP) {
            feed.refuse(why);
        } else {
            CompletableFuture.delayedExecutor(delay, TimeUnit.MILLISECONDS, Runnable::run)
                    .execute(poller::subscribe); // does not block
        }
    }
}
