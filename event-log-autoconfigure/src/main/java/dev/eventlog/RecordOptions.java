package dev.eventlog;

import java.time.Duration;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * How a source is recorded into a log: in batches of what size, and how much may wait for a slow Redis. Immutable, and
 * thread-safe if the function it is given is; made by a {@link Builder}.
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

    /** {@return a builder of options: batches of 100 events or 25 ms, and 1,000 events that may wait} */
    public static Builder builder() {
        return new Builder();
    }

    /** {@return how long an event waits for others to be added with it} */
    public Duration batchTime() {
        return batchTime;
    }

    /** {@return how many events are added at once at most} */
    public int batchSize() {
        return batchSize;
    }

    /** {@return how many events of the source may wait to be added} */
    public int bufferSize() {
        return bufferSize;
    }

    /** {@return whether the log must not exist yet} */
    public boolean isIfAbsent() {
        return ifAbsent;
    }

    /** {@return what to say to followers of the log about a source that failed} */
    public Function<Throwable, @Nullable String> reason() {
        return reason;
    }

    /** Makes options. Not thread-safe. */
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
         * Sets how long an event waits for others to be added with it. A longer time means fewer calls of Redis and fewer
         * wake-ups of followers; they see the event later by as much.
         *
         * @param batchTime 0 to a minute; 0 adds what has come as soon as the batch before it has been added
         * @return this builder
         * @throws IllegalArgumentException if it is null, negative or longer
         */
        public Builder batchTime(Duration batchTime) {
            if (batchTime == null || batchTime.isNegative() || batchTime.compareTo(Duration.ofMinutes(1)) > 0) {
                throw new IllegalArgumentException("The batch time " + batchTime + " must be from 0 to 1 minute");
            }
            this.batchTime = batchTime;
            return this;
        }

        /**
         * Sets how many events are added at once. So many do not wait for the batch time.
         *
         * @param batchSize 1 to 1,000,000
         * @return this builder
         * @throws IllegalArgumentException if it is less or more
         */
        public Builder batchSize(int batchSize) {
            this.batchSize = within("batch size", batchSize);
            return this;
        }

        /**
         * Sets how many events may wait to be added. So many are requested of the source, and no more before some have been
         * added: a slow Redis slows the source. A source that sends more than was requested is stopped, and the log ends as
         * failed.
         *
         * @param bufferSize 1 to 1,000,000; the batch size where it is less than that
         * @return this builder
         * @throws IllegalArgumentException if it is less or more
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
         * Records only if the log does not exist yet, so that a request that is sent twice begins the source once.
         *
         * @return this builder
         */
        public Builder ifAbsent() {
            this.ifAbsent = true;
            return this;
        }

        /**
         * Sets what followers of the log are told about a source that failed. Without this it is the message of what was thrown.
         *
         * @param reason makes a reason of what the source threw; null to say nothing
         * @return this builder
         * @throws IllegalArgumentException if the function is null
         */
        public Builder reason(Function<Throwable, @Nullable String> reason) {
            if (reason == null) {
                throw new IllegalArgumentException("The function that returns the reason must not be null: leave it out");
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
