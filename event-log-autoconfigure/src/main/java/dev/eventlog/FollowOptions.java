package dev.eventlog;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.core.retry.RetryPolicy;

/**
 * Options of a follower: what happens when its listener throws (by default the follower stops), whether it has a name
 * and stores its position, and how many events its listener gets at once. Immutable, and thread-safe if the policy and
 * recoverer are. Use a {@link Builder} to create them.
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

    /** {@return a builder of options without a name, where the follower stops when its listener throws} */
    public static Builder builder() {
        return new Builder();
    }

    /** {@return the policy that repeats failed calls; null for no retries} */
    public @Nullable RetryPolicy retryPolicy() {
        return retryPolicy;
    }

    /** {@return the recoverer of batches that the listener cannot process; null if the follower stops instead} */
    public @Nullable EventBatchRecoverer recoverer() {
        return recoverer;
    }

    /** {@return the name under which the follower stores its position; null for none} */
    public @Nullable String name() {
        return name;
    }

    /** {@return the maximum number of events in one call; null for {@code eventlog.follow.batch-size}} */
    public @Nullable Integer batchSize() {
        return batchSize;
    }

    /**
     * {@return the maximum number of logs for which the listener runs at the same time; null for
     * {@code eventlog.follow.concurrency}}
     */
    public @Nullable Integer concurrency() {
        return concurrency;
    }

    /** {@return the positions to continue after, by log name; null to start at the tail} */
    public @Nullable Map<String, EventId> resume() {
        return resume;
    }

    /** Builds options. Not thread-safe. */
    public static final class Builder {

        private @Nullable RetryPolicy retryPolicy;
        private @Nullable EventBatchRecoverer recoverer;
        private @Nullable String name;
        private @Nullable Integer batchSize;
        private @Nullable Integer concurrency;
        private @Nullable Map<String, EventId> resume;

        private Builder() {}

        /**
         * Repeats a call that threw, with the same batch, before any later event. No thread waits between two attempts.
         * Each batch, and each call of another kind, gets the full number of attempts of the policy, and its full
         * time-out.
         *
         * <p>The policy decides about every throwable, including errors and an {@link EventConversionException}. Use
         * {@code excludes} for those that a retry cannot help. Only an {@link InterruptedException} always stops the
         * follower.
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
         * Passes a batch to a recoverer after the last attempt of the listener, and continues with the next batch.
         *
         * @param recoverer receives the batch
         * @return this builder
         * @throws IllegalArgumentException if it is null
         */
        public Builder recoverer(EventBatchRecoverer recoverer) {
            this.recoverer = notNull(recoverer, "recoverer");
            return this;
        }

        /**
         * Gives the follower a name under which its position is stored in {@link EventPositions} after each batch. The
         * next follower of that name, in any process, continues there. The tail of {@code follow} applies only while no
         * position is stored.
         *
         * <p>With Spring Integration's locks on the class path, one follower of a name and log runs at a time, among
         * all instances of the application. The others wait. One of them takes over when the running follower is
         * closed, or within {@code eventlog.follow.lease} when its process dies. Each follower that takes over calls
         * {@link EventBatchListener#onCaughtUp} again. Without these locks, run only one instance.
         *
         * <p>A {@link LogsFollower} stores a position in each log, under the same key as a follower of that log alone
         * with the same name, so do not run both. For a pattern, one follower of this name and pattern runs at a time, for
         * all its logs. For a set of logs, one follower of this name runs at a time, whatever the
         * logs are. Give each set its own name, and do not give
         * one name to patterns with logs in common.
         *
         * @param name the name, for example {@code invoices}; not blank, and without {@code @}
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
         * Limits the number of events in one call of the listener. Each such batch is retried and recovered on its own,
         * and its position is stored on its own. With 1, a listener that throws delays or skips that event only. The library does
         * not read smaller pages because of this.
         *
         * @param batchSize the maximum number of events, at least 1; ignored if it is greater than
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
         * Limits the number of logs for which the listener of a {@link LogsFollower} runs at the same time. Ignored for
         * one log.
         *
         * @param concurrency the maximum number of logs, at least 1
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
         * Continues a {@link LogsFollower} at the positions of another one, instead of starting at its tail. A log that
         * matches the pattern but has no position here counts as new, and is delivered from its first event. Ignored
         * for one log (use {@link Tail#after}) and for a follower with a name, which stores its own positions.
         *
         * @param positions the last processed event of each log, as {@link LogsFollower#positions()} returns them
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
