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
 * Polls on its own connection with a {@link StreamMessageListenerContainer}. All adaptations of the container are in this file.
 *
 * <p>The container takes a connection from its factory before each poll and closes it afterwards. Here it gets the same
 * connection each time, and the close is ignored. Instead of the container's read, {@link Polling#poll} runs, which reads and
 * handles the events itself. The container gets no record, and its own offset has no meaning.
 *
 * <p>The first failure ends a subscription together with its thread and its connection. Polling again requires a new
 * subscription. Thread-safe.
 */
public final class ContainerPoller {

    private static final Log logger = LogFactory.getLog(ContainerPoller.class);

    /** Uses the connection. Called by one thread at a time. */
    public interface Polling {

        /**
         * Reads once. An exception ends the subscription.
         *
         * @param line the connection to read on
         */
        void poll(Line line);

        /**
         * The subscription has ended without a call of stop.
         *
         * @param failure the reason
         */
        void ended(Throwable failure);
    }

    private final Connections connections;
    private final String key;
    private final Executor threads;
    private final Polling polling;
    private final StreamMessageListenerContainer<String, MapRecord<String, String, String>> container;
    private final CompletableFuture<Void> stopped = new CompletableFuture<>();

    private boolean stopping; // guarded by this, with running
    private boolean running;
    private volatile @Nullable FeedConnection open;
    private volatile boolean cut;
    private volatile @Nullable Thread reader;

    // Used by one polling thread at a time.
    private @Nullable Subscription subscription;
    private @Nullable Throwable failure;

    /**
     * Creates a poller that does not poll yet.
     *
     * @param connections opens the connection
     * @param key the key of the log to poll
     * @param pollTimeout how long one blocking read may take
     * @param threads provides the polling thread of each subscription
     * @param polling uses the connection
     */
    public ContainerPoller(
            Connections connections, String key, Duration pollTimeout, Executor threads, Polling polling) {
        this.connections = connections;
        this.key = key;
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

    /** Starts to poll, or starts again after the subscription has ended. Does not block. */
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

    /** The executor of the container: one call for each subscription, for as long as it lasts. */
    private void runToItsEnd(Runnable pollingLoop) {
        Runnable whole = () -> {
            try {
                pollingLoop.run();
            } catch (Throwable thrown) { // the container does not catch errors, and the callers would wait forever
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
     * @return completes when the thread and the connection are gone
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
        if (waiting != null) { // a command sent while the connection was closed may never be answered
            waiting.interrupt();
        }
        return stopped;
    }

    private FeedConnection connection() {
        FeedConnection current = open;
        if (current == null) {
            current = connections.open(key);
            open = current;
        }
        if (cut) { // read after open is written; stop() writes cut before it reads open, so one of the two sees the
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
            } catch (RuntimeException lost) { // the connection is lost or cut off, and is given up in any case
                logger.debug("A connection of a feed did not close properly", lost);
            }
        }
    }

    /** Replaces the container's read: all reads of the container go through this method. */
    private List<ByteRecord> read() {
        Line line = connection().line();
        reader = Thread.currentThread();
        try {
            if (cut) { // read after reader is written; stop() writes cut before it reads reader
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
