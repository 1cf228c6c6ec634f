package dev.eventlog.torture;

import dev.eventlog.EventId;
import dev.eventlog.Tail;
import dev.eventlog.torture.TortureHistory.Added;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The start of one follower, and the events that are due from there on. The follower began at some moment between the
 * call of {@code follow} and its return. A fact that held during this whole time is certain. A fact that held during a
 * part of it is possible.
 */
final class TortureStart {

    /** Whether a follower must receive an event that is not retracted. */
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

    /** The last tick that was certainly before the call. */
    final int from;

    /** The last tick that was possibly before the return. */
    final int to;

    /** The event after which the follower resumed. The follower knows only its id. */
    final @Nullable Added resumed;

    /**
     * @param maxLength the max-length of the log; {@link Long#MAX_VALUE} for none
     */
    TortureStart(TortureHistory history, TortureClock clock, TortureAccount account, long maxLength) {
        this.history = history;
        this.account = account;
        this.maxLength = maxLength;
        this.lives = history.lives(account.log());
        this.from = clock.before(account.calledAt());
        this.beganInAChange = clock.isChangingAt(account.calledAt());
        boolean waits = account.durableName() != null && !account.times().isEmpty(); // for its lease
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
     * The first life in which the follower may have begun. A follower that resumes begins in a life of the event after
     * which it resumes: in the current life if it has this event.
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

    /** {@return whether it resumes after an id without an event, such as a stored start before the first event} */
    boolean isBlind() {
        return resumed == null && account.tail() instanceof Tail.After;
    }

    /** {@return whether it may have begun when the log did not exist, or on a master without the log} */
    boolean mayHaveFoundNoLog() {
        return life() == null;
    }

    /** {@return the life in which the follower certainly began; null if this is uncertain} */
    @Nullable
    TortureLife life() {
        return lives.stream()
                .filter(life -> life.beganAt <= from && life.endedAt > to)
                .findFirst()
                .orElse(null);
    }

    /** {@return the newest event that had certainly been added when the follower began, even if it was gone} */
    @Nullable
    Added newest() {
        TortureLife life = life();
        return life == null ? null : life.newestBy(from);
    }

    /** {@return whether an event existed at a possible start of the follower, or later} */
    boolean isThereFromThenOn(Added added) {
        return lives.stream().anyMatch(life -> life.holds(added) && life.goneAt(added) > from);
    }

    /** {@return whether an event is not before the id of the tail; true if the tail has no id} */
    boolean isAboveTheId(Added added) {
        if (account.tail() instanceof Tail.After after) {
            return added.id.compareTo(after.id()) > 0;
        }
        return !(account.tail() instanceof Tail.From begin) || added.id.compareTo(begin.id()) >= 0;
    }

    /**
     * Whether the follower must receive an event, or report that it is gone.
     *
     * @param isFirst whether no event was delivered before and the follower does not resume; if false, all later events
     *     are due
     * @param cursor the event where it stands; null for none
     */
    Due due(Added added, boolean isFirst, @Nullable Added cursor) {
        if (added.isEnd()) {
            return isThereFromThenOn(added) ? Due.YES : Due.NO;
        }
        boolean idCounts = cursor == null || cursor == resumed || isAboveTheId(cursor);
        if (resumed != null && idCounts && added.tick <= to && !isAboveTheId(added)) {
            return Due.NO; // a log that began again with lower ids: they may be the events that it saw
        }
        if (beganInAChange && cursor != null && !isAbove(added, cursor) && !wereEverTogether(added, cursor)) {
            return Due.PERHAPS; // the other master assigned this id during the start: it may belong to another log
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
            return Due.PERHAPS; // it waited for the log to begin, and reports everything that has left since
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

    /** {@return whether the max-length of the log may have hidden this event at a tick} */
    boolean isBeyondMaxLength(TortureLife life, Added added, int by) {
        return isTrimmedByItsMaxLength() && life.hasAfter(added, maxLength, later -> later.tick <= by);
    }

    /** {@return whether the log has a max-length} Without one, somebody else has trimmed it. */
    boolean isTrimmedByItsMaxLength() {
        return maxLength != Long.MAX_VALUE;
    }

    /** {@return whether the follower knows only the id of the event at its cursor} */
    boolean isKnownByIdAlone(@Nullable Added cursor) {
        return cursor != null && Objects.equals(cursor, resumed);
    }
}
