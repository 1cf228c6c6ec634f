package dev.eventlog;

import java.time.Instant;

/**
 * Where to start in a log: at its first event, at its last events, at the next event, at an id, or at a moment. A tail
 * always extends to the newest event, and is read oldest event first. A closed set of immutable values. To read a part
 * from the middle of a log, use {@link EventRange}.
 *
 * <p>A tail has at most the newest max-length events, and none older than max-age. Both come from the options of the
 * handle that reads: those of {@code eventlog.*}, unless the handle was created with others. Read a log with the same
 * options that its writers use, because otherwise a tail can silently leave out events. To compute a state from all
 * events of a log, use {@link ReadableEventLog#fold}, which has no limit.
 */
public sealed interface Tail {

    /**
     * Starts at the first event, within the max-length and max-age of the handle that reads.
     *
     * @return the tail
     */
    static Tail all() {
        return new All();
    }

    /**
     * Starts at the newest events.
     *
     * @param count the maximum number of events; 0 is {@link #newOnly()}
     * @return the tail
     * @throws IllegalArgumentException if the count is negative
     */
    static Tail last(long count) {
        return new Last(count);
    }

    /**
     * Starts at the next event: {@code follow} delivers the events that are added after it has returned, and
     * {@code read} returns none. The same as {@link #last(long) last(0)}.
     *
     * @return the tail
     */
    static Tail newOnly() {
        return new Last(0);
    }

    /**
     * Starts at the event with an id. The id does not need to belong to an event: the tail then starts at the first
     * event with a greater id.
     *
     * @param id the id of the first event
     * @return the tail
     * @throws IllegalArgumentException if the id is null
     */
    static Tail from(EventId id) {
        return new From(id, false);
    }

    /**
     * Starts after the event with an id. Use this to resume. A follower gets a call of {@link EventBatchListener#onGap}
     * if events after the id may have been trimmed or lost in the meantime. If the id is greater than the last id of
     * the log, the follower starts at the end of the log, and reports with the next event that the log began again. It
     * does not deliver the events that the log already has, because the caller may have seen them. It also reports that the
     * log began again if the event with the id is gone, older events are still there, and Redis (7 and later) says that
     * the event was not deleted by its id. To start at an id that belongs to no event, use {@link #from(EventId)}.
     *
     * @param id the id of the last event that was already seen
     * @return the tail
     * @throws IllegalArgumentException if the id is null
     */
    static Tail after(EventId id) {
        return new After(id);
    }

    /**
     * Starts at the first event that was added at a moment or later, by the clock of Redis.
     *
     * @param instant the moment; can be in the future
     * @return the tail
     * @throws IllegalArgumentException if the moment is null
     */
    static Tail since(Instant instant) {
        return new Since(instant);
    }

    /** Starts at the first event: see {@link Tail#all()}. */
    record All() implements Tail {}

    /**
     * Starts at the newest events: see {@link Tail#last(long)}.
     *
     * @param count the maximum number of events
     */
    record Last(long count) implements Tail {
        /**
         * Checks the count.
         *
         * @param count the maximum number of events
         * @throws IllegalArgumentException if the count is negative
         */
        public Last {
            if (count < 0) {
                throw new IllegalArgumentException("Tail.last(" + count + "): the count must be 0 or more");
            }
        }
    }

    /**
     * Starts at an event, including it: see {@link Tail#from(EventId)}.
     *
     * @param id the id of the first event
     * @param expected whether a follower reports a gap ({@link EventBatchListener#onGap}) if the event no longer
     *     exists; {@link EventGapException#resume()} sets this
     */
    record From(EventId id, boolean expected) implements Tail {
        /**
         * Checks the id.
         *
         * @param id the id of the first event
         * @param expected whether a follower reports a gap if the event no longer exists
         * @throws IllegalArgumentException if it is null
         */
        public From {
            if (id == null) {
                throw new IllegalArgumentException(
                        "Tail.from(null): the id must not be null; Tail.all() begins at the first event");
            }
        }
    }

    /**
     * Starts after an event, excluding it: see {@link Tail#after(EventId)}.
     *
     * @param id the id of the last event that was already seen
     */
    record After(EventId id) implements Tail {
        /**
         * Checks the id.
         *
         * @param id the id of the last event that was already seen
         * @throws IllegalArgumentException if it is null
         */
        public After {
            if (id == null) {
                throw new IllegalArgumentException(
                        "Tail.after(null): the id must not be null; if you have seen no event, use Tail.all()");
            }
        }
    }

    /**
     * Starts at a moment, including it: see {@link Tail#since(Instant)}.
     *
     * @param instant the moment
     */
    record Since(Instant instant) implements Tail {
        /**
         * Checks the moment.
         *
         * @param instant the moment
         * @throws IllegalArgumentException if it is null
         */
        public Since {
            if (instant == null) {
                throw new IllegalArgumentException(
                        "Tail.since(null): the moment must not be null; Tail.all() begins at the first event");
            }
        }
    }
}
