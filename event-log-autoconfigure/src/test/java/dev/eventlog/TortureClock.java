package dev.eventlog;

import dev.eventlog.TortureHistory.Added;
import dev.eventlog.TortureJudge.Attempt;
import dev.eventlog.TortureJudge.Outcome;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Between which ticks of a history a moment of a run lies. Redis does not write down when it did something; but what was added
 * and answered before a moment was done before it, and what was sent after a moment was done after it.
 */
final class TortureClock {

    private final TreeMap<Long, Integer> doneBy = new TreeMap<>();
    private final TreeMap<Long, Integer> notDoneAt = new TreeMap<>();

    TortureClock(TortureHistory history, List<Attempt> attempts) {
        Map<Long, Long> sentAt = new HashMap<>(); // of an event that was tried several times, the first time
        for (Attempt attempt : attempts) {
            attempt.numbers().forEach(number -> sentAt.merge(number, attempt.sentAt(), Math::min));
        }
        for (Attempt attempt : attempts) {
            for (long number : attempt.numbers()) {
                List<Added> added = history.of(number);
                if (!added.isEmpty()) {
                    int tick = added.get(0).tick;
                    notDoneAt.merge(sentAt.getOrDefault(number, attempt.sentAt()), tick, Math::min);
                    if (attempt.outcome() == Outcome.ANSWERED) {
                        doneBy.merge(attempt.endedAt(), tick, Math::max);
                    }
                }
            }
        }
        int most = 0;
        for (Map.Entry<Long, Integer> each : doneBy.entrySet()) {
            most = Math.max(most, each.getValue());
            each.setValue(most);
        }
        int least = TortureLife.NEVER;
        for (Map.Entry<Long, Integer> each : notDoneAt.descendingMap().entrySet()) {
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
        Map.Entry<Long, Integer> found = notDoneAt.higherEntry(time);
        return found == null ? TortureLife.NEVER - 1 : found.getValue() - 1;
    }
}
