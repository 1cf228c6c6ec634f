package dev.eventlog.torture;

import dev.eventlog.EventId;
import dev.eventlog.Tail;
import dev.eventlog.torture.TortureHistory.Added;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Where one follower began, and what it is due from there on. It began at some moment between the call of {@code follow} and
 * its return: what was so at each moment of these is sure, what was so at some is possible.
 */
final class TortureStart {

    /** Whether a follower is to get an event, if that is not retracted. */
    enum Due {
        YES,
        PERHAPS,
        NO
    }

    private final TortureHistory history;
    private final TortureAccount account;
    private final long maxLength;
    private final List<TortureLife> lives;
    private final boolean beganInAChange;

    /** The last tick that was before the call, and the last one that may have been before its return. */
    final int from;

    final int to;

    /** The event after which it resumes: known by its id alone. */
    final @Nullable Added resumed;

    /**
     * @param maxLength of the log; the largest number there is for none
     */
    TortureStart(TortureHistory history, TortureClock clock, TortureAccount account, long maxLength) {
        this.history = history;
        this.account = account;
        this.maxLength = maxLength;
        this.lives = history.lives(account.log());
        this.from = clock.before(account.calledAt());
        this.beganInAChange = clock.isChangingAt(account.calledAt());
        boolean waits = account.durableName() != null && !account.times().isEmpty(); // for its turn
        this.to = clock.upToByAnyMaster(
                waits ? Math.max(account.returnedAt(), account.times().get(0)) : account.returnedAt());
        Added inTime = resumed(clock.upTo(account.returnedAt()));
        this.resumed = inTime != null ? inTime : resumed(to);
    }

    private @Nullable Added resumed(int by) {
        if (!(account.tail() instanceof Tail.After after)) {
            return null;
        }
        return account.resumed() == null
                ? history.newest(account.log(), after.id(), by)
                : history.newest(
                        account.resumed().number(),
                        account.log(),
                        account.resumed().id(),
                        by);
    }

    /**
     * The first life in which the follower may have been when it began. One that resumes is in that of the event after which it
     * resumes: the one that it finds, if that event is in it.
     */
    int firstLife() {
        TortureLife found = life();
        if (found != null && resumed != null && found.holds(resumed)) {
            return found.ordinal;
        }
        for (TortureLife life : lives) {
            boolean mayBe = resumed != null
                    ? life.holds(resumed)
                    : life.endedAt > from || (isBlind() && life.events.stream().anyMatch(this::isAboveTheId));
            if (mayBe) {
                return life.ordinal;
            }
        }
        return lives.size();
    }

    /** {@return whether it resumes after an id that is no event's, as is that of a start before which there was none} */
    boolean isBlind() {
        return resumed == null && account.tail() instanceof Tail.After;
    }

    /** {@return whether it may have looked for the log when there was none, or at a master that had none} */
    boolean mayHaveFoundNoLog() {
        return life() == null;
    }

    /** {@return the life in which the follower began for sure, if there is one} */
    @Nullable
    TortureLife life() {
        return lives.stream()
                .filter(life -> life.beganAt <= from && life.endedAt > to)
                .findFirst()
                .orElse(null);
    }

    /** {@return the newest event that the log had for sure when the follower began, whatever had become of it} */
    @Nullable
    Added newest() {
        TortureLife life = life();
        return life == null ? null : life.newestBy(from);
    }

    /** {@return whether an event was there at a moment when the follower may have begun, or at a later one} */
    boolean isThereFromThenOn(Added added) {
        return lives.stream().anyMatch(life -> life.holds(added) && life.goneAt(added) > from);
    }

    /** {@return whether an event is above the id at which the tail begins, if it begins at one} */
    boolean isAboveTheId(Added added) {
        if (account.tail() instanceof Tail.After after) {
            return added.id.compareTo(after.id()) > 0;
        }
        return !(account.tail() instanceof Tail.From begin) || added.id.compareTo(begin.id()) >= 0;
    }

    /**
     * Whether the follower is to get an event, or to be told of it.
     *
     * @param isFirst whether nothing was delivered before, and it does not resume; else all is due that came after
     * @param cursor the event at which it stands
     */
    Due due(Added added, boolean isFirst, @Nullable Added cursor) {
        if (added.isEnd()) {
            return isThereFromThenOn(added) ? Due.YES : Due.NO;
        }
        boolean idCounts = cursor == null || cursor == resumed || isAboveTheId(cursor);
        if (resumed != null && idCounts && added.tick <= to && !isAboveTheId(added)) {
            return Due.NO; // of a log that began again with ids below that: it may be what was seen
        }
        if (beganInAChange && cursor != null && !isAbove(added, cursor) && !wereEverTogether(added, cursor)) {
            return Due
                    .PERHAPS; // another master gave that id while the follower began: it is not known to be of that log
        }
        if (!isFirst) {
            return resumed != null || isThereFromThenOn(added) ? Due.YES : Due.NO;
        }
        if (!isAboveTheId(added)) {
            return Due.NO;
        }
        if (!isThereFromThenOn(added)) {
            return isBlind() ? Due.PERHAPS : Due.NO;
        }
        if (added.tick > to) {
            return Due.YES;
        }
        if (added.tick > from) {
            return Due.PERHAPS;
        }
        if (account.tail() instanceof Tail.After after && after.id().equals(EventId.MIN)) {
            return Due.PERHAPS; // it has waited for the log to begin, and is told of all that has come and gone since
        }
        long limit = Math.min(account.tail() instanceof Tail.Last last ? last.count() : Long.MAX_VALUE, maxLength);
        TortureLife there = life();
        if (there == null || !there.holds(added)) {
            return Due.PERHAPS;
        }
        if (limit == Long.MAX_VALUE) {
            return there.isThere(added, from, to) ? Due.YES : Due.PERHAPS;
        }
        if (there.hasAfter(added, limit, later -> !later.isEnd() && there.isThere(later, from, to))) {
            return Due.NO;
        }
        boolean sure = !there.hasAfter(
                added, limit, later -> !later.isEnd() && later.tick <= to && there.goneAt(later) > from);
        return sure && there.isThere(added, from, to) ? Due.YES : Due.PERHAPS;
    }

    private static boolean isAbove(Added added, Added other) {
        return added.id.compareTo(other.id) > 0;
    }

    private boolean wereEverTogether(Added added, Added other) {
        return lives.stream().anyMatch(life -> life.holds(added) && life.holds(other));
    }

    /** {@return whether a log that never answers more than its newest events may have left out this one by then} */
    boolean isBeyondMaxLength(TortureLife life, Added added, int by) {
        return maxLength != Long.MAX_VALUE && life.hasAfter(added, maxLength, later -> later.tick <= by);
    }

    /** {@return whether the follower knows the event at its cursor by its id alone} */
    boolean isKnownByIdAlone(@Nullable Added cursor) {
        return cursor != null && Objects.equals(cursor, resumed);
    }
}
