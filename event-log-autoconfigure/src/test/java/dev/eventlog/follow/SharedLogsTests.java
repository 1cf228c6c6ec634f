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
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.springframework.data.redis.connection.stream.StreamRecords;
import org.springframework.util.backoff.FixedBackOff;

class SharedLogsTests extends LogTests {

    private final SharedLogs logs = new SharedLogs(2);

    @Test
    void logsAreReadInTurnWithLimitedConcurrency() {
        Place first = logs.add(feed("a"));
        Place second = logs.add(feed("b"));
        Place third = logs.add(feed("c"));
        assertThat(next()).isSameAs(first);
        assertThat(next()).isSameAs(second);
        assertThat(next()).as("two logs are being read").isNull();
        logs.read(first, false);
        assertThat(next()).isSameAs(third);
        logs.read(second, true);
        assertThat(next())
                .as("the log had more events, so it is at the end of the queue")
                .isSameAs(first);
        logs.read(third, true);
        logs.read(first, true);
        assertThat(next()).isNull();
    }

    @Test
    void changedLogIsReadAgain() {
        Place place = logs.add(feed("a"));
        next();
        logs.changed(key("a"));
        logs.changed(key("a"));
        logs.changed("another");
        assertThat(next()).as("the log is being read").isNull();
        logs.read(place, true);
        assertThat(next()).as("the log has changed in the meantime").isSameAs(place);
        logs.read(place, true);
        assertThat(next()).isNull();
        logs.changed(key("a"));
        assertThat(next()).isSameAs(place);
    }

    @Test
    void allLogsAreReadAgainAfterALossWhenNoReadIsRunning() {
        Place asked = logs.add(feed("a"));
        Place read = logs.add(feed("b"));
        next();
        next();
        logs.unclear(asked);
        logs.interrupt();
        assertThat(asked.feed.isInterrupted()).isTrue();
        assertThat(next()).isSameAs(read);
        assertThat(next()).isNull();
        logs.read(asked, true); // by a late reply
        assertThat(next()).isSameAs(asked);
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
        next();
        next();
        logs.read(first, true);
        logs.read(second, true);
        logs.changed(key("a"));
        assertThat(List.of(next(), next())).containsExactlyInAnyOrder(first, second);
        assertThat(logs.remove(second)).isOne();
        logs.read(first, true);
        logs.changed(key("a"));
        assertThat(next()).isSameAs(first);
        assertThat(logs.remove(first)).isZero();
        assertThat(logs.remove(first)).isZero();
        assertThat(logs.isEmpty()).isTrue();
    }

    @Test
    void removedLogIsNotRead() {
        Place first = logs.add(feed("a"));
        Place second = logs.add(feed("b"));
        logs.remove(first);
        assertThat(next()).isSameAs(second);
        logs.remove(second);
        logs.read(second, false);
        assertThat(next()).isNull();
    }

    @Test
    void severalLogsAreTakenAtOnceButNotTooMany() {
        Place first = logs.add(feed("a"));
        Place second = logs.add(feed("b"));
        Place third = logs.add(feed("c"));
        assertThat(logs.next(5)).containsExactly(first, second);
        logs.read(second, true);
        assertThat(logs.next(5)).containsExactly(third);
        assertThat(logs.next(5)).isEmpty();
    }

    /** The first question only asks whether anything has changed since the start, and does not miss what has. */
    @Test
    void firstQuestionOfAFeedNoticesWhatHasChangedSinceItsStart() {
        Connections connections =
                closeLater(Connections.of(redis.getRequiredConnectionFactory(), Duration.ofSeconds(1)));
        String name = newName();
        try {
            redis.opsForStream().add(key(name), Map.of("n", "0"));
            LogFeed unchanged = feed(name);
            assertThat(ask(unchanged, connections)).isEqualTo(LogFeed.Seen.ALL);

            LogFeed grown = feed(name);
            redis.opsForStream().add(key(name), Map.of("n", "1"));
            assertThat(ask(grown, connections)).isEqualTo(LogFeed.Seen.UNCLEAR);
            assertThat(grown.lookAgain(connections.line())).isEqualTo(LogFeed.Seen.ALL);
            assertThat(grown.window().events()).hasSize(1);

            LogFeed replaced = feed(name);
            String last = replaced.window().last().id().toString();
            redis.delete(key(name));
            redis.opsForStream()
                    .add(StreamRecords.newRecord().in(key(name)).withId(last).ofMap(Map.of("n", "2")));
            assertThat(ask(replaced, connections)).isEqualTo(LogFeed.Seen.UNCLEAR);

            LogFeed gone = feed(name);
            redis.delete(key(name));
            assertThat(ask(gone, connections)).isEqualTo(LogFeed.Seen.UNCLEAR);
        } finally {
            redis.delete(key(name));
        }
    }

    private static LogFeed.Seen ask(LogFeed feed, Connections connections) {
        LogFeed.Question question = feed.question();
        assertThat(question.glance()).isTrue();
        LogFeed.Seen seen = feed.answered(question, connections.line().send(question.commands()));
        assertThat(feed.question().glance()).as("only the first time").isFalse();
        return seen;
    }

    private @Nullable Place next() {
        List<Place> next = logs.next(1);
        return next.isEmpty() ? null : next.get(0);
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
        return new LogFeed(stream, start, settings, new Observers(List.of()), new SameQuestions());
    }
}
