package dev.eventlog.follow;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.redis.EventMark;
import dev.eventlog.redis.Line;
import dev.eventlog.redis.LogStream;
import dev.eventlog.redis.Rank;
import dev.eventlog.redis.ReadPoint;
import dev.eventlog.redis.StreamState;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Finds the last common point of the log that was read and the log that has replaced it. Reads at most one page at a time. */
final class LogHistory {

    /**
     * The last point that both logs have in common.
     *
     * @param point the point, in the previous epoch
     * @param event the mark of the event at this point, if it was found there
     */
    record Common(ReadPoint point, @Nullable EventMark event) {}

    private final LogStream stream;
    private final Line line;
    private final Window window;

    LogHistory(LogStream stream, Line line, Window window) {
        this.stream = stream;
        this.line = line;
        this.window = window;
    }

    /**
     * Finds the newest event that both logs certainly have: an event of the window, or of the samples of earlier events. An id
     * alone proves nothing, because a log that lost its newest events may give their ids to other events. Events before the first
     * event of the new log may have been trimmed from it, and count as common. In this case the result is the id just before the
     * first event, because nothing can be missing in between. If no event is known to be common, and the new log begins as the
     * old one did, the result is the newest event that must have existed when the window began. Otherwise the logs have nothing
     * in common.
     *
     * @param state the state of the new log
     * @param firstBefore the first event of the log at the last look
     */
    Common newestInCommon(StreamState state, @Nullable EventId firstBefore) {
        EventId first = state.firstId();
        if (first == null) {
            return beginning();
        }
        EventId last = window.last().id();
        if (first.isAfter(last)) {
            return before(first, state);
        }
        EventMark inWindow = inWindow(last);
        if (inWindow != null) {
            return at(inWindow);
        }
        for (EventMark sample : window.samples()) {
            EventId id = sample.id();
            if (first.isAfter(id)) {
                return before(first, state);
            }
            if (stream.range(line, id, id, 1).stream().anyMatch(sample::isOf)) {
                return at(sample);
            }
        }
        if (!first.equals(firstBefore) || first.isAfter(window.origin())) {
            return beginning();
        }
        List<Event> older = stream.newest(line, window.origin(), EventId.MIN, 1);
        boolean wasThere = !older.isEmpty() && window.isOlder(older.get(0).id());
        return wasThere ? at(EventMark.of(older.get(0))) : beginning();
    }

    private @Nullable EventMark inWindow(EventId last) {
        List<Event> known = window.events();
        if (known.isEmpty()) {
            return null;
        }
        Set<Event> ours = new HashSet<>(known);
        EventId oldest = known.get(0).id();
        AtomicReference<@Nullable Event> found = new AtomicReference<>();
        stream.backwards(line, last, oldest, Long.MAX_VALUE, newest -> {
            newest.stream().filter(ours::contains).findFirst().ifPresent(found::set);
            return found.get() == null;
        });
        return EventMark.ofNullable(found.get());
    }

    private Common at(EventMark event) {
        return new Common(new ReadPoint(event.id(), Rank.UNKNOWN, window.last().epoch()), event);
    }

    private Common before(EventId first, StreamState state) {
        return new Common(
                new ReadPoint(
                        first.previous(), state.rankBeforeFirst(), window.last().epoch()),
                null);
    }

    private Common beginning() {
        return new Common(
                new ReadPoint(EventId.MIN, Rank.NOTHING_ADDED, window.last().epoch()), null);
    }
}
