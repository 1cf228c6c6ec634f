package dev.eventlog.sse;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Stream;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.http.HttpRequest;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;
import org.springframework.scheduling.concurrent.ThreadPoolTaskScheduler;
import org.springframework.util.backoff.BackOffExecution;
import tools.jackson.databind.json.JsonMapper;

/**
 * The open streams of an application. Sends their heartbeats, checks their access, and ends them with the application.
 * Thread-safe.
 */
final class Streams {

    private static final Log logger = LogFactory.getLog(Streams.class);

    /** The interval of the check for gone logs of patterns. New logs are reported at once. */
    private static final Duration LOOK = Duration.ofSeconds(1);

    /** The steps into which the interval of the heartbeats is divided. A heartbeat comes up to one step late. */
    private static final int STEPS_OF_A_BEAT = 10;

    private static final Duration LONGEST_STEP = Duration.ofSeconds(1);

    private static final Duration PATIENCE = Duration.ofSeconds(1);
    private static final Duration SHORT_PATIENCE = Duration.ofMillis(20);

    /** How long the shutdown waits for connections to close. */
    private static final long MILLIS_TO_CLOSE = 2_000;

    /** The maximum number of simultaneous access checks for new logs, and that of open streams. */
    private static final int MOST_CHECKS = 32;

    private final JsonMapper json;
    private final SseSettings settings;
    private final @Nullable EventStreamAccess access;
    private final ThreadPoolTaskScheduler timer = new ThreadPoolTaskScheduler();
    private final SimpleAsyncTaskExecutor threads = new SimpleAsyncTaskExecutor("eventlog-sse-");
    private final ThreadPoolTaskExecutor asking;
    private final ThreadPoolTaskExecutor checking;
    private final Interruptions interruptions = new Interruptions();
    private final Patterns patterns = new Patterns(this);
    private final Set<ClientStream<?>> open = ConcurrentHashMap.newKeySet();
    private final Map<Object, CompletableFuture<Void>> connections = new ConcurrentHashMap<>();
    private final LongAdder resumed = new LongAdder();
    private final LongAdder gaps = new LongAdder();
    private volatile long lastAnswer = System.nanoTime();
    private volatile boolean silent;
    private volatile boolean running = true; // the web server starts in an earlier phase

    Streams(JsonMapper json, SseSettings settings, @Nullable EventStreamAccess access) {
        this.json = json;
        this.settings = settings;
        this.access = access;
        // The single timer thread never blocks: streams do not block, and access checks run on other threads.
        timer.setThreadNamePrefix("eventlog-sse-timer-");
        timer.setDaemon(true);
        timer.setRemoveOnCancelPolicy(true);
        timer.initialize();
        threads.setDaemon(true);
        threads.setVirtualThreads(settings.virtualThreads());
        asking = checks("eventlog-sse-access-", settings.virtualThreads());
        checking = checks("eventlog-sse-check-", settings.virtualThreads());
        timer.scheduleWithFixedDelay(patterns::look, LOOK);
        Duration step = interval().dividedBy(STEPS_OF_A_BEAT);
        timer.scheduleWithFixedDelay(this::beat, step.compareTo(LONGEST_STEP) < 0 ? step : LONGEST_STEP);
    }

    /** {@return threads for access checks, which may block} Checks wait in a queue, so that whoever adds one never waits. */
    private static ThreadPoolTaskExecutor checks(String prefix, boolean virtual) {
        ThreadPoolTaskExecutor threads = new ThreadPoolTaskExecutor();
        threads.setVirtualThreads(virtual);
        threads.setThreadNamePrefix(prefix);
        threads.setDaemon(true);
        threads.setCorePoolSize(MOST_CHECKS);
        threads.setMaxPoolSize(MOST_CHECKS);
        threads.setAllowCoreThreadTimeOut(true);
        threads.setWaitForTasksToCompleteOnShutdown(true); // does not wait, but interrupts nobody
        threads.setRejectedExecutionHandler(new ThreadPoolExecutor.DiscardPolicy()); // all streams have ended by then
        threads.initialize();
        return threads;
    }

    SseFormat sseFormat() {
        return new SseFormat(json, retry());
    }

    JsonFormat jsonFormat() {
        return new JsonFormat(json, retry());
    }

    Duration writeTimeout() {
        return settings.writeTimeout();
    }

    /** Random, so that clients that lose their connections together do not all reconnect at the same moment. */
    private @Nullable Duration retry() {
        Duration delay = settings.reconnectDelay();
        return delay == null
                ? null
                : Duration.ofMillis(Math.round(
                        delay.toMillis() * ThreadLocalRandom.current().nextDouble(0.5, 1.5)));
    }

    BackOffExecution recovery() {
        return settings.recovery().start();
    }

    Interruptions interruptions() {
        return interruptions;
    }

    /**
     * {@return how long a request waits for its status} If the logs have not begun by then, the stream opens anyway. In Spring MVC, a
     * thread of the web server waits, so while Redis is silent, only the first requests wait long.
     */
    Duration patience() {
        return silent ? SHORT_PATIENCE : PATIENCE;
    }

