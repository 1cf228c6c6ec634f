package dev.eventlog.annotation;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Repeatable;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.springframework.aot.hint.annotation.Reflective;

/**
 * Marks a method of a bean as the listener of one or more logs, from the start of the application to its end. Each log
 * has its own {@link dev.eventlog.Follower}, with all its guarantees.
 *
 * <pre>{@code
 * @EventLogListener(logs = "orders", name = "invoices")
 * void bill(OrderEvent event) {
 *     invoices.write(event);
 * }
 * }</pre>
 *
 * <p>The method returns nothing and has one of these parameters:
 *
 * <ul>
 *   <li>{@code List<Event>}, {@code List<TypedEvent<T>>}, or {@code List<T>}: the events since the last call, at most
 *       {@code eventlog.follow.batch-size}
 *   <li>{@code Event}, {@code TypedEvent<T>}, or {@code T}: one event at a time, in order. Each event is a batch of its
 *       own, so it is retried, recovered, and its position stored on its own
 * </ul>
 *
 * <p>{@code T} is a class, record, or sealed interface, as for
 * {@link dev.eventlog.EventLogFactory#create(String, Class)}. The method can also have a {@code String} parameter for
 * the name of the log. Any other signature stops the application from starting, with an
 * {@link InvalidEventLogListenerException}.
 *
 * <p>Calls for one log never overlap, calls for different logs can. Events count as processed when the method returns,
 * so do not pass them to another thread. {@link EventLogErrorPolicy} decides what happens when the method throws.
 * Without a policy and without {@code eventlog.listener.retry.*}, the listener stops at that log and delivers no later
 * event.
 *
 * <p>Only singleton beans can have such methods, with or without a proxy; other beans are refused. The listeners of a
 * lazy bean start when the bean is created. The annotation is repeatable, and works as a meta-annotation.
 *
 * <p>Spring resolves placeholders ({@code ${…}}) and then expressions ({@code #{…}}) in all attributes.
 */
@Target({ElementType.METHOD, ElementType.ANNOTATION_TYPE})
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Reflective
@Repeatable(EventLogListener.Container.class)
public @interface EventLogListener {

    /**
     * The id of the listener in the {@link EventLogListenerRegistry}.
     *
     * @return the id; by default {@code <bean>.<method>}, followed by {@code #2} and so on if that id exists
     */
    String id() default "";

    /**
     * The logs to follow, each with its own follower. A value with an asterisk, such as {@code orders:*}, is a pattern.
     * It stands for all logs that match it, including those that begin later: see {@link
     * dev.eventlog.EventLogFactory#follow(dev.eventlog.LogPattern, dev.eventlog.Tail, dev.eventlog.LogsListener)}.
     *
     * @return their names; an expression can also return an array or a collection of names
     */
    String[] logs();

    /**
     * Where in the logs to begin: {@code new} (with what comes), {@code all}, {@code last:50}, a moment as
     * {@code since:2026-11-27T12:00:00Z}, or the id of an event, to start after it. An expression can also return a
     * {@link dev.eventlog.Tail}, an {@link dev.eventlog.EventId} or an {@link java.time.Instant}. {@code all} is within
     * the max-length and max-age of the log, by {@code eventlog.*} or by {@link #maxLength} and {@link #maxAge}. Counts
     * when the application starts, for a listener with a {@link #name} only as long as no position is stored. One that
     * is stopped and started again in the same application continues where it was.
     *
     * @return the start; by default {@code new}, and {@code all} for a listener with a name
     */
    String from() default "";

    /**
     * How many events the logs have at most, in place of {@code eventlog.max-length} and its overrides: only the newest of them are
     * read at the start. Give 0 for logs whose writers keep them whole, or the beginning is left out.
     *
     * @return a number; by default as configured. Not for patterns: for those there is {@code eventlog.overrides}
     */
    String maxLength() default "";

    /**
     * How old the events of the logs get at most, in place of {@code eventlog.max-age} and its overrides: nothing older is read at the
     * start.
     *
     * @return a duration as {@code 12h} or {@code P7D}, or 0 for no limit; by default as configured. Not for patterns: for those
     *     there is {@code eventlog.overrides}
     */
    String maxAge() default "";

    /**
     * The name under which the position in each log is stored, so that the next application continues there: see
     * {@link dev.eventlog.FollowOptions.Builder#named}. Each log, and each pattern, has a lease of its own.
     *
     * @return the name; none by default
     */
    String name() default "";

    /**
     * Whether the listener starts with the application, or only with {@link EventLogListenerRegistry#start(String)}.
     *
     * @return {@code true} or {@code false}; by default the value of {@code eventlog.listener.auto-startup}
     */
    String autoStartup() default "";

    /**
     * What happens when the method throws, and when events are gone.
     *
     * @return the name of a bean of type {@link EventLogErrorPolicy}, or an expression that returns one; by default the
     *     only or primary one
     */
    String errorPolicy() default "";

    /** Holds several listeners of one method. */
    @Target({ElementType.METHOD, ElementType.ANNOTATION_TYPE})
    @Retention(RetentionPolicy.RUNTIME)
    @Documented
    @Reflective
    @interface Container {

        /** {@return the listeners} */
        EventLogListener[] value();
    }
}
