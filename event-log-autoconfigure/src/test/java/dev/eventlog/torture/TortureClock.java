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
 * Between which ticks of a history a moment of a run lies. Redis does not write down when it did something; but what was added
 * and answered before a moment was done before it, and what was sent after a moment was done after it.
 */
final class TortureClock {

    /** While the master changed: until its end some may still have looked at the one that was. In nanoseconds of the run. */
    record Change(long from, long to) {}

    private final List<Change> changes;
    private final TreeMap<Long, Integer> doneBy = new TreeMap<>();
    private final TreeMap<Long, Integer> notDoneAt = new TreeMap<>();
    private final TreeMap<Long, Integer> notDoneByTheLast = new TreeMap<>(); // without what was lost

    TortureClock(TortureHistory history, List<Attempt> attempts, List<Change> changes) {
        this.changes = changes;
        Map<Long, Long> sentAt = new HashMap<>(); // of an event that was tried several times, the first time
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

    /** {@return whether the master changed at a moment, so that two may have taken adds} */
    boolean isChangingAt(long time) {
        return changeAt(time) != null;
    }

    /** {@return the last tick that was before the master began to change; the largest number if that does not change just then} */
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

    /** {@return the last tick that is known to have been before a moment} */
    int before(long time) {
        Map.Entry<Long, Integer> found = doneBy.lowerEntry(time);
        return found == null ? 0 : found.getValue();
    }

    /** {@return the last tick that may have been before a moment} */
    int upTo(long time) {
        return upTo(notDoneAt, time);
    }

    /**
     * {@return the same for one who may know of a new master while another still adds by the old one} Both take adds then, side by
     * side, and those of the old one, which are lost, stand before all of the new one's.
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
