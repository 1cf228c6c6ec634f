package dev.eventlog.durable;

import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.Follower.EndReason;
import dev.eventlog.follow.FollowSettings;
import dev.eventlog.follow.FollowerOutages;
import dev.eventlog.follow.Running;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.springframework.util.backoff.FixedBackOff;

class DurableFollowerTests {

    private final FollowSettings settings = new FollowSettings(
            10,
            Duration.ofSeconds(1),
            10,
            Duration.ofSeconds(1),
            new FixedBackOff(20, Long.MAX_VALUE),
            8,
            Duration.ofSeconds(60),
            Duration.ofSeconds(10),
            16,
            Duration.ofSeconds(1));

    @Test
    void illegalStateIsReportedUnlessTheApplicationIsShuttingDown() {
        Failing failing = new Failing();
        DurableFollower follower = start(failing, true);
        assertThat(failing.reported).containsExactly(failing.thrown);
        assertThat(follower.completion().toCompletableFuture())
                .failsWithin(Duration.ofSeconds(5))
                .withThrowableThat()
                .withCause(failing.thrown);

        Failing late = new Failing();
        DurableFollower ended = start(late, false);
        assertThat(late.reported).isEmpty();
        assertThat(ended.completion().toCompletableFuture())
                .succeedsWithin(Duration.ofSeconds(5))
                .isEqualTo(EndReason.SHUTDOWN);
    }

    private DurableFollower start(Failing leased, boolean open) {
        DurableFollower follower =
                new DurableFollower(leased, settings, Runnable::run, new FollowerOutages(), () -> open);
        follower.start(null, "key");
        return follower;
    }

    /** Cannot begin. */
    private static final class Failing implements Leased {

        private final IllegalStateException thrown = new IllegalStateException("on purpose");
        private final List<Throwable> reported = new ArrayList<>();

        @Override
        public Object stored() {
            return "";
        }

        @Override
        public Running begin() {
            throw thrown;
        }

        @Override
        public void storeAtLast() {}

        @Override
        public void failed(Throwable why) {
            reported.add(why);
        }
    }
}
