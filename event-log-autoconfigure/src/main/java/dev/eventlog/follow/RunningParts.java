package dev.eventlog.follow;

import dev.eventlog.Follower.EndReason;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Counts the running parts of many logs: the followers, the calls of the listener that no follower makes, and the whole until it
 * is closed. When the last part has ended, the whole has ended. Thread-safe.
 */
final class RunningParts {

    private final CompletableFuture<EndReason> completion = new CompletableFuture<>();

    // Guarded by this.
    private int running = 1; // the whole
    private int beginning; // followers
    private final Set<Thread> callingAll = new HashSet<>(); // in a call that no follower makes
    private boolean closed;
    private EndReason reason = EndReason.CLOSED;

    synchronized boolean isOpen() {
        return !closed;
    }

    /** A follower is about to begin. {@return false if it must not, because the whole is closed} */
    synchronized boolean begins() {
        if (!closed) {
            running++;
            beginning++;
        }
        return !closed;
    }

    /** A follower has begun, or could not begin. {@return the reason to end it at once; null if there is none} */
    synchronized @Nullable EndReason hasBegun() {
        beginning--;
        notifyAll();
        return closed ? reason : null;
    }

    /** A part has ended. */
    void hasEnded() {
        synchronized (this) {
            running--;
        }
        completeAtTheEnd();
    }

    private void completeAtTheEnd() {
        EndReason why;
        synchronized (this) {
            if (running > 0) {
                return;
            }
            why = reason;
        }
        completion.complete(why);
    }

    /** {@return whether this thread may call the listener: no call begins after the whole was closed} */
    synchronized boolean enter() {
        if (!closed) {
            running++;
            callingAll.add(Thread.currentThread());
        }
        return !closed;
    }

    /** The call has returned. */
    void leave() {
        synchronized (this) {
            callingAll.remove(Thread.currentThread());
            running--;
            notifyAll();
        }
        completeAtTheEnd();
    }

    /** Lets no more parts begin. {@return whether this call closed the whole, which must then end as a part} */
    synchronized boolean close(EndReason why) {
        if (closed) {
            return false;
        }
        closed = true;
        reason = why;
        return true;
    }

    /** Waits until no follower is about to begin, and no other thread is in a call that no follower makes. */
    synchronized void awaitOthers(long deadline) throws InterruptedException {
        boolean unused = Waits.until(this, () -> beginning == 0 && isOnlyCaller(), deadline);
    }

    private boolean isOnlyCaller() {
        return callingAll.stream().allMatch(thread -> thread.equals(Thread.currentThread()));
    }

    /** {@return completes when the last part has ended} */
    CompletableFuture<EndReason> completion() {
        completeAtTheEnd(); // the thread that is about to do so may have let somebody continue in awaitOthers
        return completion;
    }
}
