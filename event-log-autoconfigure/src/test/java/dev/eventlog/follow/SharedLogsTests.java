package dev.eventlog.follow;

import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.EventLogOptions;
import dev.eventlog.Tail;
import dev.eventlog.follow.SharedLogs.Place;
import dev.eventlog.redis.Connections;
import dev.eventlog.redis.LogStream;
import dev.eventlog.test.LogTests;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.springframework.data.redis.connection.stream.StreamRecords;
import org.springframework.util.backoff.FixedBackOff;

class SharedLogsTests extends LogTests {

    private final SharedLogs logs = new SharedLogs(2);

    @Test
    void logsAreReadInTurnWithLimitedConcurrency() {
        Place first = add("a");
        Place second = add("b");
        Place third = add("c");
        assertThat(next()).isSameAs(first);
        assertThat(next()).isSameAs(second);
        assertThat(next()).as("two logs are being read").isNull();
        logs.read(first, this, false);
        assertThat(next()).isSameAs(third);
        logs.read(second, this, true);
        assertThat(next())
                .as("the log had more events, so it is at the end of the queue")
                .isSameAs(first);
        logs.read(third, this, true);
        logs.read(first, this, true);
        assertThat(next()).isNull();
    }

    @Test
    void changedLogIsReadAgain() {
        Place place = add("a");
        next();
        logs.changed(key("a"));
        logs.changed(key("a"));
        logs.changed("another");
        assertThat(next()).as("the log is being read").isNull();
        logs.read(place, this, true);
        assertThat(next()).as("the log has changed in the meantime").isSameAs(place);
        logs.read(place, this, true);
        assertThat(next()).isNull();
        logs.changed(key("a"));
        assertThat(next()).isSameAs(place);
    }

    @Test
    void allLogsAreReadAgainAfterALossWhenNoReadIsRunning() {
        Place asked = add("a");
        Place read = add("b");
        next();
        next();
        assertThat(logs.unclear(asked, this)).isTrue();
        logs.interrupt();
        assertThat(asked.feed.isInterrupted()).isTrue();
        assertThat(next()).isSameAs(read);
        assertThat(next()).isNull();
        logs.read(asked, this, true); // by a late reply
        assertThat(next()).isSameAs(asked);
    }

    /** A session can end between the check that it is current and its further question. */
    @Test
    void logThatIsReadAnewIsNotAskedAboutBeforeThat() {
        Place place = add("a");
        next();
        logs.startOver();
        assertThat(logs.unclear(place, this)).isFalse();
        assertThat(next()).isSameAs(place);
        assertThat(logs.unclear(place, this)).isTrue();
    }

    /** All answers together must fit into memory. */
    @Test
    void fewerLogsWithLargeEventsAreReadAtOnce() {
        String name = newName();
        redis.opsForStream().add(key(name), Map.of("text", "x".repeat(5_000)));
        SharedLogs many = new SharedLogs(33);
        List<Place> places = new ArrayList<>();
        try {
            for (int i = 0; i < 5; i++) {
                places.add(new Place(feed(name)));
            }
        } finally {
            redis.delete(key(name));
        }
        places.forEach(many::add);
        assertThat(many.next(this, 10)).hasSize(3);
        assertThat(many.next(this, 10)).isEmpty();
        many.read(places.get(0), this, true);
        assertThat(many.next(this, 10)).hasSize(1);
    }

    /** A follower that begins or ends holds the lock of its feed, and waits for the lock of all logs. */
    @Test
    void lossOfTheConnectionWaitsForNoFeed() {
        Place place = add("a");
        next(); // so that the log is being read
        synchronized (place.feed) {
            assertThat(CompletableFuture.runAsync(logs::interrupt)).succeedsWithin(Duration.ofSeconds(10));
        }
    }

    @Test
    void lateReaderChangesNothing() {
        Object late = new Object();
        Place place = add("a");
        assertThat(logs.next(late, 1)).containsExactly(place);
        logs.interrupt();
        assertThat(next()).isSameAs(place);
        assertThat(logs.isNewTo(late, place)).isFalse();
        assertThat(logs.unclear(place, late)).isFalse();
        logs.read(place, late, true);
        logs.pause(place, late);
        logs.startOver(place, late);
        assertThat(logs.isNewTo(this, place)).isTrue();
        assertThat(logs.isNewTo(this, place)).isFalse();
        logs.changed(key("a"));
        logs.read(place, this, true);
        assertThat(next()).as("changed while it was read").isSameAs(place);
    }

    @Test
    void pausedLogsLeaveRoomForOthers() {
        Place first = add("a");
        Place second = add("b");
        Place third = add("c");
        assertThat(logs.next(this, 5)).containsExactly(first, second);
        logs.pause(first, this);
        logs.pause(second, this);
        assertThat(next()).isSameAs(third);
        logs.changed(key("a"));
        assertThat(next()).as("paused").isNull();
        assertThat(logs.resume(1, feed -> false)).isEmpty();
        assertThat(next()).isSameAs(first);
        assertThat(logs.resume(5, feed -> true)).containsExactly(second.feed);
        logs.read(first, this, true);
        logs.read(third, this, true);
        assertThat(next()).as("another server has the log now").isNull();
        assertThat(logs.size()).isEqualTo(2);
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
        Place first = add("a");
        Place second = add("a");
        next();
        next();
        logs.read(first, this, true);
        logs.read(second, this, true);
        logs.changed(key("a"));
        assertThat(List.of(next(), next())).containsExactlyInAnyOrder(first, second);
        assertThat(logs.remove(second)).isOne();
        logs.read(first, this, true);
        logs.changed(key("a"));
        assertThat(next()).isSameAs(first);
        assertThat(logs.remove(first)).isZero();
        assertThat(logs.remove(first)).isZero();
        assertThat(logs.isEmpty()).isTrue();
    }

    @Test
    void removedLogIsNotRead() {
        Place first = add("a");
        Place second = add("b");
        logs.remove(first);
        assertThat(next()).isSameAs(second);
        logs.remove(second);
        logs.read(second, this, false);
        assertThat(next()).isNull();
    }

    @Test
    void severalLogsAreTakenAtOnceButNotTooMany() {
        Place first = add("a");
        Place second = add("b");
        Place third = add("c");
        assertThat(logs.next(this, 5)).containsExactly(first, second);
        logs.read(second, this, true);
        assertThat(logs.next(this, 5)).containsExactly(third);
        assertThat(logs.next(this, 5)).isEmpty();
    }

    /** The first question of a feed only checks for changes since the start. It must find each change. */
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

    private Place add(String name) {
        Place place = new Place(feed(name));
        logs.add(place);
        return place;
    }

    private @Nullable Place next() {
        List<Place> next = logs.next(this, 1);
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
