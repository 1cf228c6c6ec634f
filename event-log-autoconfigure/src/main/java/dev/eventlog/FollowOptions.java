package dev.eventlog;

import org.jspecify.annotations.Nullable;
import org.springframework.core.retry.RetryPolicy;

/**
 * What a follower does when its listener throws: without options it stops. Immutable, and thread-safe if what it is given
 * is; made by a {@link Builder}.
 */
public final class FollowOptions {

    private final @Nullable RetryPolicy retryPolicy;
    private final @Nullable EventBatchRecoverer recoverer;

    private FollowOptions(@Nullable RetryPolicy retryPolicy, @Nullable EventBatchRecoverer recoverer) {
        this.retryPolicy = retryPolicy;
        this.recoverer = recoverer;
    }

    /** {@return a builder of options by which a follower stops as soon as its listener throws} */
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

    /** Makes options. Not thread-safe. */
    public static final class Builder {

        private @Nullable RetryPolicy retryPolicy;
        private @Nullable EventBatchRecoverer recoverer;

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

        private static <T> T notNull(@Nullable T value, String name) {
            if (value == null) {
                throw new IllegalArgumentException(
                        "The " + name + " must not be null: leave it out, and the follower stops");
            }
            return value;
        }

        /** {@return the options} */
        public FollowOptions build() {
            return new FollowOptions(retryPolicy, recoverer);
        }
    }
}
