package dev.eventlog.follow;

import dev.eventlog.Completion;
import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.follow.GapRules.Memory;
import dev.eventlog.redis.Closing;
import dev.eventlog.redis.EventMark;
import dev.eventlog.redis.Rank;
import dev.eventlog.redis.ReadPoint;
import dev.eventlog.redis.StreamState;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

// Long: the events and the end of the window are one state under one lock.
/**
 * The newest events of a log, shared by all its followers: every event after {@link #base} up to {@link #last}, without a gap.
 * The feed fills it, and the followers read it. For a complete log it ends at the greatest possible id. Thread-safe.
 */
final class Window {

    /** The result of a search for events after a point. */
    enum Found {
        /** There are events. */
        EVENTS,
        /** No events: the point is at the end of this feed, or ahead of it. */
        NOTHING,
        /** No events, and none will come: the log is complete. */
        COMPLETE,
        /** The point is older than the window: read page by page from Redis. */
        BEHIND,
        /** Another log has replaced the log that the follower reads. */
        PARTED
    }

    /**
     * The answer for a follower.
     *
     * @param found the result
     * @param point the follower's point with its rank; if it is behind, the beginning of the window; if the log was replaced, the
     *         last common point
     * @param events the events after the point, if any were found
     * @param completion how the log ended, if it is complete at this point
     */
    record Slice(
            Found found,
            ReadPoint point,
            List<Event> events,
            @Nullable Completion completion) {

        Slice(Found found, ReadPoint point, List<Event> events) {
            this(found, point, events, null);
        }
    }

    /** The end of this window at one moment, and the mark of the event there, if one was read. */
    record End(ReadPoint point, @Nullable EventMark event) {

        /**
         * Returns whether a log is the log of this window. It is if the event at the end exists, or if nothing was added since,
         * in case the event is gone.
         *
         * @param there the event of the log at the id of this end
         */
        boolean isOf(StreamState state, @Nullable Event there) {
            if (there != null || !point.id().equals(state.lastId())) {
                return event != null && event.isOf(there);
            }
            Rank rank = point.rank();
            return !state.counts() || !rank.isKnown() || rank.number() == state.added();
        }
    }

    private static final Instant FIRST_TIME = Instant.parse("2009-01-01T00:00:00Z"); // before that there was no Redis

    private static final int SAMPLES = 100;
    private static final int SAMPLES_A_WINDOW = 10;
    private static final int EPOCHS = 16;
    private static final int MANY = 10;

    private final int capacity;
    private EventBuffer events = EventBuffer.NONE; // until there is one: most logs are idle
    private List<EventMark> samples; // a few older events, oldest first; usually very few, and never changed in place
    private List<EventId> partings = List.of(); // the beginnings of the last few epochs, oldest first
    private EventId endBefore = EventId.MIN; // where the previous epoch ended
    private int sinceSample;
    private @Nullable EventId firstEver; // the first event that the log ever had, if it was seen
    private EventId origin; // where this window began
    private long begunAt; // the time at which this window began
    private ReadPoint base;
    private ReadPoint last;
    private @Nullable EventMark lastEvent;
    private @Nullable Event closing; // the entry that ends the log, if the log is complete and the entry exists
    private @Nullable ReadPoint counted; // a point inside, up to which Redis has counted

    /**
     * Creates a window without events.
     *
     * @param begin the end of the log
     * @param newest the newest few events of the log, newest first; known, but not part of the window
     * @param closing the entry that ends the log, if the log is complete and the entry exists
     */
    Window(int capacity, ReadPoint begin, List<Event> newest, @Nullable Event closing) {
        this.capacity = capacity;
        this.origin = begin.id();
        this.begunAt = System.currentTimeMillis();
        this.base = begin;
        this.last = begin;
        List<EventMark> known = newest.stream().map(EventMark::of).toList();
        this.samples = reversed(known);
        EventMark atEnd = !known.isEmpty() && known.get(0).id().equals(begin.id()) ? known.get(0) : null;
        this.lastEvent = closing == null ? atEnd : EventMark.of(closing);
        this.closing = closing;
    }

    synchronized End end() {
        return new End(last, lastEvent);
    }

    synchronized ReadPoint last() {
        return last;
    }

    /**
     * Appends the next events, without a gap, up to a point.
     *
     * @param closing the entry that ends the log, if the log is complete and the entry exists
     * @return whether the end has moved
     */
    boolean append(List<Event> next, ReadPoint end, @Nullable Event closing) {
        Event newest = next.isEmpty() ? null : next.get(next.size() - 1);
        Event ending = closing != null && closing.id().equals(end.id()) ? closing : null;
        return append(next, end, ending, EventMark.ofNullable(ending == null ? newest : ending));
    }

