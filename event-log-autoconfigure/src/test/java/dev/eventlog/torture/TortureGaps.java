package dev.eventlog.torture;

import static dev.eventlog.torture.TortureFindings.some;

import dev.eventlog.Gap;
import dev.eventlog.Tail;
import dev.eventlog.torture.TortureHistory.Added;
import dev.eventlog.torture.TortureLife.Removal;
import dev.eventlog.torture.TortureStart.Due;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Judges the events between two deliveries: whether missing events had really left the log, whether a gap reported
 * them, and whether its number is right. A gap excuses only the events inside it.
 */
final class TortureGaps {

    /**
     * The step from one delivery to the next.
     *
     * @param cursor the event where the follower stood: the last delivered event, or the event after which it began;
     *     null if the log had none
     * @param gap the gap that the follower received in between; null for none
     * @param by the last tick that was possibly before this delivery, or before the gap if there is one
     * @param isFirst whether no event was delivered before
     * @param rankless whether the follower may not know its rank, because it reported before that the log began again, or
     *     began at an id and has not reached the end of the log
     */
    record Step(
            TortureAccount account,
            TortureStart start,
            @Nullable Added cursor,
            Added next,
            @Nullable Gap gap,
            int by,
            boolean isFirst,
            boolean rankless) {

        Step from(Added older) {
            return new Step(account, start, older, next, gap, by, isFirst, rankless);
        }

        Due due(Added event) {
            return start.due(event, isFirst, cursor);
        }

        boolean beganAgain() {
            return gap != null && gap.kind() == Gap.Kind.BEGAN_AGAIN;
        }

        @Override
        public String toString() {
            return account + (isFirst ? ", its first" : "") + " [after " + cursor + " came " + next
                    + (gap == null ? ", no gap" : ", reported: " + gap) + "]";
        }
    }

    /** The least and the greatest number of events between two deliveries that a gap must report. */
    private static final class Range {
        int least;
        int most;
    }

    private enum Fate {
        LEFT,
        RETRACTED,
        /** Left the log in one life and was retracted in another, or the order of the two is uncertain. */
        EITHER,
        THERE
    }

    /** The lives of a log from {@code lowestLife} up to {@code goesOn}, the life where the log continues. */
    private record Passed(String log, int goesOn, int lowestLife) {}

    private final Map<Passed, NavigableMap<Integer, Added>> lost = new HashMap<>();
    private final TortureHistory history;
    private final boolean counts;
    private final TortureFindings findings;

    TortureGaps(TortureHistory history, boolean counts, TortureFindings findings) {
        this.history = history;
        this.counts = counts;
        this.findings = findings;
    }

    /** Judges a step within one life: the log continued from the cursor, or from the start, to the next event. */
    void judgeInLife(Step step, TortureLife life, int lowestLife) {
        Range range = new Range();
        List<Added> silent = new ArrayList<>();
        List<Added> there = new ArrayList<>();
        Added cursor = step.cursor();
        int begin = cursor != null && life.holds(cursor) ? life.at(cursor) + 1 : 0;
        for (Added between : life.events.subList(step.isFirst() ? 0 : begin, life.at(step.next()))) {
            Due due = step.due(between);
            if (due == Due.NO) {
                continue;
            }
            Fate fate = fate(step, between, lowestLife);
            if (fate == Fate.RETRACTED) {
                continue;
            }
            range.most++;
            if (due == Due.YES && fate != Fate.EITHER) {
                range.least++;
                (fate == Fate.THERE ? there : silent).add(between);
            }
        }
        if (!there.isEmpty()) {
            findings.violation("Skipped although it existed", step + ": " + there.size() + ", " + some(there));
        }
        Gap gap = step.gap();
        if (gap == null) {
            if (!silent.isEmpty() && cursor == null && !counts && !step.start().isTrimmedByItsMaxLength()) {
                findings.count("losses before the first event because Redis could not tell");
            } else if (!silent.isEmpty()) {
                findings.violation(
                        step.isFirst() ? "Missed after the start, but not reported" : "Missed, but not reported",
                        step + ": " + silent.size() + ", " + some(silent) + " of " + life);
            }
            return;
        }
        range.most += lost(step, life, lowestLife);
        if (cursor == null && isAsOfOneLog(step, life)) { // it may have begun in an earlier life
            findings.count("gaps with the number of another log because Redis could not tell");
            return;
        }
        judgeNumber(step, range);
        if (gap.kind() == Gap.Kind.REMOVED && range.most == 0 && gap.missed().isEmpty()) {
            boolean couldNot = history.lives(step.account().log()).stream()
                    .filter(each ->
                            each == life || (each.ordinal >= lowestLife && cursor != null && each.holds(cursor)))
                    .anyMatch(each -> couldNotTell(step, each));
            if (couldNot) {
                findings.count("gaps without missing events because Redis could not tell");
            } else {
                findings.violation("A gap without missing events", step + " in " + life);
            }
        }
    }

