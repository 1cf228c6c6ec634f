package dev.eventlog;

/**
 * Where in a log to begin: with all of it, its last events, only what comes, or at an id. Always the newest end of the log, oldest event
 * first. A log with a max-length never answers more than its newest max-length events, whatever the tail. A closed set of
 * immutable values.
 */
public sealed interface Tail {

    /**
     * Everything that the log keeps.
     *
     * @return the tail
     */
    static Tail all() {
        return new All();
    }

    /**
     * The newest events.
     *
     * @param count how many at most; 0 is {@link #newOnly()}
     * @return the tail
     * @throws IllegalArgumentException if the count is negative
     */
    static Tail last(long count) {
        return new Last(count);
    }

    /**
     * Nothing that the log holds, only what comes from now on: {@code follow} delivers what is added after it has returned,
     * and {@code read} answers nothing. The same as {@link #last(long) last(0)}.
     *
     * @return the tail
     */
    static Tail newOnly() {
        return new Last(0);
    }

    /**
     * An event and all that came after it. An id that is no event's is allowed: the tail begins at the first event above it.
     *
     * @param id the id of the first event
     * @return the tail
     */
    static Tail from(EventId id) {
        return new From(id, false);
    }

    /**
     * All that came after an event: the way to resume. A follower that begins so is told by
     * {@link EventBatchListener#onGap} if events after the id may have been trimmed or lost in the meantime. If the id is above the
     * log's last one, it begins at that, and is told that the log began again with the next event: what the log holds may be
     * what was seen. The same is told where the event at the id is gone, older ones are there, and Redis (from 7 on) says that it was
     * not deleted by itself. To begin at an id that belongs to no event, use {@link #from(EventId)}.
     *
     * @param id the id of the last event already seen
     * @return the tail
     */
    static Tail after(EventId id) {
        return new After(id);
    }

    /** Everything: see {@link Tail#all()}. */
    record All() implements Tail {}

    /**
     * The newest events: see {@link Tail#last(long)}.
     *
     * @param count how many at most
     */
    record Last(long count) implements Tail {
        /**
         * Checks the count.
         *
         * @param count how many at most
         * @throws IllegalArgumentException if the count is negative
         */
        public Last {
            if (count < 0) {
                throw new IllegalArgumentException("Tail.last(" + count + "): the count must be 0 or more");
            }
        }
    }

    /**
     * From an event on, that one included: see {@link Tail#from(EventId)}.
     *
     * @param id the id of the first event
     * @param expected whether a follower gets a gap ({@link EventBatchListener#onGap}) if the event no longer exists;
     *     {@link EventGapException#resume()} asks for that
     */
    record From(EventId id, boolean expected) implements Tail {
        /**
         * Checks the id.
         *
         * @param id the id of the first event
         * @param expected whether a follower gets a gap if the event no longer exists
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
     * After an event, that one excluded: see {@link Tail#after(EventId)}.
     *
     * @param id the id of the last event already seen
     */
    record After(EventId id) implements Tail {
        /**
         * Checks the id.
         *
         * @param id the id of the last event already seen
         * @throws IllegalArgumentException if it is null
         */
        public After {
            if (id == null) {
                throw new IllegalArgumentException(
                        "Tail.after(null): the id must not be null; if you have seen no event, use Tail.all()");
            }
        }
    }
}
