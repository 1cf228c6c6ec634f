package dev.eventlog.torture;

import dev.eventlog.EventId;
import dev.eventlog.torture.TortureHistory.Added;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A log from its first event until it was deleted, or set back by a restart that lost writes. One that was set back goes on as
 * another life, which begins with what is left of the one before.
 *
 * <p>Times are ticks of the {@link TortureHistory}: each thing that Redis did at once is one.
 */
final class TortureLife {

    /** Why a life ended. */
    enum End {
        /** Deleted, expired or flushed. */
        DELETED,
        /** Lost by the restart of a server that had lost writes. */
        LOST
    }

    /** Why an event is no longer in a life of its log. */
    enum Removal {
        /** It left by the old end. */
        TRIMMED,
        /** Somebody deleted it by itself. */
        RETRACTED
    }

    /** A tick that never comes. */
    static final int NEVER = Integer.MAX_VALUE;

    private record Removed(Removal why, int at) {}

    /** Which life of its log it is, from 0 on. */
    final int ordinal;

    final int beganAt;
    final List<Added> events = new ArrayList<>();
    private final Map<Added, Integer> index = new IdentityHashMap<>();
    private final Map<Added, Removed> removed = new IdentityHashMap<>();
    private final ArrayDeque<Added> kept = new ArrayDeque<>();
    private final Set<EventId> raised = new HashSet<>();
    private int groupsSince = NEVER;
    int endedAt = NEVER;

    @Nullable
    End end;

    TortureLife(int ordinal, int beganAt) {
        this.ordinal = ordinal;
        this.beganAt = beganAt;
    }

    /** Takes over what another life has come to. */
    void continues(TortureLife other) {
        other.events.forEach(each -> index.put(each, index.size()));
        events.addAll(other.events);
        removed.putAll(other.removed);
        kept.addAll(other.kept);
        raised.addAll(other.raised);
        groupsSince = other.groupsSince;
    }

    /** {@return whether this one has come to the same as another, and lives} */
    boolean isAs(TortureLife other) {
        return end == null
                && events.size() == other.events.size()
                && removed.size() == other.removed.size()
                && events.get(0) == other.events.get(0);
    }

    /** {@return whether it began with what was left of another, after writes had been lost} */
    boolean isOfLostWrites() {
        return events.get(0).tick < beganAt;
    }

    void add(Added added) {
        index.put(added, events.size());
        events.add(added);
        kept.add(added);
    }

    /** {@return the events that were written after one write and before another} */
    List<Added> between(int after, int before) {
        return events.subList(firstAfter(after), firstAfter(before - 1));
    }

    private int firstAfter(int order) {
        int low = 0;
        int high = events.size();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (events.get(middle).order > order) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return low;
    }

    void trim(long length, int at) {
        while (kept.size() > length) {
            removed.put(kept.remove(), new Removed(Removal.TRIMMED, at));
        }
    }

    void trimBelow(EventId id, int at) {
        while (!kept.isEmpty() && kept.element().id.compareTo(id) < 0) {
            removed.put(kept.remove(), new Removed(Removal.TRIMMED, at));
        }
    }

    void retract(EventId id, int at) {
        Predicate<Added> isIt = added -> added.id.equals(id);
        kept.stream().filter(isIt).forEach(gone -> removed.put(gone, new Removed(Removal.RETRACTED, at)));
        kept.removeIf(isIt);
    }

    /** The last id of the log now belongs to no event. */
    void raiseLastId(EventId to) {
        raised.add(to);
    }

    /** {@return whether its last id was once raised, without an event, to an id between two others} */
    boolean wasLastIdRaised(EventId after, EventId before) {
        return raised.stream().anyMatch(id -> id.compareTo(after) > 0 && id.compareTo(before) < 0);
    }

    void hasGroups(int at) {
        groupsSince = Math.min(groupsSince, at);
    }

    void end(End why, int at) {
        end = why;
        endedAt = at;
    }

    boolean holds(Added added) {
        return index.containsKey(added);
    }

    /** {@return which of its events it is, from 0 on} */
    int at(Added added) {
        Integer found = index.get(added);
        if (found == null) {
            throw new IllegalArgumentException(added + " is not in " + this);
        }
        return found;
    }

    /** {@return why an event is gone by then, if it is} */
    @Nullable
    Removal removal(Added added, int by) {
        Removed gone = removed.get(added);
        return gone == null || gone.at() > by ? null : gone.why();
    }

    /** {@return whether somebody had deleted an event by itself by then, with an id between two others} */
    boolean hasRetracted(EventId after, EventId before, int by) {
        return removed.keySet().stream()
                .filter(each -> each.id.compareTo(after) > 0 && each.id.compareTo(before) < 0)
                .anyMatch(each -> removal(each, by) == Removal.RETRACTED);
    }

    /** {@return from when on it was not there: by itself, or with the life} */
    int goneAt(Added added) {
        Removed gone = removed.get(added);
        return gone == null ? endedAt : Math.min(gone.at(), endedAt);
    }

    /** {@return whether it was there at each moment from one tick to another} */
    boolean isThere(Added added, int from, int to) {
        return Math.max(beganAt, added.tick) <= from && goneAt(added) > to;
    }

    /** {@return the entry that ended it; null if there is none} */
    @Nullable
    Added ended() {
        Added last = events.isEmpty() ? null : events.get(events.size() - 1);
        return last != null && last.isEnd() ? last : null;
    }

    /** {@return the newest event that had been added by then, whatever became of it} */
    @Nullable
    Added newestBy(int tick) {
        for (int i = events.size() - 1; i >= 0; i--) {
            if (events.get(i).tick <= tick && !events.get(i).isEnd()) {
                return events.get(i);
            }
        }
        return null;
    }

    /** {@return how many events after this one fit} */
    int countAfter(Added added, Predicate<Added> fit) {
        return (int) events.subList(at(added) + 1, events.size()).stream()
                .filter(fit)
                .count();
    }

    /** {@return whether at least so many events after this one fit} */
    boolean hasAfter(Added added, long count, Predicate<Added> fit) {
        return events.subList(at(added) + 1, events.size()).stream()
                        .filter(fit)
                        .limit(count)
                        .count()
                >= count;
    }

    /**
     * Whether Redis could not tell at some moment which event ever added its first one was: while an event that was retracted
     * is not older than all that are kept, or the stream has consumer groups.
     */
    boolean ranksUnknown(int from, int to) {
        if (groupsSince <= to) {
            return true;
        }
        int olderGoneAt = 0; // when this one and all older ones were gone
        for (Added each : events) {
            olderGoneAt = Math.max(olderGoneAt, goneAt(each));
            Removed gone = removed.get(each);
            if (gone != null
                    && gone.why() == Removal.RETRACTED
                    && gone.at() < olderGoneAt
                    && gone.at() <= to
                    && olderGoneAt >= from) {
                return true;
            }
        }
        return false;
    }

    @Override
    public String toString() {
        return "life " + ordinal + " of " + events.size() + " events, " + removed.size() + " removed"
                + (end == null ? "" : ", " + end);
    }
}