    /**
     * Judges the number of a gap that leads from the life of the cursor to another one. If Redis cannot reveal the new
     * life, the number is a difference: the events of the new life before the next event, minus the events of the old
     * life up to the cursor.
     */
    void judgeNumberToAnotherLife(Step step, TortureLife next, int lowestLife) {
        Range range = new Range();
        Added cursor = step.cursor();
        List<TortureLife> lives = history.lives(step.account().log());
        Set<Added> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        int after = cursor == null ? -1 : cursor.order;
        for (TortureLife life : lives.subList(Math.min(lowestLife, lives.size()), lives.size())) {
            for (Added each : life.between(after, Math.max(after + 1, step.next().order))) {
                if (!each.isEnd() && seen.add(each)) {
                    Due due = step.due(each);
                    Fate fate = fate(step, each, lowestLife);
                    if (due != Due.NO && fate != Fate.RETRACTED) {
                        range.most++;
                        range.least += due == Due.YES && fate != Fate.EITHER ? 1 : 0;
                    }
                }
            }
        }
        if (isAsOfOneLog(step, next)) {
            findings.count("gaps with the number of another log because Redis could not tell");
            return;
        }
        judgeNumber(step, range);
    }

    /**
     * Whether the number of a gap is this difference: the events of a life before the next event, minus the events of
     * an earlier life up to the last event that the follower saw.
     */
    private boolean isAsOfOneLog(Step step, TortureLife next) {
        Gap gap = step.gap();
        if (!counts
                || gap == null
                || gap.kind() != Gap.Kind.REMOVED
                || gap.missed().orElse(0) <= 0) {
            return false;
        }
        long told = gap.missed().getAsLong();
        List<TortureLife> earlier = history.lives(step.account().log()).stream()
                .filter(life -> life.ordinal < next.ordinal)
                .toList();
        return history.withId(step.account().log(), gap.lastSeen())
                .anyMatch(event -> earlier.stream()
                        .filter(life -> life.holds(event))
                        .anyMatch(life -> next.at(step.next()) - life.at(event) - 1 == told));
    }

    private void judgeNumber(Step step, Range range) {
        Gap gap = step.gap();
        if (gap == null || gap.missed().isEmpty()) {
            return;
        }
        long told = gap.missed().getAsLong();
        if (told < Math.max(1, range.least) || told > range.most) {
            findings.violation(
                    "Wrong number of missed events",
                    step + ": " + (range.least == range.most ? "" : range.least + " to ") + range.most);
        } else {
            findings.count("gaps with a correct number");
        }
    }

    /** The fate of an event at the time of a step, in all lives that the follower may have read. */
    private Fate fate(Step step, Added event, int lowestLife) {
        boolean left = false;
        boolean retracted = false;
        boolean unsure = false;
        for (TortureLife life : history.lives(step.account().log())) {
            if (life.ordinal < lowestLife || !life.holds(event)) {
                continue;
            }
            Removal removal = life.removal(event, step.by());
            if (removal == Removal.TRIMMED) {
                left = true;
            } else if (removal == Removal.RETRACTED) {
                retracted = true;
                unsure |= step.start().isBeyondMaxLength(life, event, step.by());
            } else if (isLost(step, life, event) || step.start().isBeyondMaxLength(life, event, step.by())) {
                left = true;
            }
        }
        if (retracted) {
            return left || unsure ? Fate.EITHER : Fate.RETRACTED;
        }
        return left ? Fate.LEFT : Fate.THERE;
    }

