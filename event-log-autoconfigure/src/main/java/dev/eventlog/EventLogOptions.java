package dev.eventlog;

import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Options of a log: its maximum length, the maximum age of its events, how long Redis keeps it and remembers its
 * idempotent adds, and what happens to events that do not fit its type. Immutable, and thread-safe if the handler is.
 * Use a {@link Builder} to create them.
 */
public final class EventLogOptions {

    private static final Duration LEAST = Duration.ofMillis(1);
    private static final Duration MOST = Duration.ofDays(36_525);

    private final long maxLength;
    private final Duration maxAge;
    private final Duration ttlAfterLastAdd;
    private final Duration ttlAfterCompletion;
    private final Duration idempotencyRetention;
    private final UnreadableEvents unreadableEvents;
    private final @Nullable UnreadableEventHandler unreadableEventHandler;

    private EventLogOptions(Builder builder) {
        this.maxLength = builder.maxLength;
        this.maxAge = builder.maxAge;
        this.ttlAfterLastAdd = builder.ttlAfterLastAdd;
        this.ttlAfterCompletion = builder.ttlAfterCompletion;
        this.idempotencyRetention = builder.idempotencyRetention;
        this.unreadableEvents = builder.unreadableEvents;
        this.unreadableEventHandler = builder.unreadableEventHandler;
    }

    /** {@return a builder of options without limits, where idempotent adds are remembered for an hour} */
    public static Builder builder() {
        return new Builder();
    }

    /** {@return a builder that starts with these options} */
    public Builder toBuilder() {
        Builder builder = new Builder();
        builder.maxLength = maxLength;
        builder.maxAge = maxAge;
        builder.ttlAfterLastAdd = ttlAfterLastAdd;
        builder.ttlAfterCompletion = ttlAfterCompletion;
        builder.idempotencyRetention = idempotencyRetention;
        builder.unreadableEvents = unreadableEvents;
        builder.unreadableEventHandler = unreadableEventHandler;
        return builder;
    }

    /** {@return the maximum number of events; 0 for no limit} */
    public long maxLength() {
        return maxLength;
    }

    /** {@return the maximum age of an event, by the clock of Redis; zero for no limit} */
    public Duration maxAge() {
        return maxAge;
    }

    /** {@return how long Redis keeps the log after its last add; zero for no limit} */
    public Duration ttlAfterLastAdd() {
        return ttlAfterLastAdd;
    }

    /** {@return how long Redis keeps the log after its completion; zero for as long as after an add} */
    public Duration ttlAfterCompletion() {
        return ttlAfterCompletion;
    }

    /** {@return how long Redis keeps the log after its completion, derived from both ttls; zero for no limit} */
    public Duration ttlOfCompleted() {
        return ttlAfterCompletion.isZero() ? ttlAfterLastAdd : ttlAfterCompletion;
    }

    /** {@return how long an idempotent add is remembered, but never longer than the log exists} */
    public Duration idempotencyRetention() {
        return idempotencyRetention;
    }

    /** {@return what happens to an event that does not fit the type of a typed log} */
    public UnreadableEvents unreadableEvents() {
        return unreadableEvents;
    }

    /** {@return the handler of such events if they are handed over; null for the bean of the application} */
    public @Nullable UnreadableEventHandler unreadableEventHandler() {
        return unreadableEventHandler;
    }

    /** {@return whether the number of events is limited} */
    public boolean hasMaxLength() {
        return maxLength > 0;
    }

    /** {@return whether the age of events is limited} */
    public boolean hasMaxAge() {
        return !maxAge.isZero();
    }

    /** {@return whether the log expires after its last add} */
    public boolean hasTtl() {
        return !ttlAfterLastAdd.isZero();
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof EventLogOptions that
                && maxLength == that.maxLength
                && maxAge.equals(that.maxAge)
                && ttlAfterLastAdd.equals(that.ttlAfterLastAdd)
                && ttlAfterCompletion.equals(that.ttlAfterCompletion)
                && idempotencyRetention.equals(that.idempotencyRetention)
                && unreadableEvents == that.unreadableEvents
                && Objects.equals(unreadableEventHandler, that.unreadableEventHandler);
    }

    @Override
    public int hashCode() {
        return Objects.hash(
                maxLength,
                maxAge,
                ttlAfterLastAdd,
                ttlAfterCompletion,
                idempotencyRetention,
                unreadableEvents,
                unreadableEventHandler);
    }

    @Override
    public String toString() {
        return "max-length " + (hasMaxLength() ? maxLength : "unlimited")
                + (hasMaxAge() ? ", max-age " + maxAge : "") + ", ttl-after-last-add "
                + (hasTtl() ? ttlAfterLastAdd : "unlimited")
                + (ttlAfterCompletion.isZero() ? "" : ", ttl-after-completion " + ttlAfterCompletion)
                + ", idempotency-retention " + idempotencyRetention
                + (unreadableEvents == UnreadableEvents.FAIL ? "" : ", unreadable-events " + unreadableEvents);
    }

