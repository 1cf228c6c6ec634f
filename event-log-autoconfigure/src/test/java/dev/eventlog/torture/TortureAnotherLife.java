package dev.eventlog.torture;

import dev.eventlog.EventId;
import dev.eventlog.Gap;
import dev.eventlog.Tail;
import dev.eventlog.torture.TortureGaps.Step;
import dev.eventlog.torture.TortureHistory.Added;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Judges a step from one life of a log to another. The follower must report that the log began again, unless Redis
 * itself could not reveal this.
 */
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

    /**
     * Finds the newest event before the cursor that was not retracted, if the event at the cursor was retracted and
     * then lost. A log that still has this event continues, and the follower misses nothing.
     */
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

    /**
     * Judges a step if the log of the follower is gone, and the next event belongs to another log.
     *
     * @param possible the lives that have the next event and in which the follower may be. The first one counts. For the
     *     question whether Redis hid that the log began again, all of them count.
     */
    void judge(Step step, List<TortureLife> possible, int lowestLife, Set<Added> delivered) {
        TortureLife next = possible.get(0);
        Added cursor = step.cursor();
        if (cursor == null) {
            return;
        }
        if (step.gap() == null) {
            if (step.next().id.compareTo(cursor.id) <= 0) {
                findings.violation("Began again, but not reported", step + " in " + next);
            } else if (possible.stream().anyMatch(each -> countsAgree(step, cursor, each))) {
                findings.count("began again, not reported because ids and counts agree");
            } else if (possible.stream().anyMatch(each -> looksAsBefore(step, cursor, each))) {
                findings.count(
                        "began again, not reported because the event at the cursor may exist or may have been retracted");
            } else if (waitsForALaterId(step, cursor)) {
                findings.count("began again, not reported because the follower waited for a later id");
            } else {
                findings.violation("Began again, but not reported", step + " in " + next);
            }
            gaps.judgeBeginning(step, next, delivered);
            return;
        }
        if (step.gap().kind() == Gap.Kind.REMOVED) {
            if (couldTell(step, cursor, next)) {
                findings.violation("Began again, but reported as removed", step + " in " + next);
            } else {
                findings.count("began again, reported as removed because Redis could not tell");
            }
        }
        gaps.judgeNumberToAnotherLife(
                step, next, Math.min(lowestLife, holding(cursor).get(0).ordinal));
        gaps.judgeBeginning(step, next, delivered);
    }

    /** Whether the follower began at an id that the old log had not reached, so that it missed nothing of it. */
    private static boolean waitsForALaterId(Step step, Added cursor) {
        return step.isFirst()
                && step.account().tail() instanceof Tail.From
                && !step.start().isAboveTheId(cursor);
    }

    /**
     * Whether the next event looks like the direct successor of the cursor: it may have the next rank, and all events
     * before it are gone. Retracted later events make its rank uncertain.
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
     * Whether the new log looks like a continuation of the old one. There are two cases: the follower knows only the id
     * of the event at its cursor, and the new log has this id too; or the new log has an older event, so that the event
     * at the cursor may have been retracted. From Redis 7 on, the second case also needs a later event or a closing
     * entry that was retracted.
     */
    private boolean looksAsBefore(Step step, Added cursor, TortureLife next) {
        boolean idAlone = step.start().isKnownByIdAlone(cursor);
        boolean older = false;
        boolean retracted = !counts || next.isWithoutClosingEntry(step.by());
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
     * Whether Redis could distinguish a log that began again from a trimmed one. An id that is not above the id of the
     * cursor shows it. If Redis counts events, two more things show it: the new log has had fewer events than the old
     * one up to the cursor, or the rank of the next event is not above the rank of the cursor. A follower that resumed,
     * or that reported a log that began again, has no rank.
     */
    private boolean couldTell(Step step, Added cursor, TortureLife next) {
        // Before its first event, a follower stands just before its tail, and its feed may not be at the end yet.
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
