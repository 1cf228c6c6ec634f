package dev.eventlog.annotation;

import dev.eventlog.Completion;
import dev.eventlog.FollowOptions;
import dev.eventlog.Gap;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * Decides what happens when a method annotated with {@link EventLogListener} throws, when it misses events, when Redis
 * cannot be reached, and when its log is complete. The single or primary bean of this type applies to all listeners
 * that do not choose another bean with {@link EventLogListener#errorPolicy}.
 *
 * <pre>{@code
 * @Bean
 * EventLogErrorPolicy errorPolicy(DeadLetters deadLetters) {
 *     return options -> options.retry(RetryPolicy.withMaxRetries(5)).recoverer(deadLetters::put);
 * }
 * }</pre>
 *
 * <p>An implementation must be thread-safe, because different listeners can call it at the same time.
 */
@FunctionalInterface
public interface EventLogErrorPolicy {

    /**
     * Sets what happens when the method throws, with the same options as {@link
     * dev.eventlog.EventLog#follow(dev.eventlog.Tail, dev.eventlog.EventBatchListener, java.util.function.Consumer)}: a
     * retry policy, a recoverer, or both. Without either, the listener stops. Called each time a listener starts to
     * follow a log.
     *
     * @param options the options of the follower, with the values of {@code eventlog.listener.retry.*} already set
     */
    void apply(FollowOptions.Builder options);

    /**
     * Called when events are gone that the method had not received, before the first event after the gap is delivered.
     * The default implementation logs a warning.
     *
     * @param gap the gap
     * @throws Exception to stop the listener at this log, or to be called again as the retry policy says
     */
    default void onGap(Gap gap) throws Exception {
        LogFactory.getLog(EventLogErrorPolicy.class).warn(gap);
    }

    /**
     * Called when the connection to Redis is lost, so that the method receives no new events for now. The listener continues by
     * itself: see {@link dev.eventlog.EventBatchListener#onInterrupted}. Not called if Redis cannot be reached when the listener
     * starts: see {@link EventLogListenerRegistry#isWaiting}. An exception stops the listener at this log, or repeats the call as
     * the retry policy says. For a pattern, it is only logged. The default implementation does nothing.
     *
     * @param log the name of the log; for a pattern, its text, once for all its logs
     */
    default void onInterrupted(String log) {}

    /**
     * Called once for each {@link #onInterrupted} when Redis can be reached again, before the method receives a new event. A
     * listener of a single log that lost its lease in the meantime starts again without this call. The default implementation
     * does nothing.
     *
     * @param log as for {@link #onInterrupted}
     */
    default void onResumed(String log) {}

    /**
     * Called when a log is complete and the method has received all its events. The listener then ends at this log. The
     * default implementation logs this: as a warning if the log has failed, otherwise as information.
     *
     * @param log the name of the log
     * @param completion how it ended
     * @throws Exception to stop the listener at this log with an error, or to be called again as the retry policy says
     */
    default void onComplete(String log, Completion completion) throws Exception {
        Log logger = LogFactory.getLog(EventLogErrorPolicy.class);
        String said = "A listener has reached the end of log '" + log + "', which is complete: " + completion;
        if (completion.isFailed()) {
            logger.warn(said);
        } else {
            logger.info(said);
        }
    }
}
