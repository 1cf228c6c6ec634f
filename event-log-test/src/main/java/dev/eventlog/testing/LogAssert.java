package dev.eventlog.testing;

import dev.eventlog.EventConversionException;
import dev.eventlog.EventLogException;
import dev.eventlog.LoggedEvent;
import dev.eventlog.ReadableEventLog;
import dev.eventlog.Tail;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import org.assertj.core.api.AbstractAssert;
import org.assertj.core.api.Assertions;
import org.assertj.core.api.ListAssert;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionTimeoutException;

/**
 * Assertions about one log. Each assertion reads the whole log again, up to its max-length. After
 * {@link #eventually()}, the following assertions are repeated until they pass. Not thread-safe.
 *
 * <p>For assertions about ids and times, use AssertJ on {@link ReadableEventLog#read(Tail)}.
 *
 * @param <T> the type by which the events are compared
 */
@SuppressWarnings("varargs") // AssertJ only reads the events
public final class LogAssert<T> extends AbstractAssert<LogAssert<T>, ReadableEventLog<?>> {

    private static final Duration AT_MOST = Duration.ofSeconds(5);
    private static final Duration PAUSE = Duration.ofMillis(20);

    private final Function<Tail, List<T>> reading;
    private Duration patience = Duration.ZERO;

    <E extends LoggedEvent> LogAssert(ReadableEventLog<E> log, Function<E, T> value) {
        super(log, LogAssert.class);
        this.reading = tail -> log.read(tail).stream().map(value).toList();
        as("log '%s'", log.name());
    }

    /** {@return this assertion; the following assertions are repeated for up to five seconds} */
    public LogAssert<T> eventually() {
        return within(AT_MOST);
    }

    /**
     * Repeats the following assertions until they pass, for a limited time.
     *
     * @param atMost the maximum time
     * @return this assertion
     */
    public LogAssert<T> within(Duration atMost) {
        patience = atMost;
        return this;
    }

    /**
     * Asserts that the log has these events, among others, in any order.
     *
     * @param events the events
     * @return this assertion
     */
    @SafeVarargs
    public final LogAssert<T> contains(T... events) {
        return events(all -> all.contains(events));
    }

    /**
     * Asserts that the log has exactly these events, in this order.
     *
     * @param events the events, oldest first
     * @return this assertion
     */
    @SafeVarargs
    public final LogAssert<T> containsExactly(T... events) {
        return events(all -> all.containsExactly(events));
    }

    /**
     * Asserts that these are the newest events of the log, in this order.
     *
     * @param events the events, oldest first
     * @return this assertion
     */
    @SafeVarargs
    public final LogAssert<T> endsWith(T... events) {
        return events(all -> all.endsWith(events));
    }

    /**
     * Asserts that the log has none of these events. After {@link #eventually()}, this passes as soon as they are gone.
     *
     * @param events the events
     * @return this assertion
     */
    @SafeVarargs
    public final LogAssert<T> doesNotContain(T... events) {
        return events(all -> all.doesNotContain(events));
    }

    /**
     * Asserts the number of events in the log.
     *
     * @param size the number of events
     * @return this assertion
     */
    public LogAssert<T> hasSize(int size) {
        return events(all -> all.hasSize(size));
    }

    /** {@return this assertion, which fails if the log has an event} */
    public LogAssert<T> isEmpty() {
        return events(all -> all.isEmpty());
    }

    /** {@return this assertion, which fails unless the log is complete: done, failed, or cancelled} */
    public LogAssert<T> isComplete() {
        return holds(() -> Assertions.assertThat(actual.isComplete())
                .as(description("is complete"))
                .isTrue());
    }

    /**
     * Makes any other assertions about the events.
     *
     * @param assertions receives AssertJ assertions for the list of all events, oldest first
     * @return this assertion
     */
    public LogAssert<T> events(Consumer<ListAssert<T>> assertions) {
        return holds(() -> assertions.accept(
                Assertions.assertThat(reading.apply(Tail.all())).as(descriptionText())));
    }

    private String description(String what) {
        return descriptionText() + " " + what;
    }

    /** {@return whether a retry can help} Redis can come back, but an event that does not fit its type never will. */
    private static boolean mayPass(Throwable failure) {
        return failure instanceof EventLogException && !(failure instanceof EventConversionException);
    }

    private LogAssert<T> holds(Runnable assertion) {
        if (patience.isZero()) {
            assertion.run();
            return this;
        }
        try {
            Awaitility.await(descriptionText())
                    .pollInSameThread()
                    .pollDelay(Duration.ZERO)
                    .pollInterval(PAUSE)
                    .atMost(patience.plus(PAUSE))
                    .ignoreExceptionsMatching(LogAssert::mayPass)
                    .untilAsserted(assertion::run);
        } catch (ConditionTimeoutException late) {
            throw new AssertionError("Not within " + patience + ": " + late.getMessage(), late.getCause());
        }
        return this;
    }
}
