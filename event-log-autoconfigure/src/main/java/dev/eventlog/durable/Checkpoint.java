package dev.eventlog.durable;

import dev.eventlog.EventId;
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
 * What a named follower knows of its position: what is stored of it, and what has been taken but perhaps not been stored yet.
 * Outlives the followers that use it one after the other. Calls do not overlap but for {@link #position()}; who
 * calls next has been told by who called before.
 */
final class Checkpoint implements Commit {

    /** Ends a transaction. */
    private static final class RollbackException extends RuntimeException {

        private static final long serialVersionUID = 1L;

        RollbackException(String message, @Nullable Throwable cause) {
            super(message, cause);
        }
    }

    private static final Log logger = LogFactory.getLog(Checkpoint.class);

    private final EventPositions positions;
    private final String name;
    private final String log;

    private volatile EventId position = EventId.MIN;
    private @Nullable EventId stored;
    private @Nullable EventId pending;
    private boolean unsure;
    private volatile BooleanSupplier turn = () -> true;

    Checkpoint(EventPositions positions, String name, String log) {
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

    /** Says who knows whether it is this follower's turn. */
    void turn(BooleanSupplier isHeld) {
        this.turn = isHeld;
    }

    @Override
    public boolean mayDeliver() {
        return turn.getAsBoolean();
    }

    /**
     * Makes sure that something is stored: so the start is fixed, whenever and in whichever process the first one begins.
     *
     * @param start where to begin if nothing is
     */
    void open(Supplier<EventId> start) {
        Optional<EventId> found = positions.load(name, log);
        if (found.isEmpty()) {
            EventId begin = start.get();
            found = positions.store(name, log, null, begin) ? Optional.of(begin) : positions.load(name, log);
        }
        standsAt(found.orElseThrow(() -> new IllegalStateException(
                "The position of " + this + " was refused by " + positions + ", which has no other either")));
    }

    /**
     * Looks where to go on: after what is stored, or after what this follower has taken itself, if nobody else has stored
     * anything since.
     *
     * @throws RuntimeException if that cannot be found out now
     */
    EventId resume() {
        EventId now = positions.load(name, log).orElse(null);
        // Nothing is left where Redis has lost its data. Then the log will be another one, too, and the follower be
        // told so.
        if (now == null || (pending != null && now.equals(stored))) {
            now = positions.store(name, log, now, position)
                    ? position
                    : positions.load(name, log).orElse(null);
        } else if (!now.equals(stored) && !now.equals(pending)) {
            logger.info("The position of " + this + " is no longer " + stored + " but " + now
                    + ": another follower of that name has gone on, and this one goes on there");
        }
        standsAt(Objects.requireNonNullElse(now, position));
        return position;
    }

    private void standsAt(EventId id) {
        stored = id;
        pending = null;
        unsure = false;
        position = id;
    }

    @Override
    public boolean take(EventId last, Taking listener) throws Exception {
        if (positions instanceof TransactionalEventPositions transactional) {
            return takeInTransaction(transactional, last, listener);
        }
        if (!last.equals(pending)) {
            listener.run();
            pending = last;
            position = last;
        }
        return storePending();
    }

    /** {@return whether it was stored; else another follower of that name has gone on} */
    private boolean storePending() {
        EventId last = Objects.requireNonNull(pending);
        try {
            if (unsure && isStored(last)) { // the last time, of which nobody heard
                standsAt(last);
                return true;
            }
            unsure = true;
            boolean done = positions.store(name, log, stored, last);
            unsure = false;
            if (done) {
                standsAt(last);
            } else {
                pending = null;
            }
            return done;
        } catch (RuntimeException failure) {
            throw notStored(last, failure);
        }
    }

    private boolean takeInTransaction(TransactionalEventPositions transactional, EventId last, Taking listener)
            throws Exception {
        Transaction work = new Transaction(last, listener);
        try {
            if (unsure && isStored(last)) {
                standsAt(last);
                return true;
            }
            unsure = true;
            transactional.inTransaction(work);
        } catch (RuntimeException failure) {
            if (!work.rolledBack()) {
                throw notStored(last, failure);
            }
        }
        if (!work.stored && !work.rolledBack()) {
            throw new IllegalStateException(transactional.getClass().getName()
                    + ".inTransaction has not run what it was given: nothing of " + this + " is delivered so");
        }
        unsure = false;
        if (work.thrown != null) {
            throw work.thrown;
        }
        if (work.stored) {
            standsAt(last);
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

        boolean rolledBack() {
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
                throw new RollbackException("Another follower has gone on: " + Checkpoint.this, null);
            }
            stored = true;
        }
    }

    private boolean isStored(EventId id) {
        return positions.load(name, log).filter(id::equals).isPresent();
    }

    private NotStoredException notStored(EventId last, RuntimeException failure) {
        return new NotStoredException(
                "The position " + last + " of " + this + " could not be stored: " + failure.getMessage(), failure);
    }

    /** {@return whether something was taken that has not been stored} */
    boolean isPending() {
        return pending != null;
    }

    /** Tries once more to store what was taken. */
    void storeAtLast() {
        try {
            storePending();
        } catch (NotStoredException failure) {
            logger.warn(
                    failure.getMessage() + ". What was taken since " + stored + " will be delivered again", failure);
        }
    }

    @Override
    public String toString() {
        return "follower '" + name + "' of log '" + log + "'";
    }
}
