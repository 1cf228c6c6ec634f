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
 * The position of a durable follower: the stored position, and the position of the last processed batch, which may not be stored
 * yet. It outlives the followers that use it one after the other. Calls do not overlap, except calls of {@link #position()}. Each
 * call happens after the previous one.
 */
final class Checkpoint implements Commit {

    /** The state of the last processed batch. */
    private enum State {
        /** The position is stored, or was refused: there is nothing to store. */
        STORED,
        /** The listener has processed the batch, and its position must still be stored. */
        UNCOMMITTED,
        /**
         * It is unknown whether the position was stored. In a transaction, it is also unknown whether the listener's changes were
         * committed. Without a transaction, the listener has processed the batch.
         */
        OUTCOME_UNKNOWN
    }

    private static final Log logger = LogFactory.getLog(Checkpoint.class);
    private static final int ATTEMPTS = 3; // between two of them, Redis may lose the position of another follower

    private final EventPositions positions;
    private final String name;
    private final String log;
    private final @Nullable StoringOutage outage;
    private volatile EventId position;
    private volatile BooleanSupplier mayDeliver = () -> true;
    private State state = State.STORED;
    private @Nullable EventId stored;
    private @Nullable EventId taken; // the last event of the batch that is not certainly stored; null if there is none

    Checkpoint(EventPositions positions, String name, String log) {
        this(positions, name, log, EventId.MIN, null);
    }

    /** Creates one of many checkpoints, which report storage failures together, at the position that was stored first. */
    Checkpoint(EventPositions positions, String name, String log, EventId first, @Nullable StoringOutage outage) {
        this.position = first;
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

    /** Allows calls of the listener only while a condition holds. */
    void deliverWhile(BooleanSupplier condition) {
        this.mayDeliver = condition;
    }

    @Override
    public boolean mayDeliver() {
        return mayDeliver.getAsBoolean();
    }

    /**
     * Stores a position if there is none, so that the start is fixed whenever and in whichever process the follower begins.
     *
     * @param start returns where to start if no position is stored
     */
    void open(Supplier<EventId> start) {
        Optional<EventId> found = positions.load(name, log);
        for (int attempt = 0; found.isEmpty() && attempt < ATTEMPTS; attempt++) {
            EventId begin = start.get();
            found = positions.store(name, log, null, begin) ? Optional.of(begin) : positions.load(name, log);
        }
        standsAt(
                found.orElseThrow(
                        () -> new IllegalStateException(
                                positions
                                        + " refused " + ATTEMPTS + " times to store the first position of " + this
                                        + ", although it has no other position. If these positions are your own, check what 'store' returns.")));
    }

    /**
     * Looks up where to resume: after the stored position, or after the last batch that this follower has processed, if no other
     * follower has stored a position since.
     *
     * @throws EventLogUnavailableException if the position cannot be loaded now
     */
    EventId resume() {
        try {
            EventId before = stored;
            EventId last = taken;
            standsAt(resumeAt(positions.load(name, log).orElse(null)));
            if (!position.equals(before) && !position.equals(last)) {
                logger.info("The position of " + this + " has changed from " + before + " to " + position
                        + ": another follower of that name stored it, or Redis has lost data. This one resumes there");
            }
            return position;
        } catch (RuntimeException failure) {
            throw new EventLogUnavailableException(
                    log, "The position of " + this + " cannot be loaded: " + failure.getMessage(), failure);
        }
    }

    /**
     * Determines where to resume from a position that was loaded together with others.
     *
     * @param now the stored position; null if there is none
     * @return the event to resume after; null if there was never a position
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
        // No position is left if Redis has lost its data. The log then is another log, too, and the follower is told
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

    /** The stored position is not the position that this follower stored: {@link #resume} looks it up again. */
    private void isRefused() {
        state = State.STORED;
        taken = null;
    }

    @Override
    public boolean take(EventId last, Taking listener) throws Exception {
        if (last.equals(EventId.MAX) && last.equals(stored)) { // the completion was already reported
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

    /** {@return whether the position was stored; false if another follower with the same name has continued} */
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

    /** Checks whether the attempt without an answer has stored the position. */
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

    /** The work inside one transaction. */
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

    /** Rolls back a transaction. */
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

    /** Returns whether the listener has certainly processed a batch whose position is not certainly stored. */
    boolean isUncommitted() {
        return taken != null && !(positions instanceof TransactionalEventPositions);
    }

    /** Tries once more to store a position that is not stored yet. */
    void storeAtLast() {
        try {
            storeNow();
        } catch (NotStoredException failure) {
            logger.warn(failure.getMessage() + ". Events after " + stored + " will be delivered again", failure);
        }
    }

    /**
     * Tries once more to store a position that is not stored yet, and lets the caller handle a failure.
     *
     * @throws NotStoredException if the position could not be stored
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
