package dev.eventlog.sse;

import dev.eventlog.Completion;
import dev.eventlog.EventId;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The signals that one client has not been sent yet, in order, and what its parts have yet to do. The parts are the logs and the
 * patterns of the stream. Thread-safe.
 */
final class DueSignals {

    private final StreamCursor cursor;

    // Guarded by this.
    private final Set<Object> parts = new HashSet<>();
    private final Set<Object> silent = new HashSet<>(); // parts that have not begun
    private final Set<Object> unsettled = new HashSet<>(); // parts that have not answered yet
    private final Set<Object> behind = new HashSet<>(); // parts that have not caught up
    private final Set<Object> incomplete = new HashSet<>(); // parts that may have more events
    private final Set<Object> away = new HashSet<>(); // parts that cannot be read at the moment
    private final Set<Object> unbegun =
            new HashSet<>(); // of patterns: no events are sent until all of these have begun
    private final Deque<Signal> due = new ArrayDeque<>();
    private boolean opened;
    private boolean saidAway;
    private boolean beatDue;
    private boolean completed;
    private @Nullable Signal last;

    DueSignals(StreamCursor cursor) {
        this.cursor = cursor;
    }

    /** Adds a log of the stream. */
    synchronized void expect(SourceReader source) {
        List.of(parts, silent, unsettled, behind, incomplete).forEach(all -> all.add(source));
    }

    /** Adds a pattern of the stream. */
    synchronized void expect(PatternReader pattern) {
        List.of(parts, silent, unsettled, behind, incomplete, unbegun).forEach(all -> all.add(pattern));
    }

    /**
     * Adds a log that a pattern has found.
     *
     * @param atFirst whether this is the first search of the pattern
     */
    synchronized void expectFound(SourceReader source, boolean atFirst) {
        List.of(parts, silent).forEach(all -> all.add(source));
        if (atFirst) {
            List.of(unsettled, behind, unbegun).forEach(all -> all.add(source));
        }
    }

    /** Removes a log of a pattern, after all its signals. */
    synchronized void remove(SourceReader source) {
        parts.remove(source);
        silent.remove(source);
        away.remove(source);
        isNotBehind(source);
        hasBegun(source);
    }

    synchronized void add(Signal signal) {
        due.add(signal);
    }

    /** A log has begun. Its start is the first id of the stream, or a signal of its own if the stream has been opened. */
    synchronized void begun(SourceReader source, EventId position) {
        away.remove(source);
        silent.remove(source);
        if (opened && unbegun.isEmpty()) {
            due.add(new Signal.Begun(source, position));
        } else {
            cursor.moveTo(source.mark(), position);
        }
        hasBegun(source);
    }

    /** A pattern has added all known logs. */
    synchronized void foundAll(PatternReader pattern) {
        silent.remove(pattern);
        hasBegun(pattern);
    }

    private void hasBegun(Object part) {
        if (unbegun.remove(part) && unbegun.isEmpty()) {
            cursor.complete();
            if (opened) {
                due.addFirst(new Signal.AllBegun());
            }
        }
    }

    synchronized void caughtUp(SourceReader source) {
        isNotBehind(source);
    }

    private void isNotBehind(Object part) {
        if (behind.remove(part) && behind.isEmpty()) {
            due.add(new Signal.CaughtUp());
        }
    }

    synchronized void completed(SourceReader source, @Nullable Completion completion) {
        away.remove(source);
        silent.remove(source);
        isNotBehind(source);
        due.add(new Signal.Complete(source, completion));
        incomplete.remove(source);
        completed = incomplete.isEmpty();
    }

    /** A part cannot be read at the moment. */
    synchronized void away(Object part) {
        if (parts.contains(part)) { // otherwise the stream has left out this log since
            away.add(part);
        }
    }

    synchronized void back(SourceReader source) {
        away.remove(source);
    }

    /**
     * The search of a pattern was interrupted, or continues.
     *
     * @param isAway returns which; called within the lock, so that the last call sees the current state
     * @return whether the search is interrupted
     */
    synchronized boolean interruption(PatternReader pattern, BooleanSupplier isAway) {
        boolean interrupted = isAway.getAsBoolean();
        if (interrupted) {
            away.add(pattern);
        } else {
            away.remove(pattern);
            if (!unbegun.contains(pattern)) {
                isNotBehind(pattern);
            }
        }
        return interrupted;
    }

    /** {@return whether parts have not begun, and the client does not know it} */
    synchronized boolean isSilent() {
        return last == null && !away.containsAll(silent);
    }

    /** All parts that have not begun cannot be read at the moment. */
    synchronized void silentAreAway() {
        away.addAll(silent);
    }

    /**
     * A part has answered.
     *
     * @return how the stream opens; null if another part has not answered yet
     */
    synchronized ClientStream.@Nullable Opening settled(Object part) {
        unsettled.remove(part);
        if (!unsettled.isEmpty()) {
            return null;
        }
        boolean nothingLeft = completed
                && due.stream().noneMatch(signal -> signal instanceof Signal.Batch || signal instanceof Signal.Missed);
        return nothingLeft ? ClientStream.Opening.NOTHING_LEFT : ClientStream.Opening.OPEN;
    }

    /** The events of a log are not sent any more. */
    synchronized void withdraw(SourceReader source) {
        due.removeIf(signal -> signal instanceof Signal.Batch batch && batch.source() == source);
    }

    /** Only the last signal is sent from now on. */
    synchronized void withdrawAll() {
        due.clear();
        completed = false;
    }

    /** The stream ends after the signals that are due. */
    synchronized void endWith(Signal word) {
        last = last == null ? word : last;
    }

    /** The stream ends, without the signals that are due. */
    synchronized void endNowWith(Signal word) {
        if (last == null) {
            due.clear();
            last = word;
        }
        saidAway = !away.isEmpty();
    }

    /** Sends a heartbeat if there is nothing else to send. */
    synchronized void beat(boolean wanted) {
        beatDue = wanted;
    }

    /** {@return the next signal to send; null if there is none at the moment} */
    synchronized @Nullable Signal next() {
        if (!opened) {
            opened = true;
            return new Signal.Opened();
        }
        boolean hasEnded = last instanceof Signal.Said;
        if (saidAway != !away.isEmpty() && !hasEnded) {
            saidAway = !saidAway;
            return saidAway ? new Signal.Interrupted() : new Signal.Resumed();
        }
        Signal signal = unbegun.isEmpty() ? due.poll() : null;
        if (signal == null && last != null && !hasEnded) {
            signal = last;
            last = new Signal.Said();
        } else if (signal == null && beatDue && last == null) {
            beatDue = false;
            signal = new Signal.Beat();
        }
        return signal;
    }

    /** {@return whether everything has been sent} */
    synchronized boolean isDone() {
        return (completed && opened && due.isEmpty()) || last instanceof Signal.Said;
    }
}
