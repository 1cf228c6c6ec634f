package dev.eventlog;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How long a log gets and how long it lives. Immutable and thread-safe; made by a {@link Builder}.
 */
public final class EventLogOptions {

    private final long maxLength;
    private final Duration ttlAfterLastAdd;

    private EventLogOptions(long maxLength, Duration ttlAfterLastAdd) {
        this.maxLength = maxLength;
        this.ttlAfterLastAdd = ttlAfterLastAdd;
    }

    /** {@return a builder of options without limits} */
    public static Builder builder() {
        return new Builder(0, Duration.ZERO);
    }

    /** {@return a builder that begins with these options} */
    public Builder toBuilder() {
        return new Builder(maxLength, ttlAfterLastAdd);
    }

    /** {@return how many events to keep at most; 0 for no limit} */
    public long maxLength() {
        return maxLength;
    }

    /** {@return how long after the last add the whole log is deleted; zero for never} */
    public Duration ttlAfterLastAdd() {
        return ttlAfterLastAdd;
    }

    /** {@return whether there is a limit to the number of events} */
    public boolean hasMaxLength() {
        return maxLength > 0;
    }

    /** {@return whether the log is deleted some time after the last add} */
    public boolean hasTtl() {
        return !ttlAfterLastAdd.isZero();
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof EventLogOptions that
                && maxLength == that.maxLength
                && ttlAfterLastAdd.equals(that.ttlAfterLastAdd);
    }

    @Override
    public int hashCode() {
        return 31 * Long.hashCode(maxLength) + ttlAfterLastAdd.hashCode();
    }

    @Override
    public String toString() {
        return "max-length " + (hasMaxLength() ? maxLength : "unlimited") + ", ttl-after-last-add "
                + (hasTtl() ? ttlAfterLastAdd : "unlimited");
    }

    /** Makes options. Not thread-safe. */
    public static final class Builder {

        private long maxLength;
        private Duration ttlAfterLastAdd;

        private Builder(long maxLength, Duration ttlAfterLastAdd) {
            this.maxLength = maxLength;
            this.ttlAfterLastAdd = ttlAfterLastAdd;
        }

        /**
         * Limits the number of events.
         *
         * @param maxLength how many to keep at most; at or below 0 for no limit
         * @return this builder
         */
        public Builder maxLength(long maxLength) {
            this.maxLength = Math.max(maxLength, 0);
            return this;
        }

        /**
         * Limits the life of the log.
         *
         * @param ttl how long after the last add the whole log is deleted, to the millisecond; at or below zero for never
         * @return this builder
         * @throws IllegalArgumentException if the time is above zero and below a millisecond, or above 100 years
         */
        public Builder ttlAfterLastAdd(Duration ttl) {
            if (ttl.isZero() || ttl.isNegative()) {
                this.ttlAfterLastAdd = Duration.ZERO;
                return this;
            }
            if (ttl.compareTo(Duration.ofMillis(1)) < 0 || ttl.compareTo(Duration.ofDays(36_525)) > 0) {
                throw new IllegalArgumentException("ttlAfterLastAdd " + ttl
                        + ": must be from 1 millisecond to 100 years, or zero or less for a log that never expires");
            }
            this.ttlAfterLastAdd = ttl;
            return this;
        }

        /** {@return the options} */
        public EventLogOptions build() {
            return new EventLogOptions(maxLength, ttlAfterLastAdd);
        }
    }
}
