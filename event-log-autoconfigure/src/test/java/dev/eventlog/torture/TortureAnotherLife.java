package dev.eventlog.torture;

import dev.eventlog.EventId;
import dev.eventlog.Gap;
import dev.eventlog.torture.TortureGaps.Step;
import dev.eventlog.torture.TortureHistory.Added;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Judges a step from one life of a log to another: that it was told as what it was, unless Redis itself could not tell. */
final class TortureAnotherLife {

    private final TortureHistory history;
    private final boolean counts;
    private final TortureFindings findings;
    private final TortureGaps gaps;

    TortureAnotherLife(TortureHistory history, boolean counts, TortureFindings findings, TortureGaps gaps) {
        this.history = history;
        this.counts = counts;
        this.findings = findings;
        this.gaps = gaps;
    }

    private List<TortureLife> holding(Added event) {
        return history.lives(event.key).stream()
                .filter(each -> each.holds(event))
                .toList();
    }

    /** What is left of the events up to a cursor that was retracted, and lost: nothing is missed if that goes on. */
    @Nullable
    Added notRetracted(Added cursor) {
        List<TortureLife> theirs = holding(cursor);
        TortureLife last = theirs.get(theirs.size() - 1);
        int at = last.at(cursor);
        while (at >= 0 && last.removal(last.events.get(at), last.endedAt) == TortureLife.Removal.RETRACTED) {
            at--;
        }
        return at < 0 || at == last.at(cursor) ? null : last.events.get(at);
    }

    /** The log that the follower was in is no more, and the next event is of another. */
    void judge(Step step, TortureLife next, int lowestLife, Set<Added> delivered) {
        Added cursor = step.cursor();
        if (cursor == null) {
            return;
        }
        if (step.gap() == null) {
            if (step.next().id.compareTo(cursor.id) <= 0) {
                findings.violation("Began again and not told", step + " in " + next);
            } else if (countsAgree(step, cursor, next)) {
                findings.count("began again and not told, where ids and counts agree");
            } else if (looksAsBefore(step, cursor, next)) {
                findings.count("began again and not told, where the event at the cursor might be there or retracted");
            } else {
                findings.violation("Began again and not told", step + " in " + next);
            }
            gaps.judgeBeginning(step, next, delivered);
            return;
        }
        if (step.gap().kind() == Gap.Kind.REMOVED) {
            if (couldTell(step, cursor, next)) {
                findings.violation("Began again and told as removed", step + " in " + next);
            } else {
                findings.count("began again, told as removed where Redis could not tell");
            }
        }
        gaps.judgeNumberToAnotherLife(
                step, next, Math.min(lowestLife, holding(cursor).get(0).ordinal));
        gaps.judgeBeginning(step, next, delivered);
    }

    /**
     * Whether the next event has the rank after that of the cursor, as far as can be told where later ones were retracted, and
     * all before it are gone: as if it came next.
     */
    private boolean countsAgree(Step step, Added cursor, TortureLife next) {
        int least = next.at(step.next());
        int most = least
                + next.countAfter(
                        step.next(), later -> next.removal(later, step.by()) == TortureLife.Removal.RETRACTED);
        return counts
                && !step.start().isKnownByIdAlone(cursor)
                && holding(cursor).stream()
                        .anyMatch(each -> each.at(cursor) + 1 >= least && each.at(cursor) + 1 <= most)
                && next.events.subList(0, next.at(step.next())).stream()
                        .allMatch(each -> next.goneAt(each) <= step.by());
    }

    /**
     * Whether the log looks as if it went on: to one that knows an id alone, as there is such an id again; or as the event at
     * the cursor may have been retracted, while an older one is there. From Redis 7 on, that takes one that was retracted later.
     */
    private boolean looksAsBefore(Step step, Added cursor, TortureLife next) {
        boolean idAlone = step.start().isKnownByIdAlone(cursor);
        boolean older = false;
        boolean retracted = !counts;
        for (Added each : next.events) {
            int place = each.id.compareTo(cursor.id);
            if (place == 0 && idAlone) {
                return true;
            }
            boolean known = idAlone || holding(cursor).stream().anyMatch(life -> life.holds(each));
            older |= place < 0 && known && next.goneAt(each) > step.start().from;
            retracted |= place > 0 && next.removal(each, step.by()) == TortureLife.Removal.RETRACTED;
        }
        return older && retracted;
    }

    /**
     * Whether Redis could tell that a log had begun again from one of which events were removed: by an id that is not above the
     * cursor's; and, if it counts, by fewer events ever added than those up to the cursor, or by a next event whose rank is not
     * above that of the cursor. A follower that resumed, or was told that its log began again, has no rank.
     */
    private boolean couldTell(Step step, Added cursor, TortureLife next) {
        // Before its first event a follower stands before those of its tail, and its feed may not have come to its end.
        EventId stands = step.isFirst() && step.gap() != null ? step.gap().lastSeen() : cursor.id;
        if (step.next().id.compareTo(stands) <= 0) {
            return true;
        }
        List<TortureLife> theirs = holding(cursor);
        TortureLife last = theirs.get(theirs.size() - 1);
        if (!counts
                || step.rankless()
                || step.start().isKnownByIdAlone(cursor)
                || last.ranksUnknown(cursor.tick, last.endedAt)) {
            return false;
        }
        long added = next.events.stream().filter(each -> each.tick <= step.by()).count();
        return added <= last.at(cursor)
                || (next.at(step.next()) <= last.at(cursor) && !next.ranksUnknown(next.beganAt, step.by()));
    }
}
