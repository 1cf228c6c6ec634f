package dev.eventlog.follow;

import dev.eventlog.Completion;
import dev.eventlog.Event;
import dev.eventlog.EventBatchListener;
import dev.eventlog.EventBatchRecoverer;
import dev.eventlog.EventId;
import dev.eventlog.FollowOptions;
import dev.eventlog.Gap;
import dev.eventlog.follow.Commit.NotStoredException;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.util.backoff.BackOff;
import org.springframework.util.backoff.BackOffExecution;

/**
 * Calls the listener with what its cursor has found. A call is due until the listener has taken it: it is repeated, handed to
 * a recoverer, or ends the follower, but never left out. Belongs to the thread that the follower has at the moment.
 */
final class Delivery {

    /** What came of the calls that were due. */
    enum Outcome {
        /** All are made. */
        DONE,
        /** The listener is to be called again, after {@link #delay}. */
        LISTENER_LATER,
        /** The position is to be stored again, after {@link #delay}. */
        COMMIT_LATER,
        /** The listener must not be called at the moment. */
        NO_LEASE,
        /** The listener knows that the log is complete. */
        COMPLETED,
        /** Another follower of that name has gone on. */
        SUPERSEDED,
        /** The follower is to end by {@link #failure}. */
        FAILED,
        /** The follower was closed. */
        CLOSED
    }

    /** Guards the calls: nobody calls a listener whose follower was closed. */
    interface Gate {

        /** {@return whether a callback may begin} */
        boolean enter();

        /** {@return whether the follower goes on} */
        boolean leave(@Nullable Throwable thrown, boolean sameCallAgain);

        boolean isOpen();
    }

    @FunctionalInterface
    private interface Callback {
        void run() throws Exception;
    }

    /**
     * A call of the listener that is due.
     *
     * @param method which of its methods
     * @param batch what a recoverer can take instead; nothing unless it is a call of {@code onBatch}
     */
    private record Call(String method, List<Event> batch, Callback callback) {

        /** As it stands in the application's log. */
        @Override
        public String toString() {
            return batch.isEmpty()
                    ? method
                    : method + " with " + batch.size() + " events from "
                            + batch.get(0).id() + " to "
                            + batch.get(batch.size() - 1).id();
        }
    }

    private static final Log logger = LogFactory.getLog(Delivery.class);

    private final String log;
    private final Cursor cursor;
    private final EventBatchListener<Event> listener;
    private final @Nullable EventBatchRecoverer recoverer;
    private final Commit commit;
    private final int batchSize;
    private final Gate gate;
    private final Deque<Call> due = new ArrayDeque<>(1);
    private final Attempts attempts;
    private final BackOff recovery;
    private @Nullable Outage storing; // where the position is not stored
    private boolean caughtUp;
    private boolean interrupted;
    private boolean superseded;
    private boolean completed;
    private long delay;
    private @Nullable Throwable failure;

    Delivery(
            String log,
            Cursor cursor,
            EventBatchListener<Event> listener,
            FollowOptions options,
            Commit commit,
            BackOff recovery,
            Gate gate) {
        this.log = log;
        this.cursor = cursor;
        this.listener = listener;
        this.recoverer = options.recoverer();
        this.commit = commit;
        this.batchSize = Objects.requireNonNullElse(options.batchSize(), Integer.MAX_VALUE);
        this.gate = gate;
        this.attempts = new Attempts(options.retryPolicy());
        this.recovery = recovery;
    }

    boolean isDue() {
        return !due.isEmpty();
    }

    long delay() {
        return delay;
    }

    Throwable failure() {
        return Objects.requireNonNull(failure);
    }

    /** Has something be called before anything of the listener. */
    void first(Runnable begin) {
        due.addFirst(new Call("onSubscribe", List.of(), begin::run));
    }

    /** What the cursor has found is due, and before it what is missing. */
    void found() {
        List<Event> events = Collections.unmodifiableList(cursor.takeFound());
        missing(events.get(0).id());
        if (events.size() <= batchSize) {
            batch(events);
            return;
        }
        for (int from = 0; from < events.size(); from += batchSize) { // a copy, as a part would hold on to the whole
            batch(List.copyOf(events.subList(from, Math.min(events.size(), from + batchSize))));
        }
    }

    private void missing(EventId before) {
        Loss loss = cursor.loss();
        if (loss != null) {
            Gap gap = new Gap(log, loss.kind(), loss.lastSeen(), before, loss.missed());
            due.add(new Call("onGap", List.of(), () -> {
                listener.onGap(gap);
                cursor.told();
            }));
        }
    }

    /** The end of a complete log is due, and before it what is missing. */
    void complete() {
        missing(EventId.MAX);
        Completion completion = cursor.completion();
        due.add(new Call("onComplete", List.of(), () -> {
            superseded = !commit.take(EventId.MAX, () -> listener.onComplete(completion));
            if (!superseded) {
                isStored();
                cursor.completed();
                completed = true;
            }
        }));
    }

