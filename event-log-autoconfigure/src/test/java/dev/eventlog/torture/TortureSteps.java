package dev.eventlog.torture;

import dev.eventlog.EventId;
import dev.eventlog.Gap;
import dev.eventlog.Tail;
import dev.eventlog.torture.TortureGaps.Step;
import dev.eventlog.torture.TortureHistory.Added;
import dev.eventlog.torture.TortureStart.Due;
import dev.eventlog.torture.TortureWatch.Got;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Judges the calls of one follower, one by one. The judge knows the first life of the log in which the follower can be.
 * A delivered event or a gap that says that the log began again can raise this life. The follower may already be in a
 * later life.
 *
 * <p>These are the difficult cases:
 *
 * <ul>
 *   <li>A restart set the log back, but the event at the cursor still exists: the log continues. The follower need not
 *       report anything, and lost events are not due. It may report that the log began again, because the log did lose
 *       events.
 *   <li>The event at the cursor was retracted and then lost: the event before it decides in its place.
 *   <li>A life began and ended between two reads: one gap for this life and the one before is enough. If the log
 *       possibly did not exist when the follower began, the first life that the follower sees counts as the first one.
 *   <li>A follower began in a life and received none of its events: it must report the end of that life.
 *   <li>The event at the cursor is gone, and all remaining events were added after it: neither ids nor counts
 *       distinguish a trimmed log from one that began again. See {@link TortureAnotherLife}.
 * </ul>
 */
final class TortureSteps {

    private final TortureHistory history;
    private final TortureClock clock;
    private final boolean counts;
    private final TortureFindings findings;
    private final TortureGaps gaps;
    private final TortureAnotherLife anotherLife;
    private final TortureAccount account;
    private final TortureStart start;
    private final List<TortureLife> lives;

    private final Set<Added> ever = Collections.newSetFromMap(new IdentityHashMap<>());
    private final Set<Added> sinceItBegan = Collections.newSetFromMap(new IdentityHashMap<>());
    private boolean beganAgain;
    private boolean beganAgainBefore; // whether it had reported this before the last event
    private boolean wasAtTheEnd; // whether it certainly was, so that Redis told it the number of all events
    private int life;
    private @Nullable Added before;
    private @Nullable Gap gap;
    private int gapBy;

    TortureSteps(
            TortureHistory history,
            TortureClock clock,
            boolean counts,
            TortureFindings findings,
            TortureAccount account,
            long maxLength) {
        this.history = history;
        this.clock = clock;
        this.counts = counts;
        this.findings = findings;
        this.account = account;
        this.gaps = new TortureGaps(history, counts, findings);
        this.start = new TortureStart(history, clock, account, maxLength);
        this.anotherLife = new TortureAnotherLife(history, counts, findings, gaps);
        this.lives = history.lives(account.log());
        this.life = start.firstLife();
    }

    void judge() {
        findings.count(account.toTheEnd() ? "followers to the end" : "followers closed before the end");
        account.complaints()
                .forEach(complaint -> findings.violation("A follower misbehaved", account + ": " + complaint));
        for (int i = 0; i < account.calls().size(); i++) {
            int by = clock.upTo(account.times().get(i));
            int atLatest = clock.upToByAnyMaster(account.times().get(i));
            if (account.calls().get(i) instanceof Gap told) {
                int beforeChange = clock.beforeChangeAt(account.times().get(i));
                tell(told, by, atLatest, beforeChange);
                mayHaveGoneBack(told, beforeChange);
            } else {
                deliver((Got) account.calls().get(i), by, atLatest);
            }
        }
        if (gap != null && account.toTheEnd()) {
            findings.violation("A gap without a later event", account + ": " + gap);
        }
    }

    private void tell(Gap told, int by, int atLatest, int beforeChange) {
        findings.count("gaps " + told.kind().name().toLowerCase(Locale.ROOT));
        if (gap != null) {
            findings.violation("Two gaps in a row", account + ": " + gap + " and " + told);
        }
        gap = told;
        gapBy = atLatest;
        if (told.kind() == Gap.Kind.BEGAN_AGAIN) {
            beganAgain = true;
            sinceItBegan.clear();
            boolean mayHave = lives.stream().anyMatch(each -> each.ordinal > life && each.beganAt <= by);
            Added cursor = cursor();
            boolean gone = isGone(cursor, told, by) || (!mayHave && isGone(cursor, told, atLatest));
            // The log may have begun after the start, and been lost with all its events before an interruption.
            boolean beganBeforeItsLog = cursor == null && (start.isBlind() || account.tail() instanceof Tail.From);
            // A follower that has read nothing yet has no event to find again after an interruption.
            boolean hasReadNothing = before == null && (start.isBlind() || account.tail() instanceof Tail.From);
            if (beganBeforeItsLog || hasReadNothing || gone) {
                if (!mayHave) {
                    findings.count("reported a new beginning because Redis could not tell");
                }
            } else if (mayHave) {
                life++;
            } else if (isNothingInCommon(told, atLatest)) {
                findings.count("reported a new beginning because Redis could not tell");
            } else if (isWithout(cursor, beforeChange)) {
                findings.count("reported a new beginning after reading from another master");
            } else if (lives.stream().noneMatch(each -> each.ordinal > life && each.beganAt <= atLatest)) {
                findings.violation(
                        "Reported a new beginning that did not happen", account + ": " + told + ", " + lives);
            }
        }
    }

