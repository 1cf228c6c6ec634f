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
import org.springframework.util.backoff.BackOffExecution;

// Long: all calls of a listener, and what becomes of each, go through one queue.
/**
 * Calls the listener with the events that the cursor has found. A pending call is repeated, passed to a recoverer, or ends the
 * follower, but it is never skipped. Used by the current thread of the follower only.
 */
final class Delivery {

    /** The result of the pending calls. */
    enum Outcome {
        /** All calls are done. */
        DONE,
        /** Call the listener again after {@link #delay}. */
        LISTENER_LATER,
        /** Store the position again after {@link #delay}. */
        COMMIT_LATER,
        /** The listener must not be called at the moment. */
        NO_LEASE,
        /** The listener knows that the log is complete. */
        COMPLETED,
        /** Another follower with the same name has continued. */
        SUPERSEDED,
        /** The follower ends with {@link #failure}. */
        FAILED,
        /** The follower was closed. */
        CLOSED,
        /** The follower was closed during the call, which was the last one. */
        CLOSED_MEANWHILE
    }

    @FunctionalInterface
    private interface Callback {
        void run() throws Exception;
    }

    /**
     * A pending call of the listener.
     *
     * @param method the name of the method
     * @param batch the events that a recoverer can take instead; empty unless the method is {@code onBatch}
     */
    private record Call(String method, List<Event> batch, Callback callback) {

        /** The text for the application log. */
        @Override
        public String toString() {
            return batch.isEmpty()
                    ? method
                    : method + " with " + batch.size() + (batch.size() == 1 ? " event from " : " events from ")
                            + batch.get(0).id() + " to "
                            + batch.get(batch.size() - 1).id();
        }
    }

    private static final Log logger = LogFactory.getLog(Delivery.class);