    /** The mark is made before, because the digest of a large event takes long. */
    private synchronized boolean append(
            List<Event> next, ReadPoint end, @Nullable Event ending, @Nullable EventMark mark) {
        EventId before = last.id();
        if (last.id().equals(EventId.MIN) && !next.isEmpty()) {
            firstEver = next.get(0).id();
        }
        if (!next.isEmpty() && events.capacity() < capacity) {
            events = new EventBuffer(capacity);
        }
        for (Event event : next) {
            if (events.isFull()) {
                dropOldest();
            }
            events.add(event);
        }
        if (mark != null || end.id().isAfter(last.id())) { // without a mark, the events there were deleted individually
            lastEvent = mark;
        }
        closing = ending == null ? closing : ending;
        last = end;
        if (counted == null && end.rank().countedFrom().equals(end.id())) {
            counted = end;
        }
        return !before.equals(end.id());
    }

    /** {@return the mark of an event: the same object if it is the last one of this window} The digest takes no lock. */
    EventMark mark(Event event) {
        EventMark known = markOfLast(event);
        return known == null ? EventMark.of(event) : known;
    }

    private synchronized @Nullable EventMark markOfLast(Event event) {
        EventMark mark = lastEvent;
        boolean isLast = events.size() > 0 && Objects.equals(events.at(events.size() - 1), event);
        return isLast && mark != null && mark.id().equals(event.id()) ? mark : null;
    }

    /** {@return how the log ended; null until its end has been read} */
    synchronized @Nullable Completion completion() {
        return isComplete() ? Closing.completion(closing) : null;
    }

    private boolean isComplete() {
        return last.id().equals(EventId.MAX);
    }

    /** {@return whether only the end of a complete log comes after a point} */
    synchronized boolean isOnlyCompleteAfter(ReadPoint point) {
        return isComplete()
                && point.epoch() == last.epoch()
                && point.id().compareTo(base.id()) >= 0
                && events.indexAfter(point.id()) == events.size();
    }

    private void dropOldest() {
        Event oldest = events.removeOldest();
        ReadPoint middle = counted;
        base = (middle != null && oldest.id().isAfter(middle.id()) ? middle : base).after(oldest.id(), 1);
        if (middle != null && !middle.id().isAfter(base.id())) {
            base = middle.id().equals(base.id()) ? middle : base;
            counted = null;
        }
        if (++sinceSample * SAMPLES_A_WINDOW >= capacity) {
            sinceSample = 0;
            sample(EventMark.of(oldest));
        }
    }

    private void sample(EventMark event) {
        List<EventMark> more = new ArrayList<>(samples);
        more.add(event);
        samples = List.copyOf(more.subList(Math.max(0, more.size() - SAMPLES), more.size()));
    }

    private static List<EventMark> reversed(List<EventMark> events) {
        List<EventMark> reversed = new ArrayList<>(events);
        Collections.reverse(reversed);
        return List.copyOf(reversed);
    }

    private void beginAt(ReadPoint point, @Nullable EventMark there) {
        int older = events.indexAfter(point.id());
        int step = Math.max(1, capacity / SAMPLES_A_WINDOW);
        for (int i = 0; i < older; i++) {
            if ((older - 1 - i) % step == 0) { // includes the newest of them
                sample(EventMark.of(events.at(i)));
            }
        }
        samples = samples.stream()
                .filter(event -> !event.id().isAfter(point.id()))
                .toList();
        events = EventBuffer.NONE;
        sinceSample = 0;
        origin = point.id();
        begunAt = System.currentTimeMillis();
        firstEver = point.id().equals(EventId.MIN) ? null : firstEver;
        base = last = point;
        lastEvent = there;
        closing = null;
        counted = null;
    }

    /** Continues after a gap. Followers before the gap read page by page from Redis, and find out what they miss. */
    synchronized void skipTo(ReadPoint next) {
        beginAt(next, null);
    }

    /**
     * Starts another epoch.
     *
     * @param common the last common point of both logs, in the previous epoch
     * @param there the mark of the event at this point, if there is one
     */
    synchronized void part(ReadPoint common, @Nullable EventMark there) {
        endBefore = last.id();
        beginAt(new ReadPoint(common.id(), common.rank(), last.epoch() + 1), there);
        List<EventId> all = new ArrayList<>(partings);
        all.add(common.id());
        partings = List.copyOf(all.subList(Math.max(0, all.size() - EPOCHS), all.size()));
    }

    /** {@return whether a point is at the end of the previous epoch, so that no known event comes after it} */
    synchronized boolean hadAllAt(ReadPoint point) {
        return point.epoch() == last.epoch() - 1 && point.id().compareTo(endBefore) >= 0;
    }

    /** {@return what is known about an event} */
    synchronized Memory memory(EventMark event) {
        if (event.id().compareTo(base.id()) <= 0) {
            if (samples.contains(event)) {
                return Memory.SAME;
            }
            if (base.rank().isKnown() && base.rank().number() == 0) { // nothing was ever added before
                return Memory.OTHER;
            }
            long since = samples.stream()
                    .filter(sample -> sample.id().isAfter(event.id()))
                    .count();
            return since + events.size() > MANY ? Memory.LONG_AGO : Memory.FORGOTTEN;
        }
        return event.isOf(eventAt(event.id())) ? Memory.SAME : Memory.OTHER;
    }

