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
 * The methods annotated with {@link EventLogListener}, by id: the bean to inject to start and stop them.
 *
 * <p>It starts with the last beans of the application, and with it the listeners that are to; when the application has started,
 * the beginning of each is fixed, and what is added after that will be delivered. If Redis cannot be reached by then, the
 * application starts all the same: a warning is logged, and the listener begins as soon as Redis answers, tried as set by
 * {@code eventlog.follow.recovery.*}. If Redis refuses, as the key holds another type or the user lacks a permission, the
 * application does not start. It stops with the first: running calls finish, within
 * {@code spring.lifecycle.timeout-per-shutdown-phase}, and none begins.
 *
 * <p>Thread-safe. Every method that takes an id throws an {@link IllegalArgumentException} if no listener has it.
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
     * What is set for all listeners. Immutable.
     *
     * @param autoStartup whether those start with the application that do not say so themselves
     * @param retry whether, when and how often a method that threw is called again; null for never
     * @param recovery how long to wait where Redis cannot be reached to begin
     * @param virtualThreads whether these begin on virtual threads
     */
    public record Settings(
            boolean autoStartup, @Nullable RetryPolicy retry, BackOff recovery, boolean virtualThreads) {}

    /**
     * For where there is no auto-configuration to make it. To be destroyed.
     *
     * @param factory makes the logs
     * @param settings what is set for all listeners
     */
    public EventLogListenerRegistry(EventLogFactory factory, Settings settings) {
        this.factory = factory;
        this.settings = settings;
        scheduler.setThreadNamePrefix("eventlog-start-");
        scheduler.setDaemon(true);
        scheduler.setVirtualThreads(settings.virtualThreads());
    }

    /** Takes a listener in, and starts it if the others have been. */
    void add(ListenerEndpoint endpoint) {
        boolean autoStartup = Objects.requireNonNullElse(endpoint.autoStartup(), settings.autoStartup());
        List<ListenedLog> logs = new ArrayList<>();
        for (String log : endpoint.logs()) {
            logs.add(listened(endpoint, log));
        }
        Listener listener = new Listener(autoStartup, List.copyOf(logs));
        if (listeners.putIfAbsent(endpoint.id(), listener) != null) {
            throw new InvalidEventLogListenerException(
                    "There already is a listener '" + endpoint.id() + "', so @EventLogListener on " + endpoint.method()
                            + " cannot have this id",
                    "Set another id.",
                    null);
        }
        if (running && autoStartup) {
            try {
                listener.start();
            } catch (RuntimeException refused) { // and so will the bean be, which may be tried again
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
        ListenerMethod.Following following = endpoint.method().of(factory, log, endpoint.id(), endpoint.policy());
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

    /** {@return the ids of all listeners, in their natural order, those that have stopped among them; unmodifiable} */
    public Set<String> ids() {
        return Collections.unmodifiableSet(new LinkedHashSet<>(listeners.keySet()));
    }

    /**
     * Starts a listener at all of its logs at which it does not run: after the events that its method has taken, if it ran
     * before in this application. If it was ended by an error, the method gets the same events again.
     *
     * @param id the listener's id
     * @throws dev.eventlog.EventLogException if Redis refuses; if Redis cannot be reached the listener begins later
     * @throws IllegalStateException if the application is shutting down
     */
    public void start(String id) {
        listener(id).start();
    }

    /**
     * Stops a listener: its method is not called any more when this returns. A call that runs is waited for, for each log at
     * most for {@code eventlog.follow.close-timeout}, and then interrupted; one from within the method is not, and that call is
     * the last of its log.
     *
     * @param id the listener's id
     */
    public void stop(String id) {
        listener(id).stop();
    }

    /**
     * Whether a listener runs.
     *
     * @param id the listener's id
     * @return whether it was started, and neither stopped, nor ended by an error or by the completion of the log, at all of its
     *     logs: true also while it waits for Redis, or for its turn
     */
    public boolean isRunning(String id) {
        return listener(id).logs().stream().anyMatch(ListenedLog::isRunning);
    }

    /**
     * What ended a listener.
     *
     * @param id the listener's id
     * @return what the method threw, or why a log cannot be followed; nothing unless an error has ended it, at one of its logs
     *     at least, and it was not started again since
     */
    public Optional<Throwable> failure(String id) {
        return listener(id).logs().stream()
                .flatMap(log -> log.failure().stream())
                .findFirst();
    }

    /**
     * What a listener follows its logs by: how far it has come, and at which it has ended. To start and stop it, use this
     * registry instead.
     *
     * @param id the listener's id
     * @return the last follower of each log, in the order of the annotation, without the logs that it has not begun to follow
     *     yet; unmodifiable
     */
    public List<Follower> followers(String id) {
        return listener(id).logs().stream()
                .flatMap(log -> log.follower().stream())
                .filter(Followed.OneLog.class::isInstance)
                .map(followed -> ((Followed.OneLog) followed).follower())
                .toList();
    }

    /**
     * What a listener follows its patterns by. To start and stop it, use this registry instead.
     *
     * @param id the listener's id
     * @return the last follower of each pattern, in the order of the annotation, without the patterns that it has not begun to
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

    /** Starts the listeners that are to start with the application. */
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

    /** Lets no listener begin, and calls back when the last running call has returned. */
    @Override
    public void stop(Runnable callback) {
        running = false;
        CompletableFuture<Void> unused = end().whenComplete((nothing, failure) -> callback.run());
    }

    /** Ends all, without waiting. A factory that has a life of its own closes them itself, side by side, right after this. */
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

    /** Ends what has not ended yet. */
    @Override
    public void destroy() {
        CompletableFuture<Void> unused = end();
        scheduler.close();
    }
}
