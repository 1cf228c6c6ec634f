package dev.eventlog.follow;

import static dev.eventlog.test.LogTests.await;
import static dev.eventlog.test.LogTests.numbers;
import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.EventLog;
import dev.eventlog.EventLogOptions;
import dev.eventlog.EventLogUnavailableException;
import dev.eventlog.FollowOptions;
import dev.eventlog.Tail;
import dev.eventlog.redis.Connections;
import dev.eventlog.redis.LogStream;
import dev.eventlog.test.Heard;
import dev.eventlog.test.LogTests;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.util.backoff.FixedBackOff;

class LogsForgettingTests extends LogTests {

    private static final FollowSettings SETTINGS = new FollowSettings(
            10,
            Duration.ofMillis(200),
            10,
            Duration.ofSeconds(1),
            new FixedBackOff(20, Long.MAX_VALUE),
            8,
            Duration.ofSeconds(60),
            Duration.ofSeconds(10),
            4,
            Duration.ofSeconds(1));

    private final ExecutorService threads = Executors.newCachedThreadPool();

    @AfterEach
    void endThreads() {
        threads.shutdownNow();
    }

    @Test
    void logThatCannotContinueIsHandedOverAndContinuesAtItsPosition() {
        AtomicBoolean refused = new AtomicBoolean();
        ManyLogs.Means means = means(refused);
        EventLog log = newLog();
        log.addAll(events(0, 3));
        Heard heard = new Heard();
        ManyLogs logs =
                new ManyLogs("The logs", means, heard, FollowOptions.builder().build(), Commits.NONE);
        closeLater(logs::close);
        Map<String, Tail> tails = Map.of(log.name(), Tail.all());
        logs.begin(tails, false);
        await().until(() ->
                heard.count() == 3 && logs.forgetting().forgettable().contains(log.name()));

        refused.set(true);
        Set<String> stopped = ConcurrentHashMap.newKeySet();
        Set<String> forgotten = logs.forgetting().forget(Set.of(log.name()), List::copyOf, stopped::add);
        assertThat(forgotten).isEmpty();
        await().until(() -> stopped.equals(Set.of(log.name())));
        assertThat(logs.knows(log.name())).isFalse();
        assertThat(logs.beginLater(tails)).containsOnlyKeys(log.name());

        refused.set(false);
        assertThat(logs.beginLater(tails)).isEmpty();
        log.add(event(3));
        await().until(() -> heard.count() == 4);
        assertThat(numbers(heard.of(log.name()))).containsExactly(0, 1, 2, 3);
    }

    private ManyLogs.Means means(AtomicBoolean refused) {
        EventLogOptions options = EventLogOptions.builder().build();
        Connections connections =
                closeLater(Connections.of(redis.getRequiredConnectionFactory(), SETTINGS.pollTimeout()));
        Observers observers = new Observers(List.of());
        Followers followers =
                new Followers(new Feeds(connections, SETTINGS, threads, observers), SETTINGS, threads, observers);
        return new ManyLogs.Means(
                name -> {
                    if (refused.get()) {
                        throw new EventLogUnavailableException(name, "on purpose", null);
                    }
                    return new LogStream(name, name, connections, 100, options);
                },
                followers,
                SETTINGS,
                threads,
                threads);
    }
}
