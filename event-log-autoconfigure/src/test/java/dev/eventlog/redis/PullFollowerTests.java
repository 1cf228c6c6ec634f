package dev.eventlog.redis;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.FollowOptions;
import dev.eventlog.Gap;
import dev.eventlog.Tail;
import dev.eventlog.redis.PullFollower.Start;
import dev.eventlog.test.Collected;
import dev.eventlog.test.LogTests;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.util.backoff.FixedBackOff;

/** What only shows if a follower and its feed meet at one moment. */
class PullFollowerTests extends LogTests {

    private EventLog log;
    private final Collected<Event> listener = Collected.events();

    private Connections connections;

    @BeforeEach
    void begin() {
        log = newLog();
        connections = closeLater(Connections.of(redis, Duration.ofSeconds(1)));
    }

    @Test
    void theFeedNoticesThatTheLogBeganAgainJustWhenAFollowerHasReadThat() {
        List<EventId> ids = log.addAll(events(0, 20));
        Window window = window(10, stream().state());
        AtomicInteger looks = new AtomicInteger();
        Feed feed = new IdleFeed() {
            @Override
            public Window window() {
                switch (looks.incrementAndGet()) {
                    case 1 -> { // before the follower reads
                        delete(log);
                        log.addAll(events(100, 103));
                    }
                    case 2 -> { // after it has
                        window.beginAgain(EventId.MIN, 0);
                        window.append(log.read(Tail.all()));
                    }
                    default -> {}
                }
                return window;
            }
        };
        follow(feed, new Start(ids.get(4), 5, null), ids.get(19));
        await().until(() -> listener.count() >= 3 && listener.caughtUp() == 1);
        assertThat(numbers(listener.all()).subList(listener.count() - 3, listener.count()))
                .isEqualTo(range(100, 103));
        assertThat(numbers(listener.all())).doesNotHaveDuplicates();
        assertThat(listener.gaps()).extracting(Gap::kind).contains(Gap.Kind.BEGAN_AGAIN);
        assertThat(listener.gaps().get(0).lastSeen()).isEqualTo(ids.get(4));
    }

    /** What a follower has read and its feed has not come by could be taken back by a server with older data, unnoticed. */
    @Test
    void noFollowerOvertakesItsFeed() {
        List<EventId> ids = log.addAll(events(0, 5));
        Window window = window(10, stream().state());
        List<EventId> later = log.addAll(events(5, 10));
        Feed feed = new IdleFeed(window);
        PullFollower follower = follow(feed, new Start(EventId.MIN, 0, null), later.get(4));
        PullFollower atTheEnd = follow(feed, new Start(ids.get(4), 5, null), later.get(4));
        await().until(() -> listener.count() == 5);
        Awaitility.await()
                .during(Duration.ofMillis(200))
                .until(() -> listener.count() == 5 && follower.position().equals(ids.get(4)));
        assertThat(listener.caughtUp()).isZero();

        window.append(log.read(Tail.after(ids.get(4))));
        follower.ring();
        await().until(() -> listener.count() == 10 && listener.caughtUp() == 1);
        atTheEnd.ring();
        await().until(() -> listener.count() == 15 && listener.caughtUp() == 2);
        assertThat(listener.gaps()).isEmpty();
    }

    @Test
    void hasCaughtUpAlsoWhereTheNewestEventIsGoneBeforeItsFeedGetsToIt() {
        List<EventId> ids = log.addAll(events(0, 5));
        Window window = window(10, stream().state());
        EventId newest = log.add(event(5));
        redis.opsForStream().delete(log.name(), newest.toString());
        follow(new IdleFeed(window), new Start(ids.get(4), 5, null), newest);
        await().until(() -> listener.caughtUp() == 1);
        assertThat(listener.calls()).containsExactly(Collected.CAUGHT_UP);
    }

    /** The feed has passed an event that was deleted by itself, and has not found that out yet; the follower began after it. */
    @Test
    void ofWhatWasDeletedBeforeAFollowerBeganItIsNotTold() {
        List<EventId> ids = log.addAll(events(0, 20));
        StreamState state = stream().state();
        assumeTrue(state.countsAdded(), "Redis 6.2 cannot count");
        Window window = window(
                10, new StreamState(true, 20, state.lastId(), state.firstId(), state.added() - 1, state.deleted()));
        PullFollower follower = follow(new IdleFeed(window), new Start(ids.get(19), 20, null), ids.get(19));
        await().until(() -> listener.caughtUp() == 1);
        List<EventId> more = log.addAll(events(20, 40));
        redis.opsForStream().trim(log.name(), 5);
        window.skip(16, log.read(Tail.all()), stream().state());
        follower.ring();
        await().until(() -> listener.count() == 5);
        assertThat(listener.gaps())
                .containsExactly(new Gap(log.name(), Gap.Kind.REMOVED, ids.get(19), more.get(15), OptionalLong.of(15)));
    }

    @Test
    void aLogThatHasLostFewerEventsThanWereReadIsAnother() {
        log.addAll(events(0, 20));
        Window window = window(10, stream().state());
        List<EventId> read = log.addAll(events(20, 23));
        List<Event> events = log.read(Tail.from(read.get(0)));
        delete(log);
        log.addAll(events(100, 124));
        redis.opsForStream().trim(log.name(), 5);
        StreamState state = stream().state();
        assumeTrue(state.countsAdded(), "Redis 6.2 cannot count");
        assertThat(window.judge(events, 0, state).verdict()).isEqualTo(Continuity.Verdict.BEGAN_AGAIN);
    }

    private EventStream stream() {
        return new EventStream(log.name(), log.name(), connections, 100, log.options());
    }

    private static Window window(int capacity, StreamState state) {
        return new Window(capacity, state, Long.MAX_VALUE);
    }

    private PullFollower follow(Feed feed, Start start, EventId existingEnd) {
        FollowSettings settings = new FollowSettings(
                10, Duration.ofSeconds(1), 10, Duration.ofSeconds(1), new FixedBackOff(20, Long.MAX_VALUE));
        ExecutorService threads = closeLater(Executors.newSingleThreadExecutor(), ExecutorService::shutdownNow);
        PullFollower follower = closeLater(new PullFollower(
                stream(),
                new Feeds(connections, settings, threads, Observers.NONE),
                feed,
                settings,
                threads,
                listener,
                FollowOptions.builder().build(),
                Demand.UNLIMITED,
                null,
                start,
                existingEnd,
                Long.MAX_VALUE,
                0));
        follower.ring();
        return follower;
    }

    private <T> T closeLater(T resource, Consumer<T> close) {
        closeLater((AutoCloseable) () -> close.accept(resource));
        return resource;
    }

    private static class IdleFeed implements Feed {

        private final @Nullable Window window;

        IdleFeed() {
            this(null);
        }

        IdleFeed(@Nullable Window window) {
            this.window = window;
        }

        @Override
        public Window window() {
            return requireNonNull(window);
        }

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
