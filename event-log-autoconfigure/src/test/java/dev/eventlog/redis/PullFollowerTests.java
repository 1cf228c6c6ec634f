package dev.eventlog.redis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.FollowOptions;
import dev.eventlog.Gap;
import dev.eventlog.redis.Connections.ApplicationConnections;
import dev.eventlog.redis.PullFollower.Start;
import dev.eventlog.test.Collected;
import dev.eventlog.test.LogTests;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.springframework.util.backoff.FixedBackOff;

/** What only shows if a follower and its feed meet at one moment. */
class PullFollowerTests extends LogTests {

    @Test
    void theFeedNoticesThatTheLogBeganAgainJustWhenAFollowerHasReadThat() {
        EventLog log = newLog();
        List<EventId> ids = log.addAll(events(0, 20));
        Connections connections = new ApplicationConnections(redis, true);
        EventStream stream = new EventStream(log.name(), log.name(), connections, 100);
        StreamState state = stream.state();
        FollowSettings settings = new FollowSettings(
                10, Duration.ofSeconds(1), 10, Duration.ofSeconds(1), new FixedBackOff(20, Long.MAX_VALUE));
        ExecutorService threads = closeLater(Executors.newSingleThreadExecutor(), ExecutorService::shutdownNow);
        Window window = new Window(10, state, Long.MAX_VALUE);
        AtomicInteger looks = new AtomicInteger();
        Feed feed = new IdleFeed() {
            @Override
            public Window window() {
                switch (looks.incrementAndGet()) {
                    case 1 -> { // before the follower reads
                        log.delete();
                        log.addAll(events(100, 103));
                    }
                    case 2 -> window.beginAgain(EventId.MIN, 0); // after it has
                    default -> {}
                }
                return window;
            }
        };
        Collected<Event> listener = Collected.events();
        PullFollower follower = closeLater(new PullFollower(
                stream,
                new Feeds(connections, settings, threads),
                feed,
                settings,
                threads,
                listener,
                FollowOptions.builder().build(),
                new Start(ids.get(4), 5, null),
                state.lastId(),
                Long.MAX_VALUE,
                window.lifeOf(state)));
        follower.ring();
        await().until(() -> listener.count() >= 3 && listener.caughtUp() == 1);
        assertThat(numbers(listener.all())).isEqualTo(range(100, 103));
        assertThat(listener.gaps()).extracting(Gap::kind).containsExactly(Gap.Kind.BEGAN_AGAIN);
        assertThat(listener.gaps().get(0).lastSeen()).isEqualTo(ids.get(4));
    }

    private <T> T closeLater(T resource, Consumer<T> close) {
        closeLater((AutoCloseable) () -> close.accept(resource));
        return resource;
    }

    private abstract static class IdleFeed implements Feed {

        @Override
        public boolean isInterrupted() {
            return false;
        }

        @Override
        public void join(PullFollower follower) {}

        @Override
        public boolean leave(PullFollower follower) {
            return true;
        }

        @Override
        public CompletableFuture<Void> stop() {
            return CompletableFuture.completedFuture(null);
        }
    }
}