    /** Builds options. Not thread-safe. */
    public static final class Builder {

        private long maxLength;
        private Duration maxAge = Duration.ZERO;
        private Duration ttlAfterLastAdd = Duration.ZERO;
        private Duration ttlAfterCompletion = Duration.ZERO;
        private Duration idempotencyRetention = Duration.ofHours(1);
        private UnreadableEvents unreadableEvents = UnreadableEvents.FAIL;
        private @Nullable UnreadableEventHandler unreadableEventHandler;

        private Builder() {}

        /**
         * Limits the number of events.
         *
         * @param maxLength the maximum number of events; 0 for no limit
         * @return this builder
         * @throws IllegalArgumentException if the number is negative
         */
        public Builder maxLength(long maxLength) {
            if (maxLength < 0) {
                throw new IllegalArgumentException("maxLength " + maxLength
                        + ": must not be negative; 0 means that the log may have any number of events");
            }
            this.maxLength = maxLength;
            return this;
        }

        /**
         * Limits the age of events. Reads leave out older events, with millisecond precision. Each add removes older
         * events from Redis, but only in whole internal blocks of Redis, so some of them stay for a while. Without
         * further adds, all of them stay.
         *
         * @param age the maximum age of an event, with millisecond precision, by the clock of Redis; zero for no limit
         * @return this builder
         * @throws IllegalArgumentException if the time is neither zero nor from a millisecond to 100 years
         */
        public Builder maxAge(Duration age) {
            if (age == null || (!age.isZero() && !isSensible(age))) {
                throw new IllegalArgumentException(
                        "maxAge " + age + ": must be from 1 millisecond to 100 years, or 0 for events of any age");
            }
            this.maxAge = age;
            return this;
        }

        /**
         * Sets how long Redis keeps the log after its last add.
         *
         * @param ttl the time, with millisecond precision; zero for no limit
         * @return this builder
         * @throws IllegalArgumentException if the time is neither zero nor from a millisecond to 100 years
         */
        public Builder ttlAfterLastAdd(Duration ttl) {
            if (ttl == null || (!ttl.isZero() && !isSensible(ttl))) {
                throw new IllegalArgumentException("ttlAfterLastAdd " + ttl
                        + ": must be from 1 millisecond to 100 years, or 0 for a log that never expires");
            }
            this.ttlAfterLastAdd = ttl;
            return this;
        }

        /**
         * Sets how long Redis keeps the log after its completion.
         *
         * @param ttl the time, with millisecond precision; zero for as long as after an add
         * @return this builder
         * @throws IllegalArgumentException if the time is neither zero nor from a millisecond to 100 years
         */
        public Builder ttlAfterCompletion(Duration ttl) {
            if (ttl == null || (!ttl.isZero() && !isSensible(ttl))) {
                throw new IllegalArgumentException("ttlAfterCompletion " + ttl
                        + ": must be from 1 millisecond to 100 years, or 0 for the same time as after an add");
            }
            this.ttlAfterCompletion = ttl;
            return this;
        }

        /**
         * Sets how long an add with an idempotency key can be repeated.
         *
         * @param retention the time after the first add, with millisecond precision; a shorter ttl of the log ends it
         *     earlier
         * @return this builder
         * @throws IllegalArgumentException if the time is below a millisecond or above 100 years
         */
        public Builder idempotencyRetention(Duration retention) {
            if (retention == null || !isSensible(retention)) {
                throw new IllegalArgumentException(
                        "idempotencyRetention " + retention + ": must be from 1 millisecond to 100 years");
            }
            this.idempotencyRetention = retention;
            return this;
        }

        /**
         * Sets what happens when a typed log reads an event that does not fit its type. Has no effect on untyped logs, which
         * read every event.
         *
         * @param rule what happens; with {@link UnreadableEvents#HAND_OVER}, the application's bean of type
         *     {@link UnreadableEventHandler} gets the event
         * @return this builder
         * @throws IllegalArgumentException if it is null
         */
        public Builder unreadableEvents(UnreadableEvents rule) {
            if (rule == null) {
                throw new IllegalArgumentException("unreadableEvents null: must be FAIL, SKIP, or HAND_OVER");
            }
            this.unreadableEvents = rule;
            this.unreadableEventHandler = null;
            return this;
        }

        /**
         * Hands over events that do not fit the type of a typed log, and continues after them.
         *
         * @param handler receives the events
         * @return this builder
         * @throws IllegalArgumentException if it is null
         */
        public Builder unreadableEvents(UnreadableEventHandler handler) {
            if (handler == null) {
                throw new IllegalArgumentException(
                        "unreadableEvents null: the handler of events that do not fit must not be null");
            }
            this.unreadableEvents = UnreadableEvents.HAND_OVER;
            this.unreadableEventHandler = handler;
            return this;
        }

        private static boolean isSensible(Duration time) {
            return time.compareTo(LEAST) >= 0 && time.compareTo(MOST) <= 0;
        }

        /** {@return the options} */
        public EventLogOptions build() {
            return new EventLogOptions(this);
        }
    }
}
