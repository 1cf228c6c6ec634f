package dev.eventlog.durable;

import dev.eventlog.EventId;
import dev.eventlog.EventLogUnavailableException;
import dev.eventlog.EventPositions;
import dev.eventlog.TransactionalEventPositions;
import dev.eventlog.follow.Commit;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * What a follower with a name knows of its position: what is stored, and what has been taken but perhaps not been stored yet.
 * It outlives the followers that use it one after the other. Calls do not overlap, except those of {@link #position()}; each
 * happens after the one before.
 */
final class Checkpoint implements Commit {

    /** What is known of the last batch that was taken. */
    private enum State {
        /** Its position is stored, or was refused: there is nothing to store. */
        STORED,
        /** The listener has taken it, and its position is still to be stored. */
        UNCOMMITTED,
        /**
         * Its position was to be stored, and whether that was done is not known. In a transaction the same holds for what the
         * listener did; otherwise the listener has taken the batch.
         */
        OUTCOME_UNKNOWN
    }

    private static final Log logger = LogFactory.getLog(Checkpoint.class);

    private final EventPositions positions;
    private final String name;
    private final String log;
    private final @Nullable StoringOutage outage;

    private volatile EventId position = EventId.MIN;
    private volatile BooleanSupplier mayDeliver = () -> true;
    private State state = State.STORED;
    private @Nullable EventId stored;
    private @Nullable EventId
            taken; // the last event of the batch that is not stored for certain; null if there is none

    Checkpoint(EventPositions positions, String name, String log) {
        this(positions, name, log, null);
    }

    /** One of many, of which it is said together that positions cannot be stored. */
    Checkpoint(EventPositions positions, String name, String log, @Nullable StoringOutage outage) {
        this.outage = outage;
        this.positions = positions;
        this.name = name;
        this.log = log;
    }

    String log() {
        return log;
    }

    EventId position() {
        return position;
    }

    /** Lets the listener be called only while a condition holds. */
    void deliverWhile(BooleanSupplier condition) {
        this.mayDeliver = condition;
    }

    @Override
    public boolean mayDeliver() {
        return mayDeliver.getAsBoolean();
    }

    /**
     * Makes sure that a position is stored, so that the start is fixed whenever, and in whichever process, following begins.
     *
     * @param start where to begin if no position is stored
     */
    void open(Supplier<EventId> start) {
        Optional<EventId> found = positions.load(name, log);
        if (found.isEmpty()) {
            EventId begin = start.get();
            found = positions.store(name, log, null, begin) ? Optional.of(begin) : positions.load(name, log);
        }
        standsAt(found.orElseThrow(() -> new IllegalStateException(positions
                + " refused to store the first position of " + this + ", although it has no other position")));
    }

    /**
     * Looks up where to resume: after the position that is stored, or after what this follower has taken itself, if nobody
     * else has stored a position since.
     *
     * @throws EventLogUnavailableException if that cannot be found out now
     */
    EventId resume() {
        try {
            EventId before = stored;
            EventId last = taken;
            standsAt(resumeAt(positions.load(name, log).orElse(null)));
            if (!position.equals(before) && !position.equals(last)) {
                logger.info("The position of " + this + " has changed from " + before + " to " + position
                        + ": another follower of that name stored it, and this one resumes there");
            }
            return position;
        } catch (RuntimeException failure) {
            throw new EventLogUnavailableException(
                    log, "The position of " + this + " cannot be loaded: " + failure.getMessage(), failure);
        }
    }

    /**
     * The same where many positions were looked up together.
     *
     * @param now what is stored; null for nothing
     * @return after which event to resume; null if there was never a position
     */
    @Nullable
    EventId resume(@Nullable EventId now) {
        if (now == null && position.equals(EventId.MIN)) {
            isRefused();
            stored = null;
            return null;
        }
        standsAt(resumeAt(now));
        return position;
    }

    private EventId resumeAt(@Nullable EventId found) {
        EventId now = found;
        // No position is left where Redis has lost its data. Then the log is another one, too, and the follower is told
        // so.
        if (now == null || (isUncommitted() && now.equals(stored))) {
            now = positions.store(name, log, now, position)
                    ? position
                    : positions.load(name, log).orElse(null);
        }
        return Objects.requireNonNullElse(now, position);
    }

    private void hasStored(EventId last) {
        standsAt(last);
        if (outage != null) {
            outage.over();
        }
    }

    private void standsAt(EventId id) {
        state = State.STORED;
        stored = id;
        taken = null;
        position = id;
    }

    /** What is stored is not what this follower has stored: {@link #resume} looks up what it is. */
    private void isRefused() {
        state = State.STORED;
        taken = null;
    }

    @Override
    public boolean take(EventId last, Taking listener) throws Exception {
        if (last.equals(EventId.MAX) && last.equals(stored)) { // it was told before that the log is complete
            return true;
        }
        if (positions instanceof TransactionalEventPositions transactional) {
            return takeInTransaction(transactional, last, listener);
        }
        if (!last.equals(taken)) {
            listener.run();
            state = State.UNCOMMITTED;
            taken = last;
            position = last;
        }
        return commit(last);
    }

    /** {@return whether the position was stored; if not, another follower of that name has gone on} */
    private boolean commit(EventId last) {
        try {
            if (isStoredAlready(last)) {
                return true;
            }
            state = State.OUTCOME_UNKNOWN;
            boolean done = positions.store(name, log, stored, last);
            if (done) {
                hasStored(last);
            } else {
                isRefused();
            }
            return done;
        } catch (RuntimeException failure) {
            throw notStored(last, failure);
        }
    }

    /** Asks whether the attempt to which no answer came has stored the position. */
    private boolean isStoredAlready(EventId last) {
        boolean found = state == State.OUTCOME_UNKNOWN
                && positions.load(name, log).filter(last::equals).isPresent();
        if (found) {
            hasStored(last);
        }
        return found;
    }

    private boolean takeInTransaction(TransactionalEventPositions transactional, EventId last, Taking listener)
            throws Exception {
        Transaction work = new Transaction(last, listener);
        try {
            if (isStoredAlready(last)) {
                return true;
            }
            state = State.OUTCOME_UNKNOWN;
            taken = last;
            transactional.inTransaction(work);
        } catch (RuntimeException failure) {
            if (!work.isRolledBack()) {
                throw notStored(last, failure);
            }
        }
        if (!work.stored && !work.isRolledBack()) {
            throw new IllegalStateException(transactional.getClass().getName()
                    + ".inTransaction did not run its work, so nothing is delivered to " + this);
        }
        if (work.stored) {
            hasStored(last);
        } else {
            isRefused();
        }
        if (work.thrown != null) {
            throw work.thrown;
        }
        return work.stored;
    }

    /** What is done in one transaction. */
    private final class Transaction implements Runnable {

        private final EventId last;
        private final Taking listener;
        private @Nullable Exception thrown;
        private boolean superseded;
        private boolean stored;

        Transaction(EventId last, Taking listener) {
            this.last = last;
            this.listener = listener;
        }

        boolean isRolledBack() {
            return thrown != null || superseded;
        }

        @Override
        public void run() {
            try {
                listener.run();
            } catch (Exception failure) {
                thrown = failure;
                throw new RollbackException("The listener of " + Checkpoint.this + " threw", failure);
            }
            if (!positions.store(name, log, Checkpoint.this.stored, last)) {
                superseded = true;
                throw new RollbackException("Another follower has continued: " + Checkpoint.this, null);
            }
            stored = true;
        }
    }

    /** Ends a transaction. */
    private static final class RollbackException extends RuntimeException {

        private static final long serialVersionUID = 1L;

        RollbackException(String message, @Nullable Throwable cause) {
            super(message, cause);
        }
    }

    private NotStoredException notStored(EventId last, RuntimeException failure) {
        if (outage != null) {
            outage.failed(failure);
        }
        return new NotStoredException(
                "The position " + last + " of " + this + " could not be stored: " + failure.getMessage(),
                failure,
                outage != null);
    }

    /** Whether the listener has taken, for certain, what is not stored for certain. */
    boolean isUncommitted() {
        return taken != null && !(positions instanceof TransactionalEventPositions);
    }

    /** Tries once more to store what is not stored yet. */
    void storeAtLast() {
        try {
            storeNow();
        } catch (NotStoredException failure) {
            logger.warn(failure.getMessage() + ". Events after " + stored + " will be delivered again", failure);
        }
    }

    /**
     * The same, for who says what that means.
     *
     * @throws NotStoredException if it could not be stored
     */
    void storeNow() {
        EventId last = taken;
        if (last != null && isUncommitted()) {
            commit(last);
        }
    }

    @Override
    public String toString() {
        return "follower '" + name + "' of log '" + log + "'";
    }
}