    /** The event where the follower stands, whether it was delivered or not. */
    private @Nullable Added cursor() {
        return before != null ? before : start.resumed != null ? start.resumed : start.newest();
    }

    /**
     * A follower that has read from the new master may read from the old one again, which still has the events to be
     * lost.
     */
    private void mayHaveGoneBack(Gap told, int beforeChange) {
        if (told.kind() == Gap.Kind.BEGAN_AGAIN) {
            lives.stream()
                    .filter(each -> each.endedAt > beforeChange)
                    .findFirst()
                    .ifPresent(each -> life = Math.min(life, each.ordinal));
        }
    }

    /**
     * Whether the feed may have had no event to find again after an interruption. Either the last id was raised and
     * belongs to no event, or the newest event was retracted, and Redis does not show this: it may have lost the event.
     */
    private boolean isNothingInCommon(Gap told, int by) {
        return lives.stream()
                .filter(each -> each.ordinal >= life)
                .anyMatch(each -> each.wasLastIdRaised(told.lastSeen(), told.firstAvailable())
                        || each.hasHiddenRetraction(told.lastSeen(), told.firstAvailable(), counts, by));
    }

    /** Whether one of the masters during a change does not have the event at the cursor. */
    private boolean isWithout(@Nullable Added cursor, int beforeChange) {
        return cursor != null && lives.stream().anyMatch(each -> each.endedAt > beforeChange && !each.holds(cursor));
    }

    private boolean isGone(@Nullable Added cursor, Gap told, int by) {
        return (cursor != null && isGone(cursor, by)) || isGone(told.lastSeen(), by);
    }

    /**
     * Whether the log once had an event with this id and has none now. Also covers a follower without a delivered
     * event.
     */
    private boolean isGone(EventId id, int by) {
        List<Added> all = history.withId(account.log(), id)
                .filter(event -> event.tick <= by)
                .toList();
        return !all.isEmpty() && all.stream().allMatch(event -> isGone(event, by));
    }

    private boolean isGone(Added event, int by) {
        return lives.stream()
                .filter(each -> each.beganAt <= by && each.holds(event)) // a later restart may bring the event back
                .noneMatch(each -> each.goneAt(event) > by);
    }

    private void deliver(Got got, int by, int atLatest) {
        boolean end = got.id().equals(EventId.MAX);
        findings.count(end ? "ends delivered" : "events delivered");
        Added inTime = end ? end(got, atLatest) : history.newest(got.number(), account.log(), got.id(), by);
        if (!end && inTime != null && before != null && inTime.order < before.order) { // another master may have it
            inTime = history.newest(got.number(), account.log(), got.id(), atLatest);
        }
        Added next = inTime != null
                ? inTime
                : history.of(got.number()).stream()
                        .filter(added -> added.id.equals(got.id()) && added.key.equals(account.log()))
                        .findFirst()
                        .orElse(null);
        if (next == null) {
            findings.violation(
                    "Delivered an event that nobody added",
                    account + ": " + got + ", of this number " + history.of(got.number()));
            return;
        }
        boolean isFirst = before == null;
        boolean beganAtAnId = account.tail() instanceof Tail.From;
        Step step = new Step(
                account,
                start,
                cursor(),
                next,
                gap,
                gap == null ? atLatest : gapBy,
                isFirst && start.resumed == null,
                beganAgainBefore || (beganAtAnId && !wasAtTheEnd));
        beganAgainBefore = beganAgain;
        wasAtTheEnd = wasAtTheEnd || (beganAtAnId && isNewest(next, atLatest));
        if (isAsked(step) && isNew(step)) {
            judgeStep(step);
        }
        judgeEnds(step);
        raiseLife(step);
        ever.add(next);
        sinceItBegan.add(next);
        before = next;
        gap = null;
    }

    /**
     * Finds the closing entry that the follower received: that of the first possible life with this end. The life must
     * have the event at the cursor. If there is none, or after a gap that says that the log began again, the life should
     * have no other event to deliver instead. Not all ends have their own number.
     */
    private @Nullable Added end(Got got, int by) {
        Added cursor = cursor();
        boolean again = gap != null && gap.kind() == Gap.Kind.BEGAN_AGAIN;
        List<Added> ends = lives.stream()
                .filter(each -> each.ordinal >= life)
                .map(TortureLife::ended)
                .filter(Objects::nonNull)
                .filter(each -> each.tick <= by)
                .filter(each -> got.number() == each.number || got.number() == TortureLogs.UNKNOWN_END)
                .toList();
        List<Added> there = ends.stream().filter(start::isThereFromThenOn).toList();
        return there.stream()
                .filter(each -> again || cursor == null ? hasNothingElse(each, by) : hold(each, cursor))
                .findFirst()
                .or(() -> there.stream().findFirst())
                .or(() -> ends.stream().findFirst())
                .orElse(null);
    }

