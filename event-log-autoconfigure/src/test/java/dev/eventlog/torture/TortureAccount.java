package dev.eventlog.torture;

import dev.eventlog.Gap;
import dev.eventlog.Tail;
import dev.eventlog.torture.TortureWatch.Got;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What one follower was told, and when. Times are those of {@link System#nanoTime()}.
 *
 * @param who names it to a reader
 * @param tail where it was to begin; after its stored position, if it resumed at one
 * @param resumed the event after which it resumes, if it does and the event is known
 * @param calledAt when {@code follow} was called
 * @param returnedAt when that had returned
 * @param toTheEnd whether it was still running when the faults were over
 * @param durableName the name under which its position is stored, if it has one
 * @param lastBatchMayComeAgain whether its process was killed or its lease lost
 * @param lastBatchAt where in the calls its last batch begins
 * @param calls each a {@link Got} or a {@link Gap}
 * @param times when each of the calls was made
 * @param complaints what it complained of itself
 */
record TortureAccount(
        String who,
        String log,
        Tail tail,
        @Nullable Got resumed,
        long calledAt,
        long returnedAt,
        boolean toTheEnd,
        @Nullable String durableName,
        boolean lastBatchMayComeAgain,
        int lastBatchAt,
        List<Object> calls,
        List<Long> times,
        List<String> complaints) {

    static TortureAccount of(TortureWatch watch) {
        return new TortureAccount(
                watch.toString(),
                watch.log,
                watch.tail,
                watch.resumed,
                watch.calledAt,
                watch.returnedAt,
                watch.toTheEnd,
                watch.durableName,
                watch.lastBatchMayComeAgain,
                watch.lastBatchAt(),
                watch.calls(),
                watch.times(),
                watch.complaints());
    }

    @Override
    public String toString() {
        return who;
    }
}
