package dev.eventlog.annotation;

import dev.eventlog.EventLogFactory;
import dev.eventlog.FollowOptions;
import dev.eventlog.Follower;
import dev.eventlog.LogPattern;
import dev.eventlog.LogsFollower;
import dev.eventlog.Tail;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.context.Lifecycle;
import org.springframework.context.SmartLifecycle;
import org.springframework.core.retry.RetryPolicy;
import org.springframework.scheduling.concurrent.SimpleAsyncTaskScheduler;
import org.springframework.util.backoff.BackOff;

/**
 * Starts and stops the methods annotated with {@link EventLogListener}, by id. Inject this bean to control them.
 *
 * <p>The registry starts with the last beans of the application, and starts the listeners with {@code autoStartup}.
 * When the application has started, the start of each listener is fixed: every event that is added later is delivered.
 * If Redis cannot be reached by then, the application starts anyway: the registry logs a warning, and the listener
 * begins as soon as Redis answers, with retries as set by {@code eventlog.follow.recovery.*}. If Redis refuses, because
 * the key has another type or the user lacks a permission, the application does not start. The registry stops with the
 * first beans: running calls finish, within {@code spring.lifecycle.timeout-per-shutdown-phase}, and no further call
 * begins.
 *
 * <p>Thread-safe. Every method with an id throws an {@link IllegalArgumentException} if no listener has that id.
 */
public final class EventLogListenerRegistry implements SmartLifecycle, DisposableBean {

    private record Listener(boolean autoStartup, List<ListenedLog> logs) {

        void start() {
            logs.forEach(ListenedLog::start);
        }

        void stop() {
            logs.forEach(ListenedLog::stop);
        }
    }

    private final EventLogFactory factory;
    private final Settings settings;
    private final SimpleAsyncTaskScheduler scheduler = new SimpleAsyncTaskScheduler();
    private final Map<String, Listener> listeners = new ConcurrentSkipListMap<>();
    private volatile boolean running;

    /**
     * Settings for all listeners. Immutable.
     *
     * @param autoStartup whether listeners start with the application if they do not set {@code autoStartup}
     * @param retry the policy that repeats failed calls; null for no retries
     * @param recovery the back-off of the start while Redis cannot be reached
     * @param virtualThreads whether listeners start on virtual threads
     */
    public record Settings(
            boolean autoStartup, @Nullable RetryPolicy retry, BackOff recovery, boolean virtualThreads) {}

    /**
     * Creates a registry without auto-configuration. The caller must destroy it.
     *
     * @param factory creates the logs
     * @param settings the settings for all listeners
     */
    public EventLogListenerRegistry(EventLogFactory factory, Settings settings) {
        this.factory = factory;
        this.settings = settings;
        scheduler.setThreadNamePrefix("eventlog-start-");
        scheduler.setDaemon(true);
        scheduler.setVirtualThreads(settings.virtualThreads());
    }

    /** Adds a listener, and starts it if the others have been started. */
    void add(ListenerEndpoint endpoint) {
        boolean autoStartup = Objects.requireNonNullElse(endpoint.autoStartup(), settings.autoStartup());
        List<ListenedLog> logs = new ArrayList<>();
        for (String log : endpoint.logs()) {
            logs.add(listened(endpoint, log));
        }
        Listener listener = new Listener(autoStartup, List.copyOf(logs));
        if (listeners.putIfAbsent(endpoint.id(), listener) != null) {
            throw new InvalidEventLogListenerException(
                    "There is already a listener '" + endpoint.id() + "', so @EventLogListener on " + endpoint.method()
                            + " cannot have this id",
                    "Set another id.",
                    null);
        }
        if (running && autoStartup) {
            try {
                listener.start();
            } catch (RuntimeException refused) { // the bean fails, too, and may be created again
                listener.stop();
                listeners.remove(endpoint.id());
                throw refused;
            }
        }
    }

    private ListenedLog listened(ListenerEndpoint endpoint, String log) {
        Function<@Nullable Followed, Followed> following;
        try {
            following = log.indexOf('*') >= 0 ? pattern(endpoint, LogPattern.of(log)) : one(endpoint, log);
        } catch (IllegalArgumentException refused) {
            throw new InvalidEventLogListenerException(
                    "@EventLogListener on " + endpoint.method() + " cannot follow log '" + log + "': "
                            + refused.getMessage(),
                    "Change the name of the log, or the type of the method's parameter.",
                    refused);
        }
        return new ListenedLog(
                "Log '" + log + "' of listener '" + endpoint.id() + "'", following, settings.recovery(), scheduler);
    }

    private Function<@Nullable Followed, Followed> one(ListenerEndpoint endpoint, String log) {
        ListenerMethod.Following following = endpoint.method().of(factory, log, endpoint);
        return before -> {
            Tail tail = before instanceof Followed.OneLog earlier && endpoint.name() == null
                    ? Tail.after(earlier.follower().position())
                    : endpoint.from();
            return new Followed.OneLog(following.from(tail, options -> configure(options, endpoint)));
        };
    }

    private Function<@Nullable Followed, Followed> pattern(ListenerEndpoint endpoint, LogPattern logs) {
        ListenerMethod.FollowingAll following = endpoint.method().of(factory, logs, endpoint.id(), endpoint.policy());
        return before -> new Followed.Pattern(following.from(endpoint.from(), options -> {
            configure(options, endpoint);
            if (before instanceof Followed.Pattern earlier && endpoint.name() == null) {
                options.resume(earlier.follower().positions());
            }
        }));
    }

