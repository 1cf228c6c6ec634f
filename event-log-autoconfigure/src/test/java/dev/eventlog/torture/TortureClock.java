package dev.eventlog.torture;

import dev.eventlog.torture.TortureHistory.Added;
import dev.eventlog.torture.TortureJudge.Attempt;
import dev.eventlog.torture.TortureJudge.Outcome;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Finds the ticks of a history between which a moment of a run lies. Redis does not store the times of its writes. But
 * an add that was answered before a moment ran before it, and an add that was sent after a moment ran after it.
 */
final class TortureClock {

    /**
     * A period in which the master changed. Until its end, clients may still have used the old master.
     *
     * @param from its start, in nanoseconds of the run
     * @param to its end, in nanoseconds of the run
     */
    record Change(long from, long to) {}

    private final List<Change> changes;
    private final TreeMap<Long, Integer> doneBy = new TreeMap<>();
    private final TreeMap<Long, Integer> notDoneAt = new TreeMap<>();
    private final TreeMap<Long, Integer> notDoneByTheLast = new TreeMap<>(); // without lost events

    TortureClock(TortureHistory history, List<Attempt> attempts, List<Change> changes) {
        this.changes = changes;
        Map<Long, Long> sentAt = new HashMap<>(); // the time of the first attempt of each event
        for (Attempt attempt : attempts) {
            attempt.numbers().forEach(number -> sentAt.merge(number, attempt.sentAt(), Math::min));
        }
        for (Attempt attempt : attempts) {
            for (long number : attempt.numbers()) {
                List<Added> added = history.of(number);
                if (!added.isEmpty()) {
                    int tick = added.get(0).tick;
                    long sent = sentAt.getOrDefault(number, attempt.sentAt());
                    notDoneAt.merge(sent, tick, Math::min);
                    if (!added.get(0).lost) {
                        notDoneByTheLast.merge(sent, tick, Math::min);
                    }
                    if (attempt.outcome() == Outcome.ANSWERED) {
                        Change change = changeAt(attempt.endedAt());
                        doneBy.merge(change == null ? attempt.endedAt() : change.to, tick, Math::max);
                    }
                }
            }
        }
        int most = 0;
        for (Map.Entry<Long, Integer> each : doneBy.entrySet()) {
            most = Math.max(most, each.getValue());
            each.setValue(most);
        }
        fill(notDoneAt);
        fill(notDoneByTheLast);
    }

    private @Nullable Change changeAt(long time) {
        return changes.stream()
                .filter(change -> change.from <= time && time <= change.to)
                .findFirst()
                .orElse(null);
    }

    /** {@return whether the master changed at a moment, so that two servers may have accepted adds} */
    boolean isChangingAt(long time) {
        return changeAt(time) != null;
    }

    /**
     * {@return the last tick before the change of the master that was in progress at a moment; the largest number if
     * the master did not change then}
     */
    int beforeChangeAt(long time) {
        Change change = changeAt(time);
        return change == null ? Integer.MAX_VALUE : before(change.from);
    }

    private static void fill(TreeMap<Long, Integer> notDone) {
        int least = TortureLife.NEVER;
        for (Map.Entry<Long, Integer> each : notDone.descendingMap().entrySet()) {
            least = Math.min(least, each.getValue());
            each.setValue(least);
        }
    }

    /** {@return the last tick that was certainly before a moment} */
    int before(long time) {
        Map.Entry<Long, Integer> found = doneBy.lowerEntry(time);
        return found == null ? 0 : found.getValue();
    }

    /** {@return the last tick that was possibly before a moment} */
    int upTo(long time) {
        return upTo(notDoneAt, time);
    }

    /**
     * {@return the last tick that was possibly before a moment, for a client that may already use a new master} Both
     * masters accept adds at that time. In the history, the lost adds of the old master come before all adds of the new
     * one.
     */
    int upToByAnyMaster(long time) {
        int byThis = upTo(notDoneAt, time);
        return changes.isEmpty() ? byThis : Math.max(byThis, upTo(notDoneByTheLast, time));
    }

    private static int upTo(TreeMap<Long, Integer> notDone, long time) {
        Map.Entry<Long, Integer> found = notDone.higherEntry(time);
        return found == null ? TortureLife.NEVER - 1 : found.getValue() - 1;
    }
}