    /** {@return whether this window knows another event with the id of this one} */
    synchronized boolean hasAnother(EventMark event) {
        EventMark atEnd = lastEvent;
        if (event.id().equals(last.id())) {
            return atEnd != null && !atEnd.equals(event);
        }
        Event there = eventAt(event.id());
        return there != null && !event.isOf(there);
    }

    private @Nullable Event eventAt(EventId id) {
        int index = events.indexAfter(id.previous());
        return index < events.size() && events.at(index).id().equals(id) ? events.at(index) : null;
    }

    /** {@return all events of this window, oldest first} */
    synchronized List<Event> events() {
        return events.from(0, events.size());
    }

    /** {@return the marks of the few known events before this window, newest first} */
    synchronized List<EventMark> samples() {
        return reversed(samples);
    }

    /**
     * {@return the same point, or the point just before the first event that the log ever had} From there, a reader can tell that
     * this event was trimmed, even if Redis does not count events.
     */
    synchronized ReadPoint begun(ReadPoint point) {
        EventId first = firstEver;
        return first != null && point.id().equals(EventId.MIN)
                ? new ReadPoint(first.previous(), point.rank(), point.epoch())
                : point;
    }

    synchronized EventId origin() {
        return origin;
    }

    /**
     * Returns whether an unknown event existed when this window began. Events get their ids from the clock, so no event added
     * since has an earlier millisecond than the id at which the window began, if that id was in the past.
     */
    synchronized boolean isOlder(EventId id) {
        return origin.milliseconds() > id.milliseconds() && origin.milliseconds() <= begunAt && isTime(origin);
    }

    /** Returns whether an id can come from a clock. An id that somebody chose, such as 1-1, cannot. */
    static boolean isTime(EventId id) {
        return !id.timestamp().isBefore(FIRST_TIME);
    }

    synchronized Slice after(ReadPoint point, int limit) {
        if (point.epoch() != last.epoch()) {
            return new Slice(Found.PARTED, parting(point.epoch()), List.of());
        }
        EventId id = point.id();
        if (id.compareTo(last.id()) >= 0) {
            return id.equals(last.id()) ? atEnd(point) : new Slice(Found.NOTHING, point, List.of());
        }
        if (id.compareTo(base.id()) < 0) {
            return new Slice(Found.BEHIND, base, List.of());
        }
        int from = events.indexAfter(id);
        if (from == events.size()) { // the events after it were deleted individually before they were read
            return atEnd(point);
        }
        return new Slice(Found.EVENTS, rankedAt(point, from), events.from(from, Math.min(events.size(), from + limit)));
    }

    private Slice atEnd(ReadPoint point) {
        ReadPoint end = last.rank().isKnown() ? last : last.ranked(point.rank());
        return isComplete()
                ? new Slice(Found.COMPLETE, end, List.of(), Closing.completion(closing))
                : new Slice(Found.NOTHING, end, List.of());
    }

    /**
     * Uses the last count of Redis before the point. The follower may know its rank even if this window does not, because it has
     * asked Redis itself.
     */
    private ReadPoint rankedAt(ReadPoint point, int index) {
        ReadPoint middle = counted;
        Rank rank = middle != null && !middle.id().isAfter(point.id())
                ? middle.rank().plus(index - events.indexAfter(middle.id()))
                : base.rank().plus(index);
        return rank.isKnown() ? point.ranked(rank) : point;
    }

    /** The last common point of the log of an epoch and the current log. */
    private ReadPoint parting(int epoch) {
        int ago = last.epoch() - epoch;
        if (ago > partings.size()) {
            return new ReadPoint(EventId.MIN, Rank.NOTHING_ADDED, last.epoch());
        }
        List<EventId> since = partings.subList(partings.size() - ago, partings.size());
        EventId common = Collections.min(since);
        return common.equals(base.id()) ? base : new ReadPoint(common, Rank.UNKNOWN, last.epoch());
    }

    /**
     * The known events after a point.
     *
     * @param events the number of events; negative if unknown
     * @param next the id of the next event, or an id before it; null if there is none or it is unknown
     */
    record Behind(long events, @Nullable EventId next) {}

    /** {@return the distance of a follower from the end of this window} */
    synchronized Behind behind(ReadPoint point) {
        if (point.epoch() != last.epoch()) {
            return new Behind(-1, null);
        }
        EventId id = point.id();
        if (id.compareTo(last.id()) >= 0) {
            return new Behind(0, null);
        }
        if (id.compareTo(base.id()) >= 0) {
            int next = events.indexAfter(id);
            return new Behind(
                    events.size() - next, next < events.size() ? events.at(next).id() : null);
        }
        boolean counts = last.rank().isKnown() && point.rank().isKnown();
        return new Behind(
                counts ? Math.max(0, last.rank().number() - point.rank().number()) : -1,
                id.equals(EventId.MIN) ? null : id);
    }
}