    private boolean hasNothingElse(Added end, int by) {
        return holding(end).stream()
                .anyMatch(ended -> ended.events.stream()
                        .allMatch(
                                each -> each == end || sinceItBegan.contains(each) || ended.removal(each, by) != null));
    }

    private boolean hold(Added end, Added cursor) {
        return holding(end).stream().anyMatch(ended -> ended.holds(cursor));
    }

    /** Checks that the tail includes the event, and that the event was not gone before the follower began. */
    private boolean isAsked(Step step) {
        if (!start.isThereFromThenOn(step.next())) {
            findings.violation("Delivered although it was gone before the start", step);
            return false;
        }
        if (beganAgain) {
            return true;
        }
        if (!start.isAboveTheId(step.next())) {
            boolean again = account.tail() instanceof Tail.After;
            findings.violation(
                    again ? "Delivered although the follower resumed after it" : "Delivered from before the start",
                    step);
            return false;
        }
        if (step.isFirst() && start.due(step.next(), true, null) == Due.NO) {
            findings.violation("Delivered from before the start", step);
            return false;
        }
        return true;
    }

    /** Checks that the event is delivered once. A repeat is allowed after a gap that says that the log began again. */
    private boolean isNew(Step step) {
        if (sinceItBegan.contains(step.next())) {
            findings.violation("Delivered twice", step);
            return false;
        }
        if (!ever.contains(step.next())) {
            return true;
        }
        List<TortureLife> theirs = holding(step.next());
        if (theirs.size() < 2 || theirs.get(theirs.size() - 1).ordinal < life) {
            findings.violation("Delivered twice", step);
            return false;
        }
        findings.count("events delivered again after data was lost");
        return step.gap() != null && step.gap().missed().isPresent(); // such a number must be right, too
    }

    private List<TortureLife> holding(Added event) {
        return lives.stream().filter(each -> each.holds(event)).toList();
    }

    private boolean isNewest(Added event, int by) {
        return holding(event).stream().anyMatch(each -> each.newestBy(by) == event);
    }

    private void judgeStep(Step step) {
        Added cursor = step.cursor();
        Added next = step.next();
        List<TortureLife> possible =
                holding(next).stream().filter(each -> each.ordinal >= life).toList();
        if (possible.isEmpty()) {
            findings.violation("Out of order", step + ", of an earlier life than it was in: " + holding(next));
            return;
        }
        if (cursor == null) {
            judgeFirstOfALog(step, possible);
            return;
        }
        List<TortureLife> both =
                possible.stream().filter(each -> each.holds(cursor)).toList();
        if (both.isEmpty()) {
            Added older = anotherLife.notRetracted(cursor);
            if (step.gap() == null && older != null && possible.get(0).holds(older)) {
                gaps.judgeInLife(step.from(older), possible.get(0), life);
            } else {
                anotherLife.judge(step, possible, life, ever);
            }
            return;
        }
        TortureLife last = both.get(both.size() - 1);
        if (!step.isFirst() && last.at(next) <= last.at(cursor)) {
            if (!step.beganAgain()) {
                findings.violation("Out of order", step);
            } else if (step.gap() != null && step.gap().missed().isPresent()) {
                findings.violation("Wrong number of missed events", step + ": no event lies in between");
            }
            return;
        }
        gaps.judgeInLife(step, last, life);
    }

    /** Judges the first event if the log had, or may have had, no event when the follower began. */
    private void judgeFirstOfALog(Step step, List<TortureLife> possible) {
        TortureLife first = possible.get(0);
        boolean unseen = lives.subList(Math.min(life, first.ordinal), first.ordinal).stream()
                .flatMap(each -> each.events.stream())
                .anyMatch(each -> !first.holds(each) && start.due(each, true, null) == Due.YES);
        if (unseen && step.gap() == null) {
            findings.count("lives missed by a follower that began before the log");
        }
        gaps.judgeInLife(step, possible.get(possible.size() - 1), life);
    }

    /** Checks that the gap names the last event before it and the first event after it. */
    private void judgeEnds(Step step) {
        if (step.gap() != null
                && (!step.gap().firstAvailable().equals(step.next().id)
                        || (!step.isFirst()
                                && step.cursor() != null
                                && !step.gap().lastSeen().equals(step.cursor().id)))) {
            findings.violation("A gap between the wrong events", step);
        }
    }

    private void raiseLife(Step step) {
        for (TortureLife each : holding(step.next())) {
            if (each.ordinal >= life) {
                life = each.ordinal;
                return;
            }
        }
    }
}
