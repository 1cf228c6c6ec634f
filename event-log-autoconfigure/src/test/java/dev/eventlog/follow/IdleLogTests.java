package dev.eventlog.follow;

import static dev.eventlog.test.LogTests.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.Event;
import dev.eventlog.EventBatchListener;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogOptions;
import dev.eventlog.FollowOptions;
import dev.eventlog.Tail;
import dev.eventlog.redis.Connections;
import dev.eventlog.redis.LogStream;
import dev.eventlog.redis.ReadPoint;
import dev.eventlog.test.LogTests;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.util.backoff.FixedBackOff;

class IdleLogTests extends LogTests {

    private final ExecutorService threads = Executors.newCachedThreadPool();

    @AfterEach
    void endThreads() {
        threads.shutdownNow();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 8})
    void idleLogKeepsNoEventsThatItsOnlyFollowerHasTaken(int dedicatedConnections) {
        Followers followers = followers(dedicatedConnections);
        EventLog log = newLog();
        AtomicInteger came = new AtomicInteger();
        LogFollower follower = follow(followers, log, came);
        Window window = follower.feed().window();
        ReadPoint begin = window.last();
        log.addAll(events(0, 3));
        await().until(() -> came.get() == 3);
        awaitIdle(follower, begin);
        assertThat(window.marks()).hasSize(3);

        LogFollower another = follow(followers, log, came);
        ReadPoint before = window.last();
        log.add(event(3));
        await().until(() -> came.get() == 5);
        follower.feed().look();
        assertThat(another.feed()).isSameAs(follower.feed());
        assertThat(window.after(before, 9).events()).hasSize(1);
        another.close();
        awaitIdle(follower, before);
        log.add(event(4));
        await().until(() -> came.get() == 6);
    }

    private static void awaitIdle(LogFollower follower, ReadPoint before) {
        await().until(() -> {
            follower.feed().look();
            return follower.feed().window().after(before, 9).found() == Window.Found.BEHIND;
        });
    }

    private LogFollower follow(Followers followers, EventLog log, AtomicInteger came) {
        EventLogOptions options = EventLogOptions.builder().build();
        LogStream stream = new LogStream(log.name(), log.name(), connections(), 100, options);
        EventBatchListener<Event> listener = (List<Event> batch) -> came.addAndGet(batch.size());
        LogFollower follower = followers.follow(
                stream,
                TailRange.of(Tail.last(0), options),
                listener,
                FollowOptions.builder().build(),
                Commit.NONE);
        closeLater(follower::close);
        return follower;
    }

    private Connections connections() {
        return closeLater(Connections.of(redis.getRequiredConnectionFactory(), Duration.ofMillis(200)));
    }

    private Followers followers(int dedicatedConnections) {
        FollowSettings settings = new FollowSettings(
                10,
                Duration.ofMillis(200),
                10,
                Duration.ofSeconds(1),
                new FixedBackOff(20, Long.MAX_VALUE),
                dedicatedConnections,
                Duration.ofSeconds(60),
                Duration.ofSeconds(10),
                4,
                Duration.ofSeconds(1));
        Observers observers = new Observers(List.of());
        return new Followers(new Feeds(connections(), settings, threads, observers), settings, threads, observers);
    }
}
