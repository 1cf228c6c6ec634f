package dev.eventlog;

import java.time.Duration;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Options of a recording: the size of its batches, and how many events may wait for a slow Redis. Immutable, and
 * thread-safe if the function for the reason is. Use a {@link Builder} to create them.
 */
public final class RecordOptions {

    private static final int MOST = 1_000_000;

    private final Duration batchTime;
    private final int batchSize;
    private final int bufferSize;
    private final boolean ifAbsent;
    private final Function<Throwable, @Nullable String> reason;

    private RecordOptions(Builder builder) {
        this.batchTime = builder.batchTime;
        this.batchSize = builder.batchSize;
        this.bufferSize = Math.max(builder.bufferSize, builder.batchSize);
        this.ifAbsent = builder.ifAbsent;
        this.reason = builder.reason;
    }

    /** {@return a builder with the defaults: batches of 100 events or 25 ms, and a buffer of 1,000 events} */
    public static Builder builder() {
        return new Builder();
    }

    /** {@return how long an event waits for others to be added with it} */
    public Duration batchTime() {
        return batchTime;
    }

    /** {@return the maximum number of events in one add} */
    public int batchSize() {
        return batchSize;
    }

    /** {@return the maximum number of events that wait to be added} */
    public int bufferSize() {
        return bufferSize;
    }

    /** {@return whether the log must not exist yet} */
    public boolean isIfAbsent() {
        return ifAbsent;
    }

    /** {@return the function that turns a failure of the source into the reason of the completion} */
    public Function<Throwable, @Nullable String> reason() {
        return reason;
    }

    /** Builds options. Not thread-safe. */
    public static final class Builder {

        private Duration batchTime = Duration.ofMillis(25);
        private int batchSize = 100;
        private int bufferSize = 1_000;
        private boolean ifAbsent;
        private Function<Throwable, @Nullable String> reason = failure -> failure.getMessage() != null
                ? failure.getMessage()
                : failure.getClass().getSimpleName();

        private Builder() {}

        /**
         * Sets how long an event waits for others to be added with it. A longer time means fewer calls to Redis and
         * fewer wake-ups of followers, but they see the event later.
         *
         * @param batchTime from 0 to 1 minute; with 0, events are added as soon as the previous batch has been added
         * @return this builder
         * @throws IllegalArgumentException if it is null, negative, or longer than 1 minute
         */
        public Builder batchTime(Duration batchTime) {
            if (batchTime == null || batchTime.isNegative() || batchTime.compareTo(Duration.ofMinutes(1)) > 0) {
                throw new IllegalArgumentException("The batch time " + batchTime + " must be from 0 to 1 minute");
            }
            this.batchTime = batchTime;
            return this;
        }

        /**
         * Sets the maximum number of events in one add. As soon as that many events wait, they are added without
         * waiting for the batch time.
         *
         * @param batchSize from 1 to 1,000,000
         * @return this builder
         * @throws IllegalArgumentException if it is out of range
         */
        public Builder batchSize(int batchSize) {
            this.batchSize = within("batch size", batchSize);
            return this;
        }

        /**
         * Sets the maximum number of events that wait to be added. The recording requests at most that many events from
         * the source until some have been added, so a slow Redis slows the source down. A source that emits more than
         * requested is stopped, and the log ends as failed.
         *
         * @param bufferSize from 1 to 1,000,000; raised to the batch size if it is less
         * @return this builder
         * @throws IllegalArgumentException if it is out of range
         */
        public Builder bufferSize(int bufferSize) {
            this.bufferSize = within("buffer size", bufferSize);
            return this;
        }

        private static int within(String name, int value) {
            if (value < 1 || value > MOST) {
                throw new IllegalArgumentException("The " + name + " %,d must be from 1 to %,d".formatted(value, MOST));
            }
            return value;
        }

        /**
         * Records only if the log does not exist yet, so that a request that is sent twice starts the source once.
         *
         * @return this builder
         */
        public Builder ifAbsent() {
            this.ifAbsent = true;
            return this;
        }

        /**
         * Sets the reason that followers of the log get when the source fails. By default it is the message of the
         * exception, or the simple name of its class if it has no message.
         *
         * @param reason turns the exception of the source into a reason, or null for none
         * @return this builder
         * @throws IllegalArgumentException if the function is null
         */
        public Builder reason(Function<Throwable, @Nullable String> reason) {
            if (reason == null) {
                throw new IllegalArgumentException(
                        "The function that returns the reason must not be null: leave it out");
            }
            this.reason = reason;
            return this;
        }

        /** {@return the options} */
        public RecordOptions build() {
            return new RecordOptions(this);
        }
    }
}
