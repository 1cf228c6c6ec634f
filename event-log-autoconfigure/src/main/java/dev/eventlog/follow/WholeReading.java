package dev.eventlog.follow;

import dev.eventlog.Event;
import dev.eventlog.EventGapException;
import dev.eventlog.EventId;
import dev.eventlog.Gap;
import dev.eventlog.follow.GapRules.Judgement;
import dev.eventlog.follow.GapRules.Memory;
import dev.eventlog.follow.GapRules.Verdict;
import dev.eventlog.redis.Answer;
import dev.eventlog.redis.EventMark;
import dev.eventlog.redis.LogStream;
import dev.eventlog.redis.Rank;
import dev.eventlog.redis.ReadPoint;
import dev.eventlog.redis.StreamState;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads all events that a log ever had, page by page, or fails if some are gone. It judges each page by the gap rules of
 * followers. At the end it can be asked again for new events. Not thread-safe.
 */
public final class WholeReading {

    private static final int PAGE = 1_000; // the script shortens it for large events

    private final LogStream stream;
    private final Trimming trimming;
    private ReadPoint point = new ReadPoint(EventId.MIN, Rank.NOTHING_ADDED, 0);
    private @Nullable EventMark seen;
    private EventId lastId = EventId.MIN;
    private boolean atEnd;

    /**
     * Creates a reading that has not begun.
     *
     * @param stream the log
     */
    public WholeReading(LogStream stream) {
        this.stream = stream;
        this.trimming = Trimming.of(stream.options());
    }

    /**
     * Continues to read.
     *
     * @return the next events, oldest first; empty if there are none now
     * @throws EventGapException if events before these are gone
     */
    public List<Event> next() {
        Answer answer = stream.look(point.id(), EventId.MAX, PAGE, EventId.MIN).answer();
        StreamState state = answer.state();
        Judgement judgement = GapRules.judge(point, seen, answer, trimming, event -> Memory.FORGOTTEN);
        if (judgement.verdict() != Verdict.WHOLE) {
            throw gone(judgement, state);
        }
        List<Event> events = answer.events();
        EventId before = point.id();
        point = GapRules.afterReading(judgement.next(), events, state);
        seen = !events.isEmpty()
                ? EventMark.of(events.get(events.size() - 1))
                : point.id().equals(before) ? seen : null;
        lastId = lastId(state);
        atEnd = events.isEmpty() || state.isLast(point.id());
        return events;
    }

    /** {@return whether all existing events have been read} */
    public boolean isAtEnd() {
        return atEnd;
    }

    /** {@return the last id of the log when the last page was read} */
    public EventId lastId() {
        return lastId;
    }

    private EventId lastId(StreamState state) {
        EventId last = state.lastOfEvents();
        EventMark read = seen;
        return last != null ? last : read != null && !read.id().equals(EventId.MAX) ? read.id() : EventId.MIN;
    }

    private EventGapException gone(Judgement judgement, StreamState state) {
        EventId first = state.firstId();
        EventId next = first != null
                ? first
                : state.isComplete() ? EventId.MAX : state.lastId().next();
        Loss loss = judgement.verdict() == Verdict.REMOVED
                ? Loss.removed(point.id(), point, judgement.next(), state)
                : Loss.beganAgain(point.id(), point);
        Gap gap = new Gap(stream.log(), loss.kind(), loss.lastSeen(), next, loss.missed());
        String missed = loss.missed().isPresent() ? loss.missed().getAsLong() + " events" : "events";
        String what = loss.kind() == Gap.Kind.BEGAN_AGAIN
                ? "it was deleted, has expired, or was lost, and began again, while it was being read after "
                        + point.id()
                : missed + " after " + point.id() + " are gone, or may be gone; the first remaining event is " + next;
        return new EventGapException(
                gap,
                "Log '" + stream.log() + "' cannot be read as a whole: " + what
                        + ". A log whose state is built from all its events must not have a max-length or max-age.");
    }
}
