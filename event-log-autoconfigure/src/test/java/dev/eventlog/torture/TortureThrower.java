package dev.eventlog.torture;

import dev.eventlog.Completion;
import dev.eventlog.Event;
import dev.eventlog.EventBatchListener;
import dev.eventlog.EventBatchRecoverer;
import dev.eventlog.FollowOptions;
import dev.eventlog.Gap;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.springframework.core.retry.RetryPolicy;
import org.springframework.util.backoff.FixedBackOff;

/**
 * A listener that throws from time to time. It checks that the same call is repeated before any other call. If it
 * throws at each attempt, it checks that the recoverer receives the batch. It passes each processed call to a {@link
 * TortureWatch}.
 */
final class TortureThrower implements EventBatchListener<Event>, EventBatchRecoverer {

    private static final int RETRIES = 2;

    private final TortureWatch watch;
    private final Random random;
    private final boolean recovers;
    private @Nullable Object due; // the failed call to be repeated: a batch or a gap
    private int left; // the number of attempts that must still fail

    TortureThrower(TortureWatch watch, long seed, boolean recovers) {
        this.watch = watch;
        this.random = new Random(seed);
        this.recovers = recovers;
    }

    /** Sets the retry policy. */
    void customize(FollowOptions.Builder options) {
        if (recovers) {
            options.retry(RetryPolicy.builder()
                            .backOff(new FixedBackOff(5, RETRIES))
                            .build())
                    .recoverer(this);
        } else {
            options.retry(RetryPolicy.builder()
                    .backOff(new FixedBackOff(5, Long.MAX_VALUE))
                    .build());
        }
    }

    @Override
    public void onBatch(List<Event> batch) throws Exception {
        maybeThrow(batch, recovers ? RETRIES + 1 : 5);
        watch.onBatch(batch);
    }

    @Override
    public void onGap(Gap gap) {
        maybeThrow(gap, RETRIES);
        watch.onGap(gap);
    }

    @Override
    public void onCaughtUp() {
        watch.onCaughtUp();
    }

    @Override
    public void onComplete(Completion completion) {
        if (due != null) {
            watch.complain("after the listener threw at " + ids(due) + ", the end came");
        }
        watch.onComplete(completion);
    }

    @Override
    public void onFailure(String log, Throwable failure) {
        watch.onFailure(log, failure);
    }

    @Override
    public void recover(String log, List<Event> batch, Throwable failure) throws Exception {
        if (!batch.equals(due)) {
            watch.complain("the recoverer received " + ids(batch) + ", but the listener threw at " + ids(due));
        }
        if (left > 0) {
            watch.complain("the recoverer was called " + left + " tries too early");
        }
        due = null;
        watch.onBatch(batch);
    }

    /** Throws at one in ten calls, and then at most this number of times. */
    private void maybeThrow(Object call, int most) {
        if (due != null && !due.equals(call)) {
            watch.complain("after the listener threw at " + ids(due) + " came " + ids(call));
            left = 0;
        }
        if (due == null && random.nextInt(10) == 0) {
            left = 1 + random.nextInt(most);
        }
        due = null;
        if (left > 0) {
            left--;
            due = call;
            throw new IllegalStateException("thrown on purpose");
        }
    }

    private static String ids(@Nullable Object call) {
        return call instanceof List<?> batch && !batch.isEmpty() && batch.get(0) instanceof Event first
                ? batch.size() + " events from " + first.id()
                : String.valueOf(call);
    }
}
