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
 *       own: it is retried and recovered on its own, and its position is stored on its own
 * </ul>
 *
 * <p>{@code T} is a class, record, or sealed interface, as for
 * {@link dev.eventlog.EventLogFactory#create(String, Class)}. The method can also have a {@code String} parameter for
 * the name of the log. Any other signature stops the application from starting, with an
 * {@link InvalidEventLogListenerException}.
 *
 * <p>Calls for one log never overlap. Calls for different logs can. Events count as processed when the method returns,
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
     * Where to start in the logs: {@code new} (with the next event), {@code all}, {@code last:50}, a point in time such as
     * {@code since:2026-11-27T12:00:00Z}, or the id of an event, to start after it
     * (not for a pattern). An expression can also return a
     * {@link dev.eventlog.Tail}, an {@link dev.eventlog.EventId} or an {@link java.time.Instant}. {@code all} is limited by the
     * max-length and max-age of the log, from {@code eventlog.*} or from {@link #maxLength} and {@link #maxAge}. The start
     * applies when the application starts. For a listener with a {@link #name}, it applies only while no position is stored. A
     * listener that is stopped and started again in the same application continues where it was.
     *
     * @return the start; by default {@code new}, and {@code all} for a listener with a name
     */
    String from() default "";

    /**
     * The maximum number of events in the logs, instead of {@code eventlog.max-length} and its overrides. At the start, only the
     * newest of them are read. Set 0 for logs that their writers do not trim, because otherwise the beginning is left out.
     *
     * @return a number; by default the configured value. Not allowed for patterns, which use {@code eventlog.overrides}
     */
    String maxLength() default "";

    /**
     * The maximum age of the events in the logs, instead of {@code eventlog.max-age} and its overrides. At the start, no older
     * events are read.
     *
     * @return a duration such as {@code 12h} or {@code P7D}, or 0 for no limit; by default the configured value. Not
     *     allowed for patterns, which use {@code eventlog.overrides}
     */
    String maxAge() default "";

    /**
     * What happens to an event that does not fit the type of the method, instead of {@code eventlog.unreadable-events} and its
     * overrides: {@code fail}, {@code skip}, or {@code hand-over} to a bean of type {@link dev.eventlog.UnreadableEventHandler}.
     *
     * @return the rule; by default the configured value. Not allowed for patterns, which use {@code eventlog.overrides}
     */
    String unreadableEvents() default "";

    /**
     * The name under which the position in each log is stored, so that the application continues there after a restart: see
     * {@link dev.eventlog.FollowOptions.Builder#named}. Each log and each pattern has its own lease.
     *
     * @return the name; none by default
     */
    String name() default "";

    /**
     * Whether the listener starts with the application. Otherwise {@link EventLogListenerRegistry#start(String)} starts it.
     *
     * @return {@code true} or {@code false}; by default the value of {@code eventlog.listener.auto-startup}
     */
    String autoStartup() default "";

    /**
     * The policy for exceptions of the method, and for gaps.
     *
     * @return the name of a bean of type {@link EventLogErrorPolicy}, or an expression that returns one; by default the only or
     *         primary one
     */
    String errorPolicy() default "";

    /** Contains several listeners of one method. */
    @Target({ElementType.METHOD, ElementType.ANNOTATION_TYPE})
    @Retention(RetentionPolicy.RUNTIME)
    @Documented
    @Reflective
    @interface Container {

        /** {@return the listeners} */
        EventLogListener[] value();
    }
}