    private final String log;
    private final Cursor cursor;
    private final EventBatchListener<Event> listener;
    private final FollowOptions options;
    private final Commit commit;
    private final FollowerLifecycle lifecycle;
    private final LogFollower.Means means;
    private @Nullable Deque<Call> due; // null if nothing is due, as for most followers at most times
    private @Nullable Attempts attempts; // at the first of these calls; null before the first attempt
    private @Nullable Outage storing; // present while the position cannot be stored
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
            LogFollower.Means means,
            FollowerLifecycle lifecycle) {
        this.log = log;
        this.cursor = cursor;
        this.listener = listener;
        this.options = options;
        this.commit = commit;
        this.lifecycle = lifecycle;
        this.means = means;
    }

    boolean isDue() {
        return due != null;
    }

    private Deque<Call> due() {
        Deque<Call> calls = due;
        if (calls == null) {
            calls = new ArrayDeque<>(2);
            due = calls;
        }
        return calls;
    }

    private Attempts attempts() {
        Attempts current = attempts;
        if (current == null) {
            current = new Attempts(options.retryPolicy());
            attempts = current;
        }
        return current;
    }

    long delay() {
        return delay;
    }

    Throwable failure() {
        return Objects.requireNonNull(failure);
    }

    /** Adds a call that comes before all calls of the listener. */
    void first(Runnable begin) {
        due().addFirst(new Call("onSubscribe", List.of(), begin::run));
    }

    /** Adds the calls for the events that the cursor has found, after a call for the gap before them. */
    void found() {
        List<Event> events = Collections.unmodifiableList(cursor.takeFound());
        boolean unused = missing(events.get(0).id());
        int batchSize = Objects.requireNonNullElse(options.batchSize(), Integer.MAX_VALUE);
        if (events.size() <= batchSize) {
            batch(events);
            return;
        }
        for (int from = 0; from < events.size(); from += batchSize) { // a copy: a sublist would keep the whole list
            batch(List.copyOf(events.subList(from, Math.min(events.size(), from + batchSize))));
        }
    }

    /** Adds the call for the gap before an event, if there is one. {@return whether it was added} */
    boolean missing(EventId before) {
        Loss loss = cursor.loss();
        if (loss != null) {
            Gap gap = new Gap(log, loss.kind(), loss.lastSeen(), before, loss.missed());
            due().add(new Call("onGap", List.of(), () -> {
                listener.onGap(gap);
                cursor.told();
            }));
        }
        return loss != null;
    }

    /** Adds the call for the end of a complete log, after a call for the gap before it. */
    void complete() {
        boolean unused = missing(EventId.MAX);
        Completion completion = cursor.completion();
        due().add(new Call("onComplete", List.of(), () -> {
            superseded = !commit.take(EventId.MAX, () -> listener.onComplete(completion));
            if (!superseded) {
                isStored();
                cursor.completed();
                completed = true;
            }
        }));
    }

    private void batch(List<Event> batch) {
        due().add(callFor(batch));
    }

    private Call callFor(List<Event> batch) {
        return new Call("onBatch", batch, () -> take(batch, () -> listener.onBatch(batch)));
    }

    /**
     * Splits a batch into three calls: the events before the unreadable one, the unreadable event alone, and the remaining
     * events.
     */
    private Outcome divide(Call call, int readable) {
        List<Event> batch = call.batch();
        int next = readable + 1;
        Deque<Call> calls = due();
        calls.remove();
        if (next < batch.size()) {
            calls.addFirst(callFor(List.copyOf(batch.subList(next, batch.size()))));
        }
        calls.addFirst(callFor(List.of(batch.get(readable))));
        calls.addFirst(callFor(List.copyOf(batch.subList(0, readable))));
        attempts = null;
        delay = 0;
        return Outcome.LISTENER_LATER;
    }

    /** Adds the call that reports the end of the existing events, once. {@return whether it was added} */
    boolean caughtUp() {
        boolean first = !caughtUp;
        if (first) {
            caughtUp = true;
            due().add(new Call("onCaughtUp", List.of(), listener::onCaughtUp));
        }
        return first;
    }

    /** Adds the call that reports an outage of the feed, or its end. {@return whether it was added} */
    boolean interruption(boolean now) {
        boolean news = now != interrupted;
        if (news) {
            interrupted = now;
            due().add(
                            now
                                    ? new Call("onInterrupted", List.of(), listener::onInterrupted)
                                    : new Call("onResumed", List.of(), listener::onResumed));
        }
        return news;
    }

    /**
     * Moves the position inside the callback that took the events, because the events count as delivered even if the follower was
     * closed in the meantime.
     */
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

    /** Makes the pending calls. */
    Outcome deliver() {
        Deque<Call> calls = due();
        for (Call call = calls.peek(); call != null; call = calls.peek()) {
            Outcome outcome = commit.mayDeliver() ? deliver(call) : Outcome.NO_LEASE;
            if (outcome != Outcome.DONE) {
                return outcome;
            }
            calls.remove();
        }
        due = null;
        return Outcome.DONE;
    }

    private Outcome deliver(Call call) {
        if (!lifecycle.enter()) {
            return Outcome.CLOSED;
        }
        Outcome outcome = Outcome.DONE;
        Throwable thrown = null;
        Attempts current = attempts();
        current.begin();
        try {
            call.callback().run();
            if (current.count() > 1) {
                logger.info("The listener of log '" + log + "' continues after " + current.count() + " attempts at "
                        + call);
            }
        } catch (Throwable any) {
            thrown = any;
            outcome = lifecycle.isOpen() ? retryOrRecover(call, current, any) : Outcome.FAILED;
        }
        if (!lifecycle.leave(outcome == Outcome.FAILED)) {
            sayThrown(thrown);
            return Outcome.CLOSED_MEANWHILE;
        }
        if (outcome == Outcome.DONE) {
            attempts = null;
        }
        return superseded ? Outcome.SUPERSEDED : completed ? Outcome.COMPLETED : outcome;
    }

    private Outcome retryOrRecover(Call call, Attempts current, Throwable thrown) {
        if (thrown instanceof InterruptedException) { // the thread should end; the call itself did not fail
            return failed(thrown);
        }
        if (thrown instanceof NotStoredException notStored) {
            return storeLater(notStored);
        }
        if (thrown instanceof PartlyReadableException part) {
            return divide(call, part.readable());
        }
        try {
            delay = current.delayAfter(thrown);
            if (delay != BackOffExecution.STOP) {
                sayRetry(call, current.count(), thrown);
                return Outcome.LISTENER_LATER;
            }
            EventBatchRecoverer recoverer = options.recoverer();
            if (recoverer == null || call.batch().isEmpty()) {
                return failed(thrown);
            }
            take(call.batch(), () -> recoverer.recover(log, call.batch(), thrown));
            logger.warn("The recoverer of log '" + log + "' took over " + call
                    + ", and its follower continues. Failed attempts: " + current.count() + ". The last exception: "
                    + thrown);
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

    /** Repeats the call independently of the retry policy, because the listener did not fail. */
    private Outcome storeLater(NotStoredException notStored) {
        attempts = null;
        Outage lasting = storing != null
                ? storing
                : new Outage(
                        means.outages().storing(() -> "A follower of log '" + log + "'", lifecycle::isOpen),
                        means.settings().recovery());
        storing = lasting;
        delay = lasting.failed(
                notStored,
                notStored.isSaid() ? Integer.MAX_VALUE : 1,
                next -> "Delivery of log '" + log + "' waits until the position of its follower is stored;"
                        + " next try in " + next + " ms");
        return delay == BackOffExecution.STOP ? failed(notStored) : Outcome.COMMIT_LATER;
    }

    private void sayThrown(@Nullable Throwable thrown) {
        if (thrown != null && !(thrown instanceof InterruptedException) && !(thrown instanceof NotStoredException)) {
            logger.warn("The listener of log '" + log + "' threw after its follower had been closed", thrown);
        }
    }

    private void sayRetry(Call call, int attempt, Throwable thrown) {
        if (attempt == 1) {
            logger.warn("The listener of log '" + log + "' threw in " + call + ", and will be called again in " + delay
                    + " ms: " + thrown);
        }
        logger.debug("Attempt " + attempt + " at " + call + " of log '" + log + "' failed", thrown);
    }
}
