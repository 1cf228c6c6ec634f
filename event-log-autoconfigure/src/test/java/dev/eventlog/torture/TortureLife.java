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
 * One life of a log: from its first event until the log was deleted, or until a restart lost some of its writes. After
 * such a restart, the log continues as another life, which begins with the remaining events of the one before.
 *
 * <p>Times are ticks of the {@link TortureHistory}: each step of Redis is one tick.
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
        /** It left at the old end of the log. */
        TRIMMED,
        /** Somebody deleted this single event. */
        RETRACTED
    }

    /** A tick that never comes. */
    static final int NEVER = Integer.MAX_VALUE;

    private record Removed(Removal why, int at) {}

    /** The number of this life among all lives of its log, from 0 on. */
    final int ordinal;

    final int beganAt;
    final List<Added> events = new ArrayList<>();
    private final Map<Added, Integer> index = new IdentityHashMap<>();
    private final Map<Added, Removed> removed = new IdentityHashMap<>();
    private final ArrayDeque<Added> kept = new ArrayDeque<>();
    private final Set<EventId> raised = new HashSet<>();
    private int groupsSince = NEVER;
    private int closingEntryGoneAt = NEVER;
    int endedAt = NEVER;

    @Nullable
    End end;

    TortureLife(int ordinal, int beganAt) {
        this.ordinal = ordinal;
        this.beganAt = beganAt;
    }

    /** Starts with the contents of another life. */
    void continues(TortureLife other) {
        other.events.forEach(each -> index.put(each, index.size()));
        events.addAll(other.events);
        removed.putAll(other.removed);
        kept.addAll(other.kept);
        raised.addAll(other.raised);
        groupsSince = other.groupsSince;
        closingEntryGoneAt = other.closingEntryGoneAt;
    }

    /** {@return whether this life has not ended, and has the same contents as another one} */
    boolean isAs(TortureLife other) {
        return end == null
                && events.size() == other.events.size()
                && removed.size() == other.removed.size()
                && kept.size() == other.kept.size()
                && events.get(0) == other.events.get(0);
    }

    /** {@return whether it began with the remaining events of another life, after a loss of writes} */
    boolean isOfLostWrites() {
        return events.get(0).tick < beganAt;
    }

    void add(Added added) {
        index.put(added, events.size());
        events.add(added);
        kept.add(added);
    }

    /** {@return the events between two writes, excluding both} */
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

    /** The log stays complete, but a trim no longer counts this entry, and Redis no longer knows any rank. */
    void deleteClosingEntry(int at) {
        kept.removeIf(Added::isEnd);
        closingEntryGoneAt = Math.min(closingEntryGoneAt, at);
    }

    /** {@return whether the log is complete, and its closing entry was deleted} */
    boolean isWithoutClosingEntry(int by) {
        return closingEntryGoneAt <= by;
    }

    /** The last id of the log now belongs to no event. */
    void raiseLastId(EventId to) {
        raised.add(to);
    }

    /** {@return whether somebody raised the last id, without an event, to an id between these two} */
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

    /** {@return the index of an event in this life, from 0 on} */
    int at(Added added) {
        Integer found = index.get(added);
        if (found == null) {
            throw new IllegalArgumentException(added + " is not in " + this);
        }
        return found;
    }

    /** {@return why an event was gone at this tick; null if it was not} */
    @Nullable
    Removal removal(Added added, int by) {
        Removed gone = removed.get(added);
        return gone == null || gone.at() > by ? null : gone.why();
    }

    /**
     * Whether Redis cannot show that somebody had deleted a single event with an id between these two, up to a tick. If
     * it counts events, it knows only the deleted event with the greatest id.
     */
    boolean hasHiddenRetraction(EventId after, EventId before, boolean counts, int by) {
        List<EventId> retracted = removed.keySet().stream()
                .filter(each -> removal(each, by) == Removal.RETRACTED)
                .map(each -> each.id)
                .sorted()
                .toList();
        int known = counts && closingEntryGoneAt > by ? 1 : 0;
        return retracted.subList(0, Math.max(0, retracted.size() - known)).stream()
                .anyMatch(id -> id.compareTo(after) > 0 && id.compareTo(before) < 0);
    }

    /** {@return the tick at which the event was gone: alone, or with the whole life} */
    int goneAt(Added added) {
        Removed gone = removed.get(added);
        return gone == null ? endedAt : Math.min(gone.at(), endedAt);
    }

    /** {@return whether the event existed the whole time from one tick to another} */
    boolean isThere(Added added, int from, int to) {
        return Math.max(beganAt, added.tick) <= from && goneAt(added) > to;
    }

    /** {@return the closing entry of this life; null if there is none} */
    @Nullable
    Added ended() {
        Added last = events.isEmpty() ? null : events.get(events.size() - 1);
        return last != null && last.isEnd() ? last : null;
    }

    /** {@return the newest event that had been added up to a tick, even if it is gone} */
    @Nullable
    Added newestBy(int tick) {
        for (int i = events.size() - 1; i >= 0; i--) {
            if (events.get(i).tick <= tick && !events.get(i).isEnd()) {
                return events.get(i);
            }
        }
        return null;
    }

    /** {@return the number of later events that match} */
    int countAfter(Added added, Predicate<Added> fit) {
        return (int) events.subList(at(added) + 1, events.size()).stream()
                .filter(fit)
                .count();
    }

    /** {@return whether at least this number of later events match} */
    boolean hasAfter(Added added, long count, Predicate<Added> fit) {
        return events.subList(at(added) + 1, events.size()).stream()
                        .filter(fit)
                        .limit(count)
                        .count()
                >= count;
    }

    /**
     * Whether Redis could not know the rank of its first event at some tick in a range. This is so while a retracted
     * event is not older than all existing events, and if the stream has consumer groups. The deleted closing entry is
     * such an event for ever.
     */
    boolean ranksUnknown(int from, int to) {
        if (groupsSince <= to || closingEntryGoneAt <= to) {
            return true;
        }
        int olderGoneAt = 0; // the tick at which this event and all older ones were gone
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
