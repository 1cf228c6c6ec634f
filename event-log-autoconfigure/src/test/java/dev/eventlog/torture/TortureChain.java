package dev.eventlog.torture;

import dev.eventlog.EventId;
import dev.eventlog.Gap;
import dev.eventlog.Tail;
import dev.eventlog.torture.TortureHistory.Added;
import dev.eventlog.torture.TortureWatch.Got;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Judges the followers of a log that have the same name, in order of time. Each one must continue at the last position
 * that its predecessor stored. Only a batch that was running when a process died or a lease was lost may come again.
 */
final class TortureChain {

    private final TortureHistory history;
    private final TortureClock clock;
    private final TortureFindings findings;

    TortureChain(TortureHistory history, TortureClock clock, TortureFindings findings) {
        this.history = history;
        this.clock = clock;
        this.findings = findings;
    }

    void judge(List<TortureAccount> all) {
        List<TortureAccount> chain = all.stream()
                .filter(each -> last(each, each.calls().size()) != null)
                .sorted(Comparator.comparing(each -> each.times().get(0)))
                .toList();
        int furthest = -1; // a follower without its lease may store its position after its successor has begun
        for (int i = 1; i < chain.size(); i++) {
            findings.count("followers that took over");
            TortureAccount before = chain.get(i - 1);
            Added last = last(before, before.calls().size());
            furthest = last == null ? furthest : Math.max(furthest, last.order);
            judgeTurn(before, chain.get(i));
            judgePosition(before, chain.get(i), furthest);
        }
    }

    /** A follower may begin only when its predecessor has ended, except for a batch that was running. */
    private void judgeTurn(TortureAccount before, TortureAccount next) {
        int end = before.lastBatchMayComeAgain()
                ? before.lastBatchAt()
                : before.calls().size();
        while (before.lastBatchMayComeAgain() && end > 0 && before.calls().get(end - 1) instanceof Gap) {
            end--; // a gap is delivered together with its batch
        }
        if (end > 0 && before.times().get(end - 1) > next.times().get(0) && !isSetBack(before, next)) {
            findings.violation("Two followers of one name at once", before + " and " + next);
        }
    }

    private void judgePosition(TortureAccount before, TortureAccount next, int furthest) {
        Added delivered = last(before, before.calls().size());
        boolean again = before.lastBatchMayComeAgain();
        Added committed = again ? last(before, before.lastBatchAt()) : delivered;
        if (committed == null && before.tail() instanceof Tail.After after) {
            committed = find(before, after.id());
        }
        boolean setBack = isSetBack(before, next);
        if (!(next.tail() instanceof Tail.After after)) {
            if (committed != null && !setBack) {
                findings.violation(
                        "A stored position was not found",
                        next + " after " + before + ", whose last event was " + delivered);
            }
            return;
        }
        Added at = find(next, after.id());
        if (delivered != null && delivered.id.equals(after.id()) && at != null && at.order > delivered.order) {
            findings.count("positions whose id Redis assigned again to another event");
        } else if (at == null && find(next, after.id().next()) != null) {
            findings.count("positions just before the first event of a log"); // the predecessor delivered no event
        } else if (at == null || delivered == null) {
            if (committed != null && !setBack) {
                findings.violation("A stored position without an event", next + ": " + after.id());
            }
        } else if (at.order > furthest) {
            if (setBack) { // the leases were lost too, so another follower may have delivered the event
                findings.count("positions of another follower that ran at the same time");
                return;
            }
            findings.violation(
                    "Continued after an event that was not delivered",
                    next + ": at " + at + ", delivered was " + delivered);
        } else if (committed != null && at.order < committed.order && !setBack) {
            findings.violation("Delivered again after a commit", next + ": at " + at + ", committed was " + committed);
        } else if (at.order < delivered.order) {
            findings.count(again ? "followers that took over a batch" : "positions that were set back");
        }
    }

    /**
     * Whether data loss excuses the next follower. Redis lost the position after its predecessor had loaded it, or it
     * lost the lease shortly before, so that two followers could believe that they have it. During a change of the
     * master, each master may also have granted a lease.
     */
    private boolean isSetBack(TortureAccount before, TortureAccount next) {
        long hadTheLease = before.times().get(0) - TimeUnit.MILLISECONDS.toNanos(2 * TortureLogs.LEASE);
        return clock.isChangingAt(next.calledAt())
                || clock.isChangingAt(next.times().get(0))
                || history.wasGone(
                        before.durableName() + '@' + before.log(),
                        clock.before(Math.min(before.calledAt(), hadTheLease)),
                        clock.upToByAnyMaster(next.times().get(0)));
    }

    private @Nullable Added find(TortureAccount account, EventId id) {
        return history.newest(account.log(), id, clock.upTo(account.times().get(0)));
    }

    /** The last event that was delivered before the call with this index. */
    private @Nullable Added last(TortureAccount account, int end) {
        for (int i = end - 1; i >= 0; i--) {
            if (account.calls().get(i) instanceof Got got) {
                return history.of(got.number()).stream()
                        .filter(added -> added.key.equals(account.log()) && added.id.equals(got.id()))
                        .findFirst()
                        .orElse(null);
            }
        }
        return null;
    }
}
