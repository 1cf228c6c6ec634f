package dev.eventlog.follow;

import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.Follower.EndReason;
import org.junit.jupiter.api.Test;

class FollowerLifeTests {

    /** Whoever closes the follower may continue before the thread of the last callback has reported the end. */
    @Test
    void closedFollowerHasEndedWhenItsLastCallbackReturns() throws InterruptedException {
        FollowerLife life = new FollowerLife(FollowerState.RUNNING);
        assertThat(life.enter()).isTrue();
        assertThat(life.close(EndReason.CLOSED, null)).isTrue();
        assertThat(life.endsIfIdle()).isFalse();
        assertThat(life.end().future()).isNotDone();
        assertThat(life.leave(false)).isFalse();
        assertThat(life.returnsWithin(0)).isTrue();
        assertThat(life.end().future()).isCompletedWithValue(EndReason.CLOSED);
    }

    @Test
    void failedFollowerHasEndedWithItsFailureWhenItsLastCallbackReturns() {
        FollowerLife life = new FollowerLife(FollowerState.RUNNING);
        IllegalStateException failure = new IllegalStateException("broken");
        assertThat(life.close(EndReason.CLOSED, Thread.currentThread())).isTrue();
        life.returned(failure);
        assertThat(life.end().future()).isCompletedExceptionally();
    }
}