    /** Whether an event existed until the end of a life, and no later life had it by then. */
    private boolean isLost(Step step, TortureLife life, Added event) {
        return life.endedAt <= step.by()
                && history.lives(step.account().log()).stream()
                        .noneMatch(later ->
                                later.ordinal > life.ordinal && later.beganAt <= step.by() && later.holds(event));
    }

    /** Judges a life that began in between: all of its events must be delivered, except those that had left. */
    void judgeBeginning(Step step, TortureLife began, Set<Added> delivered) {
        List<Added> there = began.events.subList(0, began.at(step.next())).stream()
                .filter(each -> each.tick >= began.beganAt && !delivered.contains(each))
                .filter(each -> step.due(each) == Due.YES)
                .filter(each -> each.tick > step.start().to || step.start().due(each, true, null) == Due.YES)
                .filter(each -> fate(step, each, began.ordinal) == Fate.THERE)
                .toList();
        if (!there.isEmpty()) {
            findings.violation("Skipped although it existed", step + ": " + there.size() + ", " + some(there));
        }
    }

    /** The number of events that a restart lost in between, and that the current life does not have. */
    private int lost(Step step, TortureLife goesOn, int lowestLife) {
        int after = step.cursor() == null ? -1 : step.cursor().order;
        return (int) lost
                .computeIfAbsent(
                        new Passed(step.account().log(), goesOn.ordinal, lowestLife), passed -> allLost(passed, goesOn))
                .tailMap(after, false)
                .values()
                .stream()
                .filter(each -> fate(step, each, lowestLife) != Fate.RETRACTED)
                .count();
    }

    /** The lost events by the order in which Redis wrote them. */
    private NavigableMap<Integer, Added> allLost(Passed passed, TortureLife goesOn) {
        NavigableMap<Integer, Added> all = new TreeMap<>();
        history.lives(passed.log()).stream()
                .filter(life -> life.ordinal >= passed.lowestLife() && life.ordinal < goesOn.ordinal)
                .flatMap(life -> life.events.stream())
                .filter(each -> !goesOn.holds(each) && !each.isEnd())
                .forEach(each -> all.put(each.order, each));
        return all;
    }

    /**
     * Whether Redis could not prove that no event had left: the event at the cursor was gone, and either the rank of
     * the first remaining event or the rank of the cursor was unknown.
     */
    private boolean couldNotTell(Step step, TortureLife life) {
        Added cursor = step.cursor();
        if (step.isFirst() && step.start().isBlind()) {
            return true;
        }
        boolean firstWasRetracted = life.events.subList(0, life.at(step.next())).stream()
                .anyMatch(older -> life.removal(older, step.by()) == Removal.RETRACTED);
        boolean ranksUnknown = !counts || life.ranksUnknown(step.start().from, step.by());
        if (step.isFirst() && ranksUnknown && firstWasRetracted) { // it stands before the first event of the log
            return true;
        }
        Tail tail = step.account().tail();
        boolean neverAtTheLastId = cursor != null && life.wasLastIdRaised(cursor.id, step.next().id);
        boolean fromAnId = tail instanceof Tail.From;
        if (tail instanceof Tail.After || (fromAnId && (step.isFirst() || neverAtTheLastId || step.rankless()))) {
            // it has no rank yet
            return cursor == null || !life.holds(cursor) || life.goneAt(cursor) <= step.by();
        }
        if (cursor == null && step.start().mayHaveFoundNoLog() && life.isOfLostWrites()) {
            return true; // it saw the log begin, and then a log whose earlier events had been removed
        }
        if (cursor == null || !life.holds(cursor)) {
            return !counts || life.ranksUnknown(life.beganAt, step.by());
        }
        if (life.goneAt(cursor) > step.by()) {
            return false;
        }
        if (!counts || step.start().isKnownByIdAlone(cursor)) {
            return true;
        }
        boolean olderIsThere = life.events.subList(0, life.at(cursor)).stream()
                .anyMatch(older -> life.isThere(older, cursor.tick, step.by()));
        boolean laterWasRetracted =
                life.countAfter(cursor, later -> life.removal(later, step.by()) == Removal.RETRACTED) > 0;
        return !olderIsThere && (laterWasRetracted || life.ranksUnknown(cursor.tick, step.by()));
    }
}
