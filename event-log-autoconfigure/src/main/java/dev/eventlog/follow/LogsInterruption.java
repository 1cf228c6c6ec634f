package dev.eventlog.follow;

import dev.eventlog.LogsListener;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.Executor;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Tells the listener of many logs that Redis cannot be reached for at least one of its parts, and that it can be reached again for all
 * of them. A part is a followed log, or the search for logs. The calls never overlap. Thread-safe.
 */
final class LogsInterruption {

    private static final Log logger = LogFactory.getLog(LogsInterruption.class);

    private final String description;
    private final LogsListener<?> listener;
    private final RunningParts parts;

    // Guarded by this.
    private final Set<Object> interrupted = new HashSet<>();
    private boolean told;
    private @Nullable Thread caller;

    LogsInterruption(String description, LogsListener<?> listener, RunningParts parts) {
        this.description = description;
        this.listener = listener;
        this.parts = parts;
    }

    /** Continues for a follower that was closed, perhaps before it could tell the listener of the end of an interruption. */
    void continuesAfter(LogsInterruption closed) {
        boolean before = closed.isTold();
        synchronized (this) {
            told = before;
        }
    }

    private synchronized boolean isTold() {
        return told;
    }

    /**
     * A part is interrupted.
     *
     * @param part the part
     * @param callers calls the listener
     */
    void begins(Object part, Executor callers) {
        boolean news;
        synchronized (this) {
            news = interrupted.add(part);
        }
        if (news) {
            callers.execute(this::tell);
        }
    }

    /**
     * A part is not interrupted, or no longer.
     *
     * @param part the part
     * @param callers calls the listener
     */
    void ends(Object part, Executor callers) {
        boolean news;
        synchronized (this) {
            news = interrupted.remove(part) || (told && interrupted.isEmpty());
        }
        if (news) {
            callers.execute(this::tell);
        }
    }

    private void tell() {
        while (parts.enter()) {
            try {
                if (!tellOnce()) {
                    return;
                }
            } finally {
                parts.leave();
            }
        }
    }

    /** {@return whether there was something to tell} */
    private boolean tellOnce() {
        boolean now;
        synchronized (this) {
            now = !interrupted.isEmpty();
            if (now == told || caller != null) {
                return false;
            }
            told = now;
            caller = Thread.currentThread();
        }
        try {
            if (now) {
                listener.onInterrupted();
            } else {
                listener.onResumed();
            }
        } catch (RuntimeException | Error thrown) {
            logger.error(
                    "The listener of " + description + " threw in " + (now ? "onInterrupted" : "onResumed"), thrown);
        } finally {
            synchronized (this) {
                caller = null;
                notifyAll();
            }
        }
        return true;
    }

    /** Waits for a running call, and interrupts its thread after this many nanoseconds. */
    synchronized void awaitReturn(long patience) {
        try {
            boolean returned = Waits.until(
                    this, () -> caller == null || caller == Thread.currentThread(), System.nanoTime() + patience);
            if (!returned && caller != null) {
                logger.warn("The listener of " + description + " did not return in time after it was closed:"
                        + " its thread is interrupted");
                caller.interrupt();
            }
        } catch (InterruptedException interruption) {
            Thread.currentThread().interrupt();
        }
    }
}