    private void configure(FollowOptions.Builder options, ListenerEndpoint endpoint) {
        RetryPolicy retry = settings.retry();
        if (retry != null) {
            options.retry(retry);
        }
        endpoint.policy().apply(options);
        if (!endpoint.method().takesBatches()) {
            options.batchSize(1);
        }
        String name = endpoint.name();
        if (name != null) {
            options.named(name);
        }
    }

    /** {@return the ids of all listeners in their natural order, including stopped ones; unmodifiable} */
    public Set<String> ids() {
        return Collections.unmodifiableSet(new LinkedHashSet<>(listeners.keySet()));
    }

    /**
     * Starts a listener at each of its logs where it does not run. If it ran before in this application, it continues
     * after the last processed event. If an error ended it, the method gets the same events again.
     *
     * @param id the listener's id
     * @throws dev.eventlog.EventLogException if Redis refuses; if Redis cannot be reached, the listener begins later
     * @throws IllegalStateException if the application is shutting down
     */
    public void start(String id) {
        listener(id).start();
    }

    /**
     * Stops a listener. No call of its method starts after this. It waits for running calls, at most
     * {@code eventlog.follow.close-timeout} for each log, and then interrupts them. A call that ignores the interrupt can
     * still run when this method returns. When it is called from within the
     * listener, it does not wait for that call, which is the last of its log.
     *
     * @param id the listener's id
     */
    public void stop(String id) {
        listener(id).stop();
    }

    /**
     * Returns whether a listener runs.
     *
     * @param id the listener's id
     * @return whether it runs for at least one of its logs: it was started there, and has not been stopped, and has not
     *     ended with an error or the completion of the log. Also true while it waits for Redis or for its lease
     */
    public boolean isRunning(String id) {
        return listener(id).logs().stream().anyMatch(ListenedLog::isRunning);
    }

    /**
     * Returns whether a listener has been started but cannot begin yet, because Redis or the stored positions cannot be
     * reached.
     *
     * @param id the listener's id
     * @return whether it waits for at least one of its logs
     */
    public boolean isWaiting(String id) {
        return listener(id).logs().stream().anyMatch(ListenedLog::isWaiting);
    }

    /**
     * Returns the error that ended a listener.
     *
     * @param id the listener's id
     * @return the exception of the method, or the reason why a log cannot be followed; empty if no error ended it at
     *     any of its logs, or if it was started again
     */
    public Optional<Throwable> failure(String id) {
        return listener(id).logs().stream()
                .flatMap(log -> log.failure().stream())
                .findFirst();
    }

    /**
     * Returns the followers of a listener, which show its positions. To start and stop it, use this registry instead.
     *
     * @param id the listener's id
     * @return the last follower of each log, in the order of the annotation, without logs that it does not follow yet;
     *     unmodifiable
     */
    public List<Follower> followers(String id) {
        return listener(id).logs().stream()
                .flatMap(log -> log.follower().stream())
                .filter(Followed.OneLog.class::isInstance)
                .map(followed -> ((Followed.OneLog) followed).follower())
                .toList();
    }

    /**
     * Returns the followers of the patterns of a listener. To start and stop it, use this registry instead.
     *
     * @param id the listener's id
     * @return the last follower of each pattern, in the order of the annotation, without patterns that it does not
     *     follow yet; unmodifiable
     */
    public List<LogsFollower> logsFollowers(String id) {
        return listener(id).logs().stream()
                .flatMap(log -> log.follower().stream())
                .filter(Followed.Pattern.class::isInstance)
                .map(followed -> ((Followed.Pattern) followed).follower())
                .toList();
    }

    private Listener listener(String id) {
        Listener listener = listeners.get(id);
        if (listener == null) {
            throw new IllegalArgumentException("No listener has the id '" + id + "'; the ids are " + ids());
        }
        return listener;
    }

    private Stream<ListenedLog> logs() {
        return listeners.values().stream().flatMap(listener -> listener.logs().stream());
    }

    /** Starts the listeners that start with the application. */
    @Override
    public void start() {
        running = true;
        listeners.values().stream().filter(Listener::autoStartup).forEach(Listener::start);
    }

    /** Stops all listeners. */
    @Override
    public void stop() {
        running = false;
        listeners.values().forEach(Listener::stop);
    }

    /** Stops all listeners, and calls back when the last running call has returned. */
    @Override
    public void stop(Runnable callback) {
        running = false;
        CompletableFuture<Void> unused = end().whenComplete((nothing, failure) -> callback.run());
    }

    /**
     * Ends all listeners, without waiting. A factory with its own lifecycle closes the followers itself, all at the same time,
     * right after this.
     */
    private CompletableFuture<Void> end() {
        CompletableFuture<?>[] ending = logs().map(ListenedLog::stopBeginning).toArray(CompletableFuture[]::new);
        if (!(factory instanceof Lifecycle)) {
            logs().flatMap(log -> log.follower().stream()).forEach(follower -> scheduler.execute(follower::close));
        }
        return CompletableFuture.allOf(ending);
    }

    @Override
    public boolean isRunning() {
        return running;
    }

    /** Ends the remaining listeners. */
    @Override
    public void destroy() {
        CompletableFuture<Void> unused = end();
        scheduler.close();
    }
}
