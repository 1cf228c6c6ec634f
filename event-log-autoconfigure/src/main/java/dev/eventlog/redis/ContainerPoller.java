package dev.eventlog.redis;

import dev.eventlog.redis.Connections.FeedConnection;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.DataAccessException;
import org.springframework.dao.InvalidDataAccessResourceUsageException;
import org.springframework.data.redis.connection.RedisClusterConnection;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.RedisSentinelConnection;
import org.springframework.data.redis.connection.RedisStreamCommands;
import org.springframework.data.redis.connection.stream.ByteRecord;
import org.springframework.data.redis.connection.stream.MapRecord;
import org.springframework.data.redis.connection.stream.ReadOffset;
import org.springframework.data.redis.connection.stream.StreamOffset;
import org.springframework.data.redis.stream.StreamMessageListenerContainer;
import org.springframework.data.redis.stream.StreamMessageListenerContainer.StreamMessageListenerContainerOptions;
import org.springframework.data.redis.stream.StreamMessageListenerContainer.StreamReadRequest;
import org.springframework.data.redis.stream.Subscription;

/**
 * Polls on a connection of its own, by a {@link StreamMessageListenerContainer}: all that the container is bent for is in
 * this file.
 *
 * <p>The container takes a connection from its factory before each poll and closes it afterwards: it gets the same one each
 * time, and its closing is ignored. Where it would read, {@link Polling#poll} is called, which reads what it wants and
 * handles what comes at once; the container gets no record, and its own offset means nothing.
 *
 * <p>The first failure ends a subscription, and with it the thread and the connection. To poll again is to subscribe again.
 * Thread-safe.
 */
public final class ContainerPoller {

    private static final Log logger = LogFactory.getLog(ContainerPoller.class);

    /** What is done with the connection. Called by one thread at a time. */
    public interface Polling {

        /**
         * Reads once. What it throws ends the subscription.
         *
         * @param line the connection to read on
         */
        void poll(Line line);

        /**
         * The subscription has ended, and nobody has stopped it.
         *
         * @param failure why
         */
        void ended(Throwable failure);
    }

    private final Connections connections;
    private final Executor threads;
    private final Polling polling;
    private final StreamMessageListenerContainer<String, MapRecord<String, String, String>> container;
    private final CompletableFuture<Void> stopped = new CompletableFuture<>();

    private boolean stopping; // guarded by this, with running
    private boolean running;
    private volatile @Nullable FeedConnection open;
    private volatile boolean cut;
    private volatile @Nullable Thread reader;

    // Of the one thread that polls at a time.
    private @Nullable Subscription subscription;
    private @Nullable Throwable failure;

    /**
     * A poller that does not poll yet.
     *
     * @param connections opens the connection
     * @param pollTimeout how long one blocking read may take
     * @param threads where the polling thread comes from, one for each subscription
     * @param polling what is done with the connection
     */
    public ContainerPoller(Connections connections, Duration pollTimeout, Executor threads, Polling polling) {
        this.connections = connections;
        this.threads = threads;
        this.polling = polling;
        this.container = StreamMessageListenerContainer.create(
                new Factory(),
                StreamMessageListenerContainerOptions.builder()
                        .pollTimeout(pollTimeout)
                        .executor(this::runToItsEnd)
                        .build());
        container.start();
    }

    /** Begins to poll, or begins again after the subscription has ended. Blocks nobody. */
    public void subscribe() {
        synchronized (this) {
            if (stopping) {
                stopped.complete(null);
                return;
            }
            running = true;
        }
        if (subscription != null) {
            container.remove(subscription);
        }
        StreamReadRequest<String> request = StreamReadRequest.builder(StreamOffset.create("", ReadOffset.from("0-0")))
                .cancelOnError(any -> true)
                .errorHandler(thrown -> failure = thrown)
                .build();
        subscription = container.register(request, none -> {});
    }

    /** The container's executor: one call for each subscription, as long as that lasts. */
    private void runToItsEnd(Runnable pollingLoop) {
        Runnable whole = () -> {
            try {
                pollingLoop.run();
            } catch (Throwable thrown) { // the container does not catch errors, and would leave everybody waiting
                failure = thrown;
            }
            hasEnded();
        };
        try {
            threads.execute(whole);
        } catch (RejectedExecutionException shutDown) {
            failure = shutDown;
            hasEnded();
        }
    }

    private void hasEnded() {
        release();
        Throwable thrown = failure;
        failure = null;
        synchronized (this) {
            running = false;
            if (stopping) {
                stopped.complete(null);
                return;
            }
        }
        polling.ended(thrown != null ? thrown : new IllegalStateException("The reading thread was interrupted"));
    }

    /**
     * Ends the polling at once, without waiting for it.
     *
     * @return completes when its thread and connection are gone
     */
    public CompletableFuture<Void> stop() {
        synchronized (this) {
            stopping = true;
            if (!running) {
                stopped.complete(null);
            }
        }
        cut = true;
        FeedConnection current = open;
        if (current != null) {
            current.cut().run();
        }
        Thread waiting = reader;
        if (waiting != null) { // what it sent just when the connection was closed may never be answered
            waiting.interrupt();
        }
        return stopped;
    }

    private FeedConnection connection() {
        FeedConnection current = open;
        if (current == null) {
            current = connections.open();
            open = current;
        }
        if (cut) { // read after open is written, as stop() reads open after it has written cut: one of the two sees the
            // other
            release();
            throw stoppedMeanwhile();
        }
        return current;
    }

    private static InvalidDataAccessResourceUsageException stoppedMeanwhile() {
        return new InvalidDataAccessResourceUsageException("The feed has been stopped");
    }

    private void release() {
        FeedConnection current = open;
        open = null;
        if (current != null) {
            try {
                current.close().run();
            } catch (RuntimeException lost) { // of a connection that is lost or cut off, and given up in any case
                logger.debug("A connection of a feed did not close properly", lost);
            }
        }
    }

    /** Instead of reading: everything that the container reads goes through here. */
    private List<ByteRecord> read() {
        Line line = connection().line();
        reader = Thread.currentThread();
        try {
            if (cut) { // read after reader is written, as stop() does it the other way round
                throw stoppedMeanwhile();
            }
            polling.poll(line);
            return List.of();
        } finally {
            reader = null;
        }
    }

    private final class Factory implements RedisConnectionFactory {

        private final RedisConnection connection = (RedisConnection) Proxy.newProxyInstance(
                ContainerPoller.class.getClassLoader(),
                new Class<?>[] {RedisConnection.class, RedisStreamCommands.class},
                (proxy, method, arguments) -> switch (method.getName()) {
                    case "xRead" -> read();
                    case "streamCommands" -> proxy;
                    case "isPipelined", "isQueueing" -> false;
                    case "close" -> null;
                    case "equals" -> proxy == arguments[0];
                    case "hashCode" -> System.identityHashCode(proxy);
                    case "toString" -> "the connection of a feed";
                    default -> throw new UnsupportedOperationException(method.toString());
                });

        @Override
        public RedisConnection getConnection() {
            return connection;
        }

        @Override
        public RedisClusterConnection getClusterConnection() {
            throw new UnsupportedOperationException("A feed reads one key");
        }

        @Override
        public RedisSentinelConnection getSentinelConnection() {
            throw new UnsupportedOperationException("A feed reads one key");
        }

        @Override
        public boolean getConvertPipelineAndTxResults() {
            return true;
        }

        @Override
        public @Nullable DataAccessException translateExceptionIfPossible(RuntimeException thrown) {
            return null;
        }
    }
}