    private void batch(List<Event> batch) {
        due.add(new Call("onBatch", batch, () -> take(batch, () -> listener.onBatch(batch))));
    }

    /** What existed has been delivered: the listener is to be told so, once. {@return whether it has not been} */
    boolean caughtUp() {
        boolean first = !caughtUp;
        if (first) {
            caughtUp = true;
            due.add(new Call("onCaughtUp", List.of(), listener::onCaughtUp));
        }
        return first;
    }

    /** The listener is to be told that its feed has lost Redis, or has it back. {@return whether it has not been} */
    boolean interruption(boolean now) {
        boolean news = now != interrupted;
        if (news) {
            interrupted = now;
            due.add(
                    now
                            ? new Call("onInterrupted", List.of(), listener::onInterrupted)
                            : new Call("onResumed", List.of(), listener::onResumed));
        }
        return news;
    }

    /** Moves on from within the callback that took the events, as that holds also if the follower was closed meanwhile. */
    private void take(List<Event> events, Commit.Taking taking) throws Exception {
        if (!commit.take(events.get(events.size() - 1).id(), taking)) {
            superseded = true;
            return;
        }
        isStored();
        cursor.taken(events);
        if (cursor.isPastWhatExisted()) {
            caughtUp();
        }
    }

    private void isStored() {
        if (storing != null) {
            storing.over("The position of the follower of log '" + log + "' is stored again");
            storing = null;
        }
    }

    /** Makes the calls that are due. */
    Outcome deliver() {
        for (Call call = due.peek(); call != null; call = due.peek()) {
            Outcome outcome = commit.mayDeliver() ? deliver(call) : Outcome.NO_LEASE;
            if (outcome != Outcome.DONE) {
                return outcome;
            }
            due.remove();
        }
        return Outcome.DONE;
    }

    private Outcome deliver(Call call) {
        if (!gate.enter()) {
            return Outcome.CLOSED;
        }
        Outcome outcome = Outcome.DONE;
        Throwable thrown = null;
        attempts.begin();
        try {
            call.callback().run();
            if (attempts.count() > 1) {
                logger.info("The listener of log '" + log + "' continues after " + attempts.count() + " attempts at "
                        + call);
            }
        } catch (Throwable any) {
            thrown = any;
            outcome = gate.isOpen() ? retryOrRecover(call, any) : Outcome.FAILED;
        }
        if (!gate.leave(thrown, outcome == Outcome.FAILED)) {
            return Outcome.CLOSED;
        }
        if (outcome == Outcome.DONE) {
            attempts.done();
        }
        return superseded ? Outcome.SUPERSEDED : completed ? Outcome.COMPLETED : outcome;
    }

    private Outcome retryOrRecover(Call call, Throwable thrown) {
        if (thrown instanceof InterruptedException) { // says nothing of the call, but that the thread is to end
            return failed(thrown);
        }
        if (thrown instanceof NotStoredException notStored) {
            return storeLater(notStored);
        }
        try {
            delay = attempts.delayAfter(thrown);
            if (delay != BackOffExecution.STOP) {
                sayRetry(call, thrown);
                return Outcome.LISTENER_LATER;
            }
            if (recoverer == null || call.batch().isEmpty()) {
                return failed(thrown);
            }
            take(call.batch(), () -> recoverer.recover(log, call.batch(), thrown));
            logger.warn("The follower of log '" + log + "' continues after " + attempts.count() + " attempts at " + call
                    + ", which its recoverer took over: " + thrown);
            return Outcome.DONE;
        } catch (NotStoredException notStored) {
            return storeLater(notStored);
        } catch (Throwable another) {
            if (another != thrown) {
                another.addSuppressed(thrown);
            }
            return failed(another);
        }
    }

    private Outcome failed(Throwable thrown) {
        failure = thrown;
        return Outcome.FAILED;
    }

    /** Repeats the call: not by the policy, as it is not the listener that failed. */
    private Outcome storeLater(NotStoredException notStored) {
        attempts.done();
        Outage lasting = Outage.or(storing, logger, recovery);
        storing = lasting;
        delay = lasting.failed(
                notStored,
                notStored.isSaid() ? Integer.MAX_VALUE : 1,
                next -> "Nothing more of log '" + log + "' is delivered before the position of its follower is stored;"
                        + " next try in " + next + " ms");
        return delay == BackOffExecution.STOP ? failed(notStored) : Outcome.COMMIT_LATER;
    }

    private void sayRetry(Call call, Throwable thrown) {
        if (attempts.count() == 1) {
            logger.warn("The listener of log '" + log + "' threw in " + call + ", and will be called again in " + delay
                    + " ms: " + thrown);
        }
        logger.debug("Attempt " + attempts.count() + " at " + call + " of log '" + log + "' failed", thrown);
    }
}