    /**
     * A stream opens without an answer.
     *
     * @param since when it began to wait, as {@link System#nanoTime}
     */
    void gotNoAnswer(long since) {
        silent = lastAnswer - since < 0;
    }

    /** Redis has answered a stream. */
    void answered() {
        lastAnswer = System.nanoTime();
        silent = false;
        interruptions.over();
    }

    /** {@return when Redis last answered a stream that was about to begin, as {@link System#nanoTime}} */
    long lastAnswer() {
        return lastAnswer;
    }

    Patterns patterns() {
        return patterns;
    }

    /** Runs a task that may block. */
    void execute(Runnable what) {
        threads.execute(what);
    }

    /** Runs an access check. It waits, but the caller does not, while too many checks are running. */
    void ask(Runnable what) {
        asking.execute(what);
    }

    String text(@Nullable Object body) {
        return SseFormat.text(json, body);
    }

    /** {@return whether an access check may take time} */
    boolean asksForAccess() {
        return access != null;
    }

    boolean mayFollow(StreamClient client, String log) {
        if (client.session() != null && !client.session().getAsBoolean()) {
            return false;
        }
        if (access == null) {
            return true;
        }
        HttpRequest request = client.request();
        if (request == null) {
            throw new IllegalStateException("The access to log '" + log + "' cannot be checked, because the request is"
                    + " unknown: return the stream from a controller method, and in WebFlux keep the bean of type"
                    + " ServerWebExchangeContextFilter");
        }
        return access.mayFollow(request, client.principal(), log);
    }

    /** {@return the number of open streams} */
    int opened() {
        return open.size();
    }

    /** {@return how many streams have continued after an id of the client} */
    long resumed() {
        return resumed.sum();
    }

    /** {@return how many gaps clients were told} */
    long gaps() {
        return gaps.sum();
    }

    void toldGap() {
        gaps.increment();
    }

    /**
     * Registers a stream until it has ended.
     *
     * @return false if the application shuts down
     */
    boolean opened(ClientStream<?> stream) {
        open.add(stream);
        stream.closed().whenComplete((nothing, failure) -> open.remove(stream));
        if (!running) {
            return false;
        }
        if (stream.isResumed()) {
            resumed.increment();
        }
        return true;
    }

    private boolean isAudible() {
        return !settings.heartbeat().isZero();
    }

    private Duration interval() {
        return isAudible() ? settings.heartbeat() : settings.writeTimeout();
    }

    /** One task for all streams: with a timer for each, clients that connect at once would wait for the lock of the timers. */
    private void beat() {
        long now = System.nanoTime();
        for (ClientStream<?> stream : open) {
            try {
                stream.beat(now, interval(), isAudible(), settings.writeTimeout());
            } catch (RuntimeException | Error failure) {
                logger.error("The heartbeat of a stream of event logs has failed", failure);
            }
        }
    }

    /** Checks the access of a client repeatedly, if there is an access bean. A check that takes longer delays the next one. */
    void watch(ClientStream<?> stream) {
        if (access != null || stream.client().session() != null) {
            AtomicBoolean busy = new AtomicBoolean();
            every(settings.accessInterval(), stream, () -> {
                if (busy.compareAndSet(false, true)) {
                    checking.execute(() -> {
                        try {
                            stream.checkAccess();
                        } finally {
                            busy.set(false);
                        }
                    });
                }
            });
        }
    }

    private void every(Duration interval, ClientStream<?> stream, Runnable action) {
        ScheduledFuture<?> timed =
                timer.scheduleAtFixedRate(action, Instant.now().plus(interval), interval);
        stream.closed().whenComplete((nothing, failure) -> timed.cancel(false));
    }

    /** {@return to be completed when a connection, which is still to be closed after its stream has ended, is closed} */
    CompletableFuture<Void> connected() {
        CompletableFuture<Void> connection = new CompletableFuture<>();
        Object key = new Object();
        connections.put(key, connection);
        connection.whenComplete((nothing, failure) -> connections.remove(key));
        return connection;
    }

    void start() {
        running = true;
    }

    boolean isRunning() {
        return running;
    }

    /** Ends all streams at the same time, and calls back when the last of them, and its connection, has ended. */
    void stop(Runnable callback) {
        running = false;
        CompletableFuture<?>[] ending = Stream.concat(
                        open.stream().map(ClientStream::closed).map(CompletionStage::toCompletableFuture),
                        connections.values().stream()
                                .map(each ->
                                        each.copy().completeOnTimeout(null, MILLIS_TO_CLOSE, TimeUnit.MILLISECONDS)))
                .toArray(CompletableFuture[]::new);
        open.forEach(ClientStream::end);
        CompletableFuture<Void> unused =
                CompletableFuture.allOf(ending).whenComplete((nothing, failure) -> callback.run());
    }

    void destroy() {
        stop(() -> {});
        timer.destroy();
        asking.destroy();
        checking.destroy();
    }
}
