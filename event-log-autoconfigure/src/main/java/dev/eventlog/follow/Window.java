package dev.eventlog.follow;

import dev.eventlog.Completion;
import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.follow.GapRules.Memory;
import dev.eventlog.redis.Closing;
import dev.eventlog.redis.Rank;
import dev.eventlog.redis.ReadPoint;
import dev.eventlog.redis.StreamState;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

// Long: what it holds and where that ends are one state under one lock.
/**
 * The newest few events of a log, shared by all its followers: every event after {@link #base} up to {@link #last}, with no
 * hole. Filled by the feed, read by the followers; thread-safe. Of a complete log it ends at the greatest id there is.
 */
final class Window {

    /** What a follower finds after its point. */
    enum Found {
        /** Events: take them. */
        EVENTS,
        /** Nothing: the point is at the end, or ahead of this feed. */
        NOTHING,
        /** Nothing, and nothing will come: the log is complete. */
        COMPLETE,
        /** The point is older than the window: page through Redis. */
        BEHIND,
        /** Another log has taken the place of the one that the follower reads. */
        PARTED
    }

    /**
     * What a follower gets.
     *
     * @param found which case it is
     * @param point the follower's point, with its rank; if that is behind, where the window begins; if the logs have parted,
     *     the last point that both have
     * @param events what comes after the point, if that was found
     */
    record Slice(Found found, ReadPoint point, List<Event> events) {}

    /** The end of this window at one moment, and the event there, if one was read. */
    record End(ReadPoint point, @Nullable Event event) {

