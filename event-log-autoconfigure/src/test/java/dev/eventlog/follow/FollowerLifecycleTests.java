package dev.eventlog.follow;

import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.Follower.EndReason;
import org.junit.jupiter.api.Test;

class FollowerLifecycleTests {

    /** Whoever closes the follower may continue before the thread of the last callback has reported the end. */
    @Test
    void closedFollowerHasEndedWhenItsLastCallbackReturns() throws InterruptedException {
        FollowerLifecycle lifecycle = new FollowerLifecycle(FollowerState.RUNNING);
        assertThat(lifecycle.enter()).isTrue();
        assertThat(lifecycle.close(EndReason.CLOSED, null)).isTrue();
        assertThat(lifecycle.endsIfIdle()).isFalse();
        assertThat(lifecycle.end().future()).isNotDone();
        assertThat(lifecycle.leave(false)).isFalse();
        assertThat(lifecycle.returnsWithin(0)).isTrue();
        assertThat(lifecycle.end().future()).isCompletedWithValue(EndReason.CLOSED);
    }

    @Test
    void failedFollowerHasEndedWithItsFailureWhenItsLastCallbackReturns() {
        FollowerLifecycle lifecycle = new FollowerLifecycle(FollowerState.RUNNING);
        IllegalStateException failure = new IllegalStateException("broken");
        assertThat(lifecycle.close(EndReason.CLOSED, Thread.currentThread())).isTrue();
        lifecycle.returned(failure);
        assertThat(lifecycle.end().future()).isCompletedExceptionally();
    }
}
