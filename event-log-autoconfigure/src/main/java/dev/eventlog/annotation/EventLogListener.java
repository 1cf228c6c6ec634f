package dev.eventlog.annotation;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Repeatable;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.springframework.aot.hint.annotation.Reflective;

/**
 * Has a method of a bean take the events of logs, from the start of the application to its end: by a
 * {@link dev.eventlog.Follower} for each log, so all that is guaranteed of these holds.
 *
 * <pre>{@code
 * @EventLogListener(logs = "orders", name = "invoices")
 * void bill(OrderEvent event) {
 *     invoices.write(event);
 * }
 * }</pre>
 *
 * <p>The method returns nothing, and has one of these parameters:
 *
 * <ul>
 *   <li>{@code List<Event>}, {@code List<TypedEvent<T>>} or {@code List<T>}, to take what has come since the last call, at
 *       most {@code eventlog.follow.batch-size} events
 *   <li>{@code Event}, {@code TypedEvent<T>} or {@code T}, to take them one by one, in order: each is a batch of its own, so
 *       it is retried, recovered, and its position stored by itself
 * </ul>
 *
 * <p>{@code T} is a class, record or sealed interface, by which the log is read, as by
 * {@link dev.eventlog.EventLogFactory#create(String, Class)}. Beside that parameter there may be a {@code String}, which is
 * the name of the log. What does not fit stops the application from starting, by an
 * {@link InvalidEventLogListenerException}.
 *
 * <p>Calls for one log never overlap, those for different logs may. Events count as taken when the method returns, so it is not
 * to hand them over to another thread. If it throws, see {@link EventLogErrorPolicy}: without one, and without
 * {@code eventlog.listener.retry.*}, the listener stops at that log, and nothing later is delivered.
 *
 * <p>Of singleton beans only, proxied or not; others are refused. Those of a lazy bean begin when it is made. May be repeated,
 * and stand on annotations of your own.
 *
 * <p>In the attributes placeholders ({@code ${…}}) and then expressions ({@code #{…}}) are resolved.
 */
@Target({ElementType.METHOD, ElementType.ANNOTATION_TYPE})
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Reflective
@Repeatable(EventLogListener.Container.class)
public @interface EventLogListener {

    /**
     * By which the {@link EventLogListenerRegistry} knows the listener.
     *
     * @return the id; by default {@code <bean>.<method>}, where that is taken with {@code #2} and so on behind it
     */
    String id() default "";

    /**
     * The logs to follow, each by a follower of its own. One with an asterisk, as {@code orders:*}, is a pattern, and stands for all
     * logs that fit it, those among them that begin later: see {@link dev.eventlog.EventLogFactory#follow(dev.eventlog.LogPattern,
     * dev.eventlog.Tail, dev.eventlog.LogsListener)}.
     *
     * @return their names; an expression may also give an array or a collection of names
     */
    String[] logs();

    /**
     * Where in the logs to begin: {@code new} (with what comes), {@code all}, {@code last:50}, or the id of an event, to go on
     * after it. An expression may also give a {@link dev.eventlog.Tail} or an {@link dev.eventlog.EventId}. Counts when the
     * application starts, for a listener with a {@link #name} only as long as no position is stored. One that is stopped and
     * started again in the same application goes on where it was.
     *
     * @return the beginning; by default {@code new}, and {@code all} for a listener with a name
     */
    String from() default "";

    /**
     * The name by which the position in each log is kept, so that the next application goes on after it: see
     * {@link dev.eventlog.FollowOptions.Builder#named}. Each log, and each pattern, has a lease of its own.
     *
     * @return the name; none by default
     */
    String name() default "";

    /**
     * Whether to start with the application, or only by {@link EventLogListenerRegistry#start(String)}.
     *
     * @return {@code true} or {@code false}; by default as {@code eventlog.listener.auto-startup} says
     */
    String autoStartup() default "";

    /**
     * What to do when the method throws, and when events are gone.
     *
     * @return the name of a bean of type {@link EventLogErrorPolicy}, or an expression that gives one; by default the only one
     *     that there is, or the primary one
     */
    String errorPolicy() default "";

    /** Several listeners on one method. */
    @Target({ElementType.METHOD, ElementType.ANNOTATION_TYPE})
    @Retention(RetentionPolicy.RUNTIME)
    @Documented
    @Reflective
    @interface Container {

        /** {@return the listeners} */
        EventLogListener[] value();
    }
}
