package dev.eventlog.core;

import dev.eventlog.AddOptions;
import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.Folded;
import dev.eventlog.UnexpectedLastIdException;
import dev.eventlog.follow.WholeReading;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.core.retry.RetryException;
import org.springframework.core.retry.RetryPolicy;
import org.springframework.core.retry.RetryTemplate;
import org.springframework.util.Assert;
import org.springframework.util.backoff.BackOff;

/**
 * Builds a state from all events of a log, and adds events that depend on it. A second attempt reads only the new events. Not
 * thread-safe.
 */
final class Folding<E, S extends @Nullable Object> {

    private final String log;
    private final WholeReading reading;
    private final Function<Event, Optional<E>> conversion;
    private final BiFunction<? super S, ? super E, ? extends S> fold;
    private S state;
    private @Nullable UnexpectedLastIdException conflict;

    Folding(
            String log,
            WholeReading reading,
            Function<Event, Optional<E>> conversion,
            S seed,
            BiFunction<? super S, ? super E, ? extends S> fold) {
        Assert.notNull(fold, () -> "The function that folds log '" + log + "' must not be null");
        this.log = log;
        this.reading = reading;
        this.conversion = conversion;
        this.state = seed;
        this.fold = fold;
    }

    Folded<S> toEnd() {
        do {
            for (Event event : reading.next()) {
                Optional<E> read = conversion.apply(event);
                if (read.isPresent()) {
                    state = fold.apply(state, read.get());
                }
            }
        } while (!reading.isAtEnd());
        return new Folded<>(state, reading.lastId());
    }

    /** Retries only after a conflict. Any other failure is final, including an add whose outcome is unknown. */
    private record AfterConflict(RetryPolicy policy) implements RetryPolicy {

        @Override
        public boolean shouldRetry(Throwable failure) {
            return failure instanceof UnexpectedLastIdException && policy.shouldRetry(failure);
        }

        @Override
        public Duration getTimeout() {
            return policy.getTimeout();
        }

        @Override
        public BackOff getBackOff() {
            return policy.getBackOff();
        }
    }

    <V> List<EventId> update(
            Function<? super S, ? extends List<? extends V>> decide,
            BiFunction<List<? extends V>, AddOptions, List<EventId>> adding,
            RetryPolicy retry) {
        Assert.notNull(decide, () -> "The function that decides an update of log '" + log + "' must not be null");
        Assert.notNull(retry, () -> "The retry policy of an update of log '" + log + "' must not be null");
        try {
            return new RetryTemplate(new AfterConflict(retry)).execute(() -> updateOnce(decide, adding));
        } catch (RetryException given) {
            throw failure(given);
        }
    }

    private <V> List<EventId> updateOnce(
            Function<? super S, ? extends List<? extends V>> decide,
            BiFunction<List<? extends V>, AddOptions, List<EventId>> adding) {
        Folded<S> now = toEnd();
        List<? extends V> decided = decide.apply(now.state());
        Assert.notNull(
                decided,
                () -> "The list of events to add to log '" + log + "' must not be null: an empty list adds nothing");
        if (decided.isEmpty()) {
            return List.of();
        }
        try {
            return adding.apply(decided, AddOptions.ifLast(now.lastId()));
        } catch (UnexpectedLastIdException others) {
            conflict = others;
            throw others;
        }
    }

    private RuntimeException failure(RetryException given) {
        Throwable cause = given.getCause();
        if (cause instanceof Error error) {
            throw error;
        }
        UnexpectedLastIdException last = conflict;
        return cause instanceof RuntimeException failure
                ? failure
                : last != null ? last : new IllegalStateException(given); // interrupted while waiting
    }
}
