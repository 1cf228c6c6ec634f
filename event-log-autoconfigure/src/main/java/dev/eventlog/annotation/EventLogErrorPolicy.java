package dev.eventlog.annotation;

import dev.eventlog.Completion;
import dev.eventlog.FollowOptions;
import dev.eventlog.Gap;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * What happens when a method annotated with {@link EventLogListener} throws, when events are gone that it had not got, and
 * when its log is complete: a
 * bean, for all of them if there is one, else by {@link EventLogListener#errorPolicy}.
 *
 * <pre>{@code
 * @Bean
 * EventLogErrorPolicy errorPolicy(DeadLetters deadLetters) {
 *     return options -> options.retry(RetryPolicy.withMaxRetries(5)).recoverer(deadLetters::put);
 * }
 * }</pre>
 *
 * <p>To be implemented thread-safe, as different listeners may call at the same time.
 */
@FunctionalInterface
public interface EventLogErrorPolicy {

    /**
     * Says what to do when the method throws, as {@link dev.eventlog.EventLog#follow(dev.eventlog.Tail,
     * dev.eventlog.EventBatchListener, java.util.function.Consumer)} would be told: to retry, to recover, or both; with neither
     * the listener stops. Called whenever a log begins to be followed.
     *
     * @param options by which the log will be followed; what {@code eventlog.listener.retry.*} says is set already
     */
    void apply(FollowOptions.Builder options);

    /**
     * Events that the method had not got yet are gone. Called before the first event after the gap is delivered. Logs a warning
     * unless implemented.
     *
     * @param gap what is known of it
     * @throws Exception to stop the listener at this log, or to be called again as the retry policy says
     */
    default void onGap(Gap gap) throws Exception {
        LogFactory.getLog(EventLogErrorPolicy.class).warn(gap);
    }

    /**
     * A log is complete, and the method has got all its events: its listener ends at this log. Says so in the application's log
     * unless implemented, as a warning if the log has failed.
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
