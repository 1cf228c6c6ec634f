package dev.eventlog.torture;

import dev.eventlog.Gap;
import dev.eventlog.Tail;
import dev.eventlog.torture.TortureWatch.Got;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The calls that one follower received, with their times. All times are those of {@link System#nanoTime()}.
 *
 * @param who the name of the follower in reports
 * @param tail the start of the follower; the tail after the stored position if it resumed at one
 * @param resumed the event after which the follower resumed; null if it did not resume, or if the event is unknown
 * @param calledAt the time of the call of {@code follow}
 * @param returnedAt the time when {@code follow} had returned
 * @param toTheEnd whether the follower was still running when the faults were over
 * @param durableName the name under which the follower stores its position; null for none
 * @param lastBatchMayComeAgain whether the process of the follower was killed, or its lease was lost
 * @param lastBatchAt the index of the first call of the last batch
 * @param calls the calls, each a {@link Got} or a {@link Gap}
 * @param times the time of each call
 * @param complaints the errors that the follower itself noticed
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
