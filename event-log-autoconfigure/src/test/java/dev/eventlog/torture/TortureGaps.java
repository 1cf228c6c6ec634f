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
 * Judges what lies between two deliveries: whether what is missing had left, whether that was told, and whether the number is
 * right. A gap excuses what lies in it and nothing else.
 */
final class TortureGaps {

    /**
     * From one delivery to the next.
     *
     * @param cursor the event at which the follower stood: the last delivered, or the one after which it began; null if the
     *     log had none
     * @param gap what it was told in between
     * @param by the last tick that may have been before it was told so
     * @param isFirst whether nothing had been delivered before
     * @param rankless whether it may not know which event of the log it is at, as it was told before that the log began again
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
                    + (gap == null ? ", no gap" : ", told: " + gap) + "]";
        }
    }

    /** How many events lie between, of which a follower is to be told: at least and at most. */
    private static final class Range {
        int least;
        int most;
    }

    private enum Fate {
        LEFT,
        RETRACTED,
        /** One in one life and the other in another, or at a time that is not sure. */
        EITHER,
        THERE
    }

    /** Lives of a log from one on, up to that in which it goes on. */
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

    /** Judges a step within a life: the log went on from the cursor, or from the start, to the next event. */
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
            findings.violation("Skipped though it was there", step + ": " + there.size() + ", " + some(there));
        }
        Gap gap = step.gap();
        if (gap == null) {
            if (!silent.isEmpty()) {
                findings.violation(
                        step.isFirst() ? "Missed after the start and not told" : "Missed and not told",
                        step + ": " + silent.size() + ", " + some(silent) + " of " + life);
            }
            return;
        }
        range.most += lost(step, life, lowestLife);
        if (cursor == null && isAsOfOneLog(step, life)) { // it began in an earlier life, perhaps
            findings.count("gaps with the number of another log, where Redis could not tell");
            return;
        }
        judgeNumber(step, range);
        if (gap.kind() == Gap.Kind.REMOVED && range.most == 0 && gap.missed().isEmpty()) {
            boolean couldNot = history.lives(step.account().log()).stream()
                    .filter(each ->
                            each == life || (each.ordinal >= lowestLife && cursor != null && each.holds(cursor)))
                    .anyMatch(each -> couldNotTell(step, each));
            if (couldNot) {
                findings.count("gaps removed where nothing was, and Redis could not tell");
            } else {
                findings.violation("A gap that was none", step + " in " + life);
            }
        }
    }

    /**
     * Judges the number of a gap that leads into another life than the one of the cursor. Where Redis cannot tell that the life
     * is another, it says how many events that life has up to the next one, less those up to the cursor.
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
            findings.count("gaps with the number of another log, where Redis could not tell");
            return;
        }
        judgeNumber(step, range);
    }

    /** Whether a number is how many events a life has before the next one, less those of an earlier life up to what was seen. */
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
            findings.count("gaps with a number that is right");
        }
    }

    /** What had become of an event by the time of a step, in the lives in which the follower may have looked. */
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

    /** Whether an event was there to the end of a life, and is not in a later one. */
    private boolean isLost(Step step, TortureLife life, Added event) {
        return life.endedAt <= step.by()
                && history.lives(step.account().log()).stream()
                        .noneMatch(later -> later.ordinal > life.ordinal && later.holds(event));
    }

    /** Judges that of a life that began on the way all is delivered but what had left. */
    void judgeBeginning(Step step, TortureLife began, Set<Added> delivered) {
        List<Added> there = began.events.subList(0, began.at(step.next())).stream()
                .filter(each -> each.tick >= began.beganAt && !delivered.contains(each))
                .filter(each -> step.due(each) == Due.YES)
                .filter(each -> fate(step, each, began.ordinal) == Fate.THERE)
                .toList();
        if (!there.isEmpty()) {
            findings.violation("Skipped though it was there", step + ": " + there.size() + ", " + some(there));
        }
    }

    /** How many events were lost on the way by a restart, and are not in the life that goes on. */
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

    /** By the order in which they were written. */
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
     * Whether Redis could not tell that nothing had left: the event at the cursor was gone, and which one the first of those
     * left is was not known, or that of the cursor was not.
     */
    private boolean couldNotTell(Step step, TortureLife life) {
        Added cursor = step.cursor();
        if (step.isFirst() && step.start().isBlind()) {
            return true;
        }
        boolean firstWasRetracted = life.events.subList(0, life.at(step.next())).stream()
                .anyMatch(older -> life.removal(older, step.by()) == Removal.RETRACTED);
        if (step.isFirst() && !counts && firstWasRetracted) { // it stands before the first event that there was
            return true;
        }
        Tail tail = step.account().tail();
        boolean neverAtTheLastId = cursor != null && life.wasLastIdRaised(cursor.id, step.next().id);
        if (tail instanceof Tail.After || (tail instanceof Tail.From && (step.isFirst() || neverAtTheLastId))) {
            // it has no rank yet
            return cursor == null || !life.holds(cursor) || life.goneAt(cursor) <= step.by();
        }
        if (cursor == null && step.start().mayHaveFoundNoLog() && life.isOfLostWrites()) {
            return true; // it saw the log begin, and then a log that had left events before that
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
