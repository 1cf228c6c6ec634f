package dev.eventlog.follow;

import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.EventLogOptions;
import dev.eventlog.Tail;
import dev.eventlog.follow.SharedLogs.Place;
import dev.eventlog.redis.Connections;
import dev.eventlog.redis.LogStream;
import dev.eventlog.test.LogTests;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.util.backoff.FixedBackOff;

class SharedLogsTests extends LogTests {

    private final SharedLogs logs = new SharedLogs(2);

    @Test
    void logsAreReadInTurnWithLimitedConcurrency() {
        Place first = logs.add(feed("a"));
        Place second = logs.add(feed("b"));
        Place third = logs.add(feed("c"));
        assertThat(logs.next()).isSameAs(first);
        assertThat(logs.next()).isSameAs(second);
        assertThat(logs.next()).as("two logs are being read").isNull();
        logs.read(first, false);
        assertThat(logs.next()).isSameAs(third);
        logs.read(second, true);
        assertThat(logs.next())
                .as("the log had more events, so it is at the end of the queue")
                .isSameAs(first);
        logs.read(third, true);
        logs.read(first, true);
        assertThat(logs.next()).isNull();
    }

    @Test
    void changedLogIsReadAgain() {
        Place place = logs.add(feed("a"));
        logs.next();
        logs.changed(key("a"));
        logs.changed(key("a"));
        logs.changed("another");
        assertThat(logs.next()).as("the log is being read").isNull();
        logs.read(place, true);
        assertThat(logs.next()).as("the log has changed in the meantime").isSameAs(place);
        logs.read(place, true);
        assertThat(logs.next()).isNull();
        logs.changed(key("a"));
        assertThat(logs.next()).isSameAs(place);
    }

    @Test
    void allLogsAreReadAgainAfterALossWhenNoReadIsRunning() {
        Place asked = logs.add(feed("a"));
        Place read = logs.add(feed("b"));
        logs.next();
        logs.next();
        logs.unclear(asked);
        logs.interrupt();
        assertThat(asked.feed.isInterrupted()).isTrue();
        assertThat(logs.next()).isSameAs(read);
        assertThat(logs.next()).isNull();
        logs.read(asked, true); // by a late reply
        assertThat(logs.next()).isSameAs(asked);
    }

    /** Redis answers once, but fails again before the feed has checked the log. */
    @Test
    void feedLostAgainBeforeItsCheckIsAway() {
        Connections connections =
                closeLater(Connections.of(redis.getRequiredConnectionFactory(), Duration.ofSeconds(1)));
        String name = newName();
        LogFeed feed = feed(name);
        redis.opsForStream().add(key(name), Map.of("n", "0"));
        try {
            feed.interrupt();
            assertThat(feed.isAway()).isTrue();
            LogFeed.Question question = feed.question();
            LogFeed.Seen seen = feed.answered(question, connections.line().send(question.commands()));
            assertThat(seen).isEqualTo(LogFeed.Seen.UNCLEAR);
            assertThat(feed.isAway()).isFalse();
            assertThat(feed.isInterrupted()).isTrue();
            feed.interrupt();
            assertThat(feed.isAway()).isTrue();
        } finally {
            redis.delete(key(name));
        }
    }

    @Test
    void bothFeedsOfAKeyAreNotified() {
        Place first = logs.add(feed("a"));
        Place second = logs.add(feed("a"));
        logs.next();
        logs.next();
        logs.read(first, true);
        logs.read(second, true);
        logs.changed(key("a"));
        assertThat(List.of(logs.next(), logs.next())).containsExactlyInAnyOrder(first, second);
        assertThat(logs.remove(second)).isOne();
        logs.read(first, true);
        logs.changed(key("a"));
        assertThat(logs.next()).isSameAs(first);
        assertThat(logs.remove(first)).isZero();
        assertThat(logs.remove(first)).isZero();
        assertThat(logs.isEmpty()).isTrue();
    }

    @Test
    void removedLogIsNotRead() {
        Place first = logs.add(feed("a"));
        Place second = logs.add(feed("b"));
        logs.remove(first);
        assertThat(logs.next()).isSameAs(second);
        logs.remove(second);
        logs.read(second, false);
        assertThat(logs.next()).isNull();
    }

    private static String key(String name) {
        return "key:" + name;
    }

    private LogFeed feed(String name) {
        Connections connections =
                closeLater(Connections.of(redis.getRequiredConnectionFactory(), Duration.ofSeconds(1)));
        EventLogOptions options = EventLogOptions.builder().build();
        LogStream stream = new LogStream(name, key(name), connections, 10, options);
        FollowSettings settings = new FollowSettings(
                1,
                Duration.ofSeconds(1),
                1,
                Duration.ofSeconds(1),
                new FixedBackOff(1),
                0,
                Duration.ofSeconds(60),
                Duration.ofSeconds(1),
                16,
                Duration.ofSeconds(1));
        StartPoint start = StartPoint.find(stream, TailRange.of(Tail.all(), options), null, 1);
        return new LogFeed(
                stream,
                start,
                new Trimming(Long.MAX_VALUE, false),
                settings,
                new Observers(List.of()),
                new SameQuestions());
    }
}