        /**
         * Whether a log is the one of this window: the event at the end is there, or nothing was added since where that is gone.
         *
         * @param there the event that the log has at the id of this end
         */
        boolean isOf(StreamState state, @Nullable Event there) {
            if (there != null || !point.id().equals(state.lastId())) {
                return event != null && event.equals(there);
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

    private final Ring events;
    private final Deque<Event> samples = new ArrayDeque<>(1); // a few older events, oldest first
    private List<EventId> partings = List.of(); // where the last few epochs began, oldest first
    private int sinceSample;
    private @Nullable EventId begun; // just before the first event that the log ever had, if that was seen
    private EventId origin; // where this window began
    private long begunAt; // and when
    private ReadPoint base;
    private ReadPoint last;
    private @Nullable Event lastEvent;
    private @Nullable ReadPoint counted; // a point between, up to which Redis has counted

    /**
     * A window without events.
     *
     * @param begin the end of the log
     * @param newest the newest few events of the log, newest first: they are known, but not in the window
     * @param closing the entry that ends the log, if it is complete and that entry is there
     */
    Window(int capacity, ReadPoint begin, List<Event> newest, @Nullable Event closing) {
        this.events = new Ring(capacity);
        this.origin = begin.id();
        this.begunAt = System.currentTimeMillis();
        this.base = begin;
        this.last = begin;
        newest.forEach(samples::addFirst);
        Event atEnd = !newest.isEmpty() && newest.get(0).id().equals(begin.id()) ? newest.get(0) : null;
        this.lastEvent = closing == null ? atEnd : closing;
    }

    synchronized End end() {
        return new End(last, lastEvent);
    }

    synchronized ReadPoint last() {
        return last;
    }

    /**
     * Appends what follows without a hole, up to a point.
     *
     * @param closing the entry that ends the log, if it is complete and that entry is there
     * @return whether the end has moved
     */
    synchronized boolean append(List<Event> next, ReadPoint end, @Nullable Event closing) {
        EventId before = last.id();
        if (last.id().equals(EventId.MIN) && !next.isEmpty()) {
            begun = next.get(0).id().previous();
        }
        for (Event event : next) {
            if (events.isFull()) {
                dropOldest();
            }
            events.add(event);
            lastEvent = event;
        }
        if (next.isEmpty() && end.id().isAfter(last.id())) { // what had been there was deleted by itself
            lastEvent = null;
        }
        if (closing != null && closing.id().equals(end.id())) {
            lastEvent = closing;
        }
        last = end;
        if (counted == null && end.rank().countedFrom().equals(end.id())) {
            counted = end;
        }
        return !before.equals(end.id());
    }

    /** {@return how the log ended; null as long as its end has not been read} */
    synchronized @Nullable Completion completion() {
        return isComplete() ? Closing.completion(lastEvent) : null;
    }

    private boolean isComplete() {
        return last.id().equals(EventId.MAX);
    }

    /** {@return whether nothing but the end of a complete log comes after a point} */
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
        if (++sinceSample * SAMPLES_A_WINDOW >= events.capacity()) {
            sinceSample = 0;
            sample(oldest);
        }
    }

    private void sample(Event event) {
        samples.addLast(event);
        if (samples.size() > SAMPLES) {
            samples.removeFirst();
        }
    }

    private void beginAt(ReadPoint point, @Nullable Event there) {
        int older = events.indexAfter(point.id());
        int step = Math.max(1, events.capacity() / SAMPLES_A_WINDOW);
        for (int i = 0; i < older; i++) {
            if ((older - 1 - i) % step == 0) { // the newest among them
                sample(events.at(i));
            }
        }
        samples.removeIf(event -> event.id().isAfter(point.id()));
        events.clear();
        sinceSample = 0;
        origin = point.id();
        begunAt = System.currentTimeMillis();
        begun = point.id().equals(EventId.MIN) ? null : begun;
        base = last = point;
        lastEvent = there;
        counted = null;
    }

    /** Goes on after a hole: followers that are behind it page through Redis and find out what they miss. */
    synchronized void skipTo(ReadPoint next) {
        beginAt(next, null);
    }

    /**
     * Begins another epoch.
     *
     * @param common the last point that both logs have, of the epoch before
     * @param there the event at it, if there is one
     */
    synchronized void part(ReadPoint common, @Nullable Event there) {
        beginAt(new ReadPoint(common.id(), common.rank(), last.epoch() + 1), there);
        List<EventId> all = new ArrayList<>(partings);
        all.add(common.id());
        partings = List.copyOf(all.subList(Math.max(0, all.size() - EPOCHS), all.size()));
    }

    /** {@return what is remembered of an event} */
    synchronized Memory memory(Event event) {
        if (event.id().compareTo(base.id()) <= 0) {
            if (samples.contains(event)) {
                return Memory.SAME;
            }
            long since = samples.stream()
                    .filter(sample -> sample.id().isAfter(event.id()))
                    .count();
            return since + events.size() > MANY ? Memory.LONG_AGO : Memory.FORGOTTEN;
        }
        int index = events.indexAfter(event.id().previous());
        return index < events.size() && events.at(index).equals(event) ? Memory.SAME : Memory.OTHER;
    }

    /** {@return all events in this window, oldest first} */
    synchronized List<Event> events() {
        return events.from(0, events.size());
    }

    /** {@return the few that are still known of the events before this window, newest first} */
    synchronized List<Event> samples() {
        List<Event> newestFirst = new ArrayList<>(samples);
        Collections.reverse(newestFirst);
        return newestFirst;
    }

    /**
     * {@return the same point, or that just before the first event that the log ever had} From there it shows that this event
     * was trimmed, also to a Redis that does not count.
     */
    synchronized ReadPoint begun(ReadPoint point) {
        EventId first = begun;
        return first != null && point.id().equals(EventId.MIN)
                ? new ReadPoint(first, point.rank(), point.epoch())
                : point;
    }

    synchronized EventId origin() {
        return origin;
    }

    /**
     * Whether an event that nobody here remembers was there when this window began. Events get their ids by the clock: so
     * none that was added since is of an earlier millisecond than the id at which it began, if that was one of the past.
     */
    synchronized boolean isOlder(EventId id) {
        return origin.milliseconds() > id.milliseconds() && origin.milliseconds() <= begunAt && isTime(origin);
    }

    /** Whether an id can have come from a clock: not one that somebody chose, such as 1-1. */
    static boolean isTime(EventId id) {
        return !id.timestamp().isBefore(FIRST_TIME);
    }

    synchronized Slice after(ReadPoint point, int limit) {
        if (point.epoch() != last.epoch()) {
            return new Slice(Found.PARTED, parting(point.epoch()), List.of());
        }
        EventId id = point.id();
        if (id.compareTo(last.id()) >= 0) {
            return id.equals(last.id()) ? atEnd() : new Slice(Found.NOTHING, point, List.of());
        }
        if (id.compareTo(base.id()) < 0) {
            return new Slice(Found.BEHIND, base, List.of());
        }
        int from = events.indexAfter(id);
        if (from == events.size()) { // what came after it was deleted by itself before it was read
            return atEnd();
        }
        return new Slice(Found.EVENTS, rankedAt(point, from), events.from(from, Math.min(events.size(), from + limit)));
    }

    private Slice atEnd() {
        return new Slice(isComplete() ? Found.COMPLETE : Found.NOTHING, last, List.of());
    }

    /** By the count that Redis made last before it. */
    private ReadPoint rankedAt(ReadPoint point, int index) {
        ReadPoint middle = counted;
        return middle != null && !middle.id().isAfter(point.id())
                ? point.ranked(middle.rank().plus(index - events.indexAfter(middle.id())))
                : point.ranked(base.rank().plus(index));
    }

    /** The last point that the log of an epoch has in common with the log of today. */
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
     * What comes after a point, as far as is known here.
     *
     * @param events how many events; below 0 if that is not known
     * @param next the id of the next event, or one before it; null if none comes, or nothing is known
     */
    record Behind(long events, @Nullable EventId next) {}

    /** {@return how far a follower is behind the end of this window} */
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
