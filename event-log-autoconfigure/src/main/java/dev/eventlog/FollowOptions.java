package dev.eventlog;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.core.retry.RetryPolicy;

/**
 * What a follower does when its listener throws, without options it stops; whether it has a name, by which it keeps its
 * position; and how much its listener gets at once. Immutable, and thread-safe if what it is given is; made by a
 * {@link Builder}.
 */
public final class FollowOptions {

    private final @Nullable RetryPolicy retryPolicy;
    private final @Nullable EventBatchRecoverer recoverer;
    private final @Nullable String name;
    private final @Nullable Integer batchSize;
    private final @Nullable Integer concurrency;
    private final @Nullable Map<String, EventId> resume;

    private FollowOptions(Builder builder) {
        this.retryPolicy = builder.retryPolicy;
        this.recoverer = builder.recoverer;
        this.name = builder.name;
        this.batchSize = builder.batchSize;
        this.concurrency = builder.concurrency;
        this.resume = builder.resume;
    }

    /** {@return a builder of options by which a follower has no name and stops as soon as its listener throws} */
    public static Builder builder() {
        return new Builder();
    }

    /** {@return whether, when and how often a call that threw is repeated; null for never} */
    public @Nullable RetryPolicy retryPolicy() {
        return retryPolicy;
    }

    /** {@return what takes the batches that the listener cannot; null for nothing: the follower stops} */
    public @Nullable EventBatchRecoverer recoverer() {
        return recoverer;
    }

    /** {@return the name by which the follower keeps its position; null for none} */
    public @Nullable String name() {
        return name;
    }

    /** {@return how many events the listener gets at most in one call; null for {@code eventlog.follow.batch-size}} */
    public @Nullable Integer batchSize() {
        return batchSize;
    }

    /** {@return for how many logs the listener is called at once; null for {@code eventlog.follow.concurrency}} */
    public @Nullable Integer concurrency() {
        return concurrency;
    }

    /** {@return after which event to go on in which log; null to begin at the tail} */
    public @Nullable Map<String, EventId> resume() {
        return resume;
    }

    /** Makes options. Not thread-safe. */
    public static final class Builder {

        private @Nullable RetryPolicy retryPolicy;
        private @Nullable EventBatchRecoverer recoverer;
        private @Nullable String name;
        private @Nullable Integer batchSize;
        private @Nullable Integer concurrency;
        private @Nullable Map<String, EventId> resume;

        private Builder() {}

        /**
         * Repeats a call that threw: the same batch again, and nothing later before it. No thread is held between two
         * attempts. Each batch, and each call of another kind, has all the attempts of the policy, and its time-out.
         *
         * <p>The policy is asked about everything that is thrown, errors and an {@link EventConversionException} among it:
         * {@code excludes} what will not pass. Only an {@link InterruptedException} always stops the follower.
         *
         * @param policy decides whether and when to try again
         * @return this builder
         * @throws IllegalArgumentException if it is null
         */
        public Builder retry(RetryPolicy policy) {
            this.retryPolicy = notNull(policy, "retry policy");
            return this;
        }

        /**
         * Goes on after a batch that the listener cannot take, neither at first nor when tried again.
         *
         * @param recoverer takes that batch instead
         * @return this builder
         * @throws IllegalArgumentException if it is null
         */
        public Builder recoverer(EventBatchRecoverer recoverer) {
            this.recoverer = notNull(recoverer, "recoverer");
            return this;
        }

        /**
         * Gives the follower a name, by which its position in the log outlives it: stored in {@link EventPositions} after each
         * batch, and found there again by the next follower of that name, in whatever process. The tail that is given to
         * {@code follow} counts only where nothing has been stored yet.
         *
         * <p>Where Spring Integration's locks are on the class path one follower of a name and log follows at a time, among
         * all instances of the application; the others wait for their turn and take over when it is closed, or within
         * {@code eventlog.follow.lease} when its process dies. Each time one begins, its listener is told anew when it
         * {@linkplain EventBatchListener#onCaughtUp has caught up}. Without these locks run one instance.
         *
         * @param name what this follower does, for example {@code invoices}; not blank, and without an {@code @}
         * @return this builder
         * @throws IllegalArgumentException if the name is null, blank, not valid Unicode, or has an {@code @}
         */
        public Builder named(String name) {
            if (notNull(name, "name").isBlank() || name.indexOf('@') >= 0) {
                throw new IllegalArgumentException("The name '" + name
                        + "' of a follower must not be blank or contain @, which separates it from the log");
            }
            if (!StandardCharsets.UTF_8.newEncoder().canEncode(name)) {
                throw new IllegalArgumentException("The name '" + name + "' of a follower is not valid Unicode");
            }
            this.name = name;
            return this;
        }

        /**
         * Lets the listener have fewer events in one call. What holds of a batch then holds of so many: it is retried, handed
         * to a recoverer, and its position stored by itself. With 1 a listener that throws holds up, or gives up, no event but
         * that one. The log is not read in smaller pages for it.
         *
         * @param batchSize how many events at most, above 0; without meaning where it is more than
         *     {@code eventlog.follow.batch-size}
         * @return this builder
         * @throws IllegalArgumentException if it is less than 1
         */
        public Builder batchSize(int batchSize) {
            if (batchSize < 1) {
                throw new IllegalArgumentException("The batch size " + batchSize + " must be 1 or more");
            }
            this.batchSize = batchSize;
            return this;
        }

        /**
         * Limits for how many logs at once the listener of a {@link LogsFollower} is called. Without meaning for one log.
         *
         * @param concurrency how many at most, above 0
         * @return this builder
         * @throws IllegalArgumentException if it is less than 1
         */
        public Builder concurrency(int concurrency) {
            if (concurrency < 1) {
                throw new IllegalArgumentException("The concurrency " + concurrency + " must be 1 or more");
            }
            this.concurrency = concurrency;
            return this;
        }

        /**
         * Lets a {@link LogsFollower} go on where another one stood, in place of its tail. A log that fits its pattern and is not
         * among these has begun since, and is delivered from its first event. Without meaning for one log, where
         * {@link Tail#after} says this, and for a follower with a name.
         *
         * @param positions the last event taken of each log, as {@link LogsFollower#positions()} answers
         * @return this builder
         * @throws IllegalArgumentException if it is null
         */
        public Builder resume(Map<String, EventId> positions) {
            this.resume = Map.copyOf(notNull(positions, "map of positions"));
            return this;
        }

        private static <T> T notNull(@Nullable T value, String name) {
            if (value == null) {
                throw new IllegalArgumentException(
                        "The " + name + " must not be null: leave it out if you do not need it");
            }
            return value;
        }

        /** {@return the options} */
        public FollowOptions build() {
            return new FollowOptions(this);
        }
    }
}
