package dev.eventlog.redis;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.redis.Continuity.Verdict;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The newest few events of a log, shared by all its followers: every event after {@link #base} up to {@link #last}, with no
 * hole. Filled by the feed, read by the followers; thread-safe.
 */
final class Window {

    /** What a follower finds after its cursor. */
    enum Found {
        /** Events: take them. */
        EVENTS,
        /** Nothing: the cursor is at the end, or ahead of this feed. */
        NOTHING,
        /** The cursor is older than the window: page through Redis. */
        BEHIND,
        /** The log began again since the follower looked last. */
        BEGAN_AGAIN
    }

    /**
     * What a follower gets.
     *
     * @param found which case it is
     * @param events what comes after the cursor, if that was found
     * @param rank which event ever added the cursor is (if that is behind: the base; if it began again: where to go on), or
     *     unknown
     * @param base where the window begins
     * @param life which life of the log this is
     * @param resume where to go on after the log began again
     * @param start an id before the first event that the log ever had, if this window has seen it come to be
     * @param endOfLast the last event of the log before it began again, as far as it was read
     */
    record Slice(
            Found found,
            List<Event> events,
            long rank,
            EventId base,
            int life,
            EventId resume,
            EventId start,
            EventId endOfLast) {}

    /**
     * The end of this window at one moment.
     *
     * @param last the last event
     * @param rank which event ever added that is, or unknown
     * @param life of which life of the log
     */
    record End(EventId last, long rank, int life) {}

    static final int FIRST = 0;
    static final int ANOTHER = -1;

    private static final int LANDMARKS = 100;
    private static final int LANDMARKS_A_WINDOW = 10;

    private final @Nullable Event[] ring;
    private final long limit;
    private int head;
    private int size;

    /** A few older events, to find out how far a log is the same that has gone another way since. Oldest first. */
    private final Deque<Event> landmarks = new ArrayDeque<>();

    private int sinceLandmark;

    private EventId origin; // where this window began: all events after it up to the last one have passed through
    private EventId base;
    private EventId last;
    private long rank; // of last
    private int life = FIRST;
    private EventId resume = EventId.MIN;
    private long rankOfResume;
    private EventId start = EventId.MIN;
    private EventId endOfLast = EventId.MIN;

    Window(int capacity, StreamState state, long limit) {
        this.ring = new Event[capacity];
        this.limit = limit;
        this.origin = state.lastId();
        this.base = state.lastId();
        this.last = state.lastId();
        this.rank = state.added();
    }

    synchronized End end() {
        return new End(last, rank, life);
    }

    /**
     * Which life of the log this window showed, if the stream of this state is still that one, as far as can be told.
     *
     * @param then where this window ended before the state was asked for; by now it may be further than that
     * @return the number of that life, or {@link #ANOTHER} if the state is of another
     */
    int lifeOf(End then, StreamState state) {
        return judge(then, List.of(), 0, state).verdict() == Verdict.BEGAN_AGAIN ? ANOTHER : then.life();
    }

    synchronized EventId last() {
        return last;
    }

    /** Judges what was read after the end of this window, and how much of that was still there with this state. */
    Continuity judge(List<Event> next, long stillThere, StreamState state) {
        return judge(end(), next, stillThere, state);
    }

    private Continuity judge(End from, List<Event> next, long stillThere, StreamState state) {
        Continuity continuity = Continuity.judge(from.last(), from.rank(), next, stillThere, state, limit);
        // Below Redis 7: the event at our end is gone, and yet the log is too short to have been trimmed.
        boolean tooShort = limit != Long.MAX_VALUE && state.length() > 0 && state.length() < limit;
        return continuity.verdict() == Verdict.MISSING && !state.countsAdded() && tooShort
                ? Continuity.BEGAN_AGAIN
                : continuity;
    }

    /** Appends what follows without a hole. */
    synchronized void append(List<Event> events) {
        if (last.equals(EventId.MIN) && !events.isEmpty()) {
            start = events.get(0).id().previous();
        }
        for (Event event : events) {
            if (size == ring.length) {
                base = at(0).id();
                passed(at(0));
                head = (head + 1) % ring.length;
                size--;
            }
            ring[(head + size++) % ring.length] = event;
        }
        if (!events.isEmpty()) {
            last = events.get(events.size() - 1).id();
            rank = Continuity.plus(rank, events.size());
        }
    }

    private void passed(Event event) {
        if (++sinceLandmark * LANDMARKS_A_WINDOW >= ring.length) {
            sinceLandmark = 0;
            landmarks.addLast(event);
            if (landmarks.size() > LANDMARKS) {
                landmarks.removeFirst();
            }
        }
    }

    /**
     * Begins anew after a hole: followers that are behind it page through Redis and find out what they miss. If the stream
     * counts, and yet does not tell how large the hole before the next events is, they are left out: so that can be told.
     */
    synchronized void skip(long missed, List<Event> next, StreamState state) {
        clear();
        EventId first = state.firstId();
        boolean withoutNext = next.isEmpty() || (missed == Continuity.UNKNOWN && state.countsAdded());
        if (withoutNext && first != null && first.isAfter(last)) {
            origin = base = last = first.previous(); // what the stream still holds is yet to be read
            rank = Continuity.minus(state.added(), state.length());
        } else if (withoutNext) {
            origin = base = last = state.lastId();
            rank = state.added();
        } else {
            origin = base = last = next.get(0).id().previous();
            rank = Continuity.plus(rank, missed);
            append(next);
        }
    }

    /**
     * Begins another life, after the log has begun again.
     *
     * @param from the id after which to go on
     * @param rankThere which event ever added that one is
     */
    synchronized void beginAgain(EventId from, long rankThere) {
        clear();
        endOfLast = last;
        start = EventId.MIN;
        origin = base = last = resume = from;
        rank = rankOfResume = rankThere;
        life++;
    }

    /** Whether so many events cannot have been added to the same log after this window, by the stream's own count. */
    synchronized boolean contradicts(StreamState state, long since) {
        return rank != Continuity.UNKNOWN && state.countsAdded() && state.added() - rank < since;
    }

    /** Whether this is an event that the window shows, or an older one, of which it knows nothing. */
    synchronized boolean knows(Event event) {
        if (event.id().compareTo(base) <= 0) {
            return true;
        }
        int index = indexAfter(event.id().previous());
        return index < size && at(index).equals(event);
    }

    /** {@return all events in this window, oldest first} */
    synchronized List<Event> events() {
        List<Event> events = new ArrayList<>(size);
        for (int i = 0; i < size; i++) {
            events.add(at(i));
        }
        return events;
    }

    /** {@return the few that are still known of the events before this window, newest first} */
    synchronized List<Event> landmarks() {
        List<Event> newestFirst = new ArrayList<>(landmarks);
        Collections.reverse(newestFirst);
        return newestFirst;
    }

    synchronized EventId origin() {
        return origin;
    }

    /** Takes over the stream's own count, where this window ends just where the stream does. */
    synchronized void learnCount(StreamState state) {
        if (rank == Continuity.UNKNOWN && last.equals(state.lastId())) {
            rank = state.added();
        }
    }

    synchronized Slice after(EventId cursor, int knownLife, int limit) {
        if (life != knownLife) {
            return slice(Found.BEGAN_AGAIN, List.of(), life == knownLife + 1 ? rankOfResume : Continuity.UNKNOWN);
        }
        if (cursor.compareTo(last) >= 0) {
            return slice(Found.NOTHING, List.of(), cursor.equals(last) ? rank : Continuity.UNKNOWN);
        }
        if (cursor.compareTo(base) < 0) {
            return slice(Found.BEHIND, List.of(), Continuity.minus(rank, size));
        }
        int from = indexAfter(cursor);
        int count = Math.min(size - from, limit);
        List<Event> events = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            events.add(at(from + i));
        }
        return slice(Found.EVENTS, events, Continuity.minus(rank, size - from));
    }

    /**
     * What comes after a position, as far as is known here.
     *
     * @param events how many events, or unknown
     * @param since the id of the next event, or one before it; null if none comes, or nothing is known
     */
    record Behind(long events, @Nullable EventId since) {}

    /** {@return how far a follower is behind the end of this window} */
    synchronized Behind behind(EventId position, long rankOfPosition, int knownLife) {
        if (life != knownLife) {
            return new Behind(Continuity.UNKNOWN, null);
        }
        if (position.compareTo(last) >= 0) {
            return new Behind(0, null);
        }
        if (position.compareTo(base) >= 0) {
            int next = indexAfter(position);
            return new Behind(size - next, next < size ? at(next).id() : null);
        }
        boolean counted = rank != Continuity.UNKNOWN && rankOfPosition != Continuity.UNKNOWN;
        EventId since = position.equals(EventId.MIN) ? start : position;
        return new Behind(
                counted ? Math.max(0, rank - rankOfPosition) : Continuity.UNKNOWN,
                since.equals(EventId.MIN) ? null : since);
    }

    private Slice slice(Found found, List<Event> events, long rankOfCursor) {
        return new Slice(found, events, rankOfCursor, base, life, resume, start, endOfLast);
    }

    private int indexAfter(EventId id) {
        int low = 0;
        int high = size;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (at(middle).id().isAfter(id)) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return low;
    }

    private Event at(int index) {
        Event event = ring[(head + index) % ring.length];
        if (event == null) {
            throw new IllegalStateException("No event at " + index + " of " + size);
        }
        return event;
    }

    private void clear() {
        Arrays.fill(ring, null);
        head = 0;
        size = 0;
        landmarks.clear();
        sinceLandmark = 0;
    }
}
