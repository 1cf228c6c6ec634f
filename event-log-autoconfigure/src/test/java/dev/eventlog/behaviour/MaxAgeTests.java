package dev.eventlog.behaviour;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.eventlog.AddOptions;
import dev.eventlog.AddOutcomeUnknownException;
import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogException;
import dev.eventlog.EventLogFactory;
import dev.eventlog.EventLogOptions;
import dev.eventlog.EventRange;
import dev.eventlog.Gap;
import dev.eventlog.Tail;
import dev.eventlog.UnexpectedLastIdException;
import dev.eventlog.test.Collected;
import dev.eventlog.test.Generated;
import dev.eventlog.test.LogTests;
import dev.eventlog.test.RedisTest;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.data.domain.Range;
import org.springframework.data.redis.core.RedisCallback;

/** Events that exceed their maximum age: reads leave them out, and later adds trim them. */
@RedisTest(
        properties = {
            "eventlog.follow.poll-timeout=100ms",
            "eventlog.follow.batch-size=10",
            "eventlog.follow.window-size=20"
        })
class MaxAgeTests extends LogTests {

    private static final Duration HOUR = Duration.ofHours(1);

    private long now() {
        Long now = redis.execute(connection -> connection.serverCommands().time(), true);
        return now == null ? 0 : now;
    }

    /** Adds events of a given age, one for each millisecond. */
    private List<EventId> addOld(EventLog log, Duration age, int count) {
        long first = now() - age.toMillis();
        List<EventId> ids = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            EventId id = new EventId(first + i, 0);
            addWithId(log, id.toString());
            ids.add(id);
        }
        return ids;
    }

    private EventLog log(Consumer<EventLogOptions.Builder> more) {
        return newLog(options -> {
            options.maxAge(HOUR);
            more.accept(options);
        });
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 10_000})
    void addTrimsEventsThatAreTooOld(long maxLength) {
        EventLog log = log(options -> options.maxLength(maxLength));
        addOld(log, HOUR.multipliedBy(2), 250);
        addOld(log, HOUR.dividedBy(2), 5);

        log.add(event(1));
        assertThat(log.size()).as("Redis trims in blocks of a hundred").isEqualTo(56);
        assertThat(log.read(Tail.all())).hasSize(6);
    }

    @Test
    void everyKindOfAddTrimsEventsThatAreTooOld() {
        for (Consumer<EventLog> add : List.<Consumer<EventLog>>of(
                log -> log.addAll(events(0, 3)),
                log -> log.add(event(0), AddOptions.idempotent("once")),
                log -> log.complete(event(0)))) {
            for (long maxLength : new long[] {0, 10_000}) {
                for (Duration ttl : new Duration[] {Duration.ZERO, HOUR}) {
                    EventLog log = log(options -> options.maxLength(maxLength).ttlAfterLastAdd(ttl));
                    deleteLater(log.name() + ":once:{" + log.name() + "}:once");
                    addOld(log, HOUR.multipliedBy(2), 250);
                    add.accept(log);
                    assertThat(log.size()).isLessThan(60);
                }
            }
        }
    }

    @Test
    void maxAgeAndMaxLengthBothApply() {
        EventLog log = log(options -> options.maxLength(100));
        addOld(log, HOUR.dividedBy(2), 450);

        log.add(event(1));
        assertThat(log.size()).as("limited by the max-length").isBetween(100L, 200L);
        assertThat(log.read(Tail.all())).hasSize(100);
    }

    @Test
    void readsLeaveOutEventsThatAreTooOld() {
        EventLog log = log(options -> {});
        addOld(log, HOUR.plusSeconds(60), 5);
        List<EventId> young = addOld(log, HOUR.minusSeconds(60), 5);

        assertThat(ids(log.read(Tail.all()))).isEqualTo(young);
        assertThat(ids(log.read(Tail.last(10)))).isEqualTo(young);
        assertThat(ids(log.read(Tail.last(2)))).isEqualTo(young.subList(3, 5));
        assertThat(ids(log.read(Tail.from(EventId.MIN)))).isEqualTo(young);
        assertThat(ids(log.read(Tail.after(young.get(1))))).isEqualTo(young.subList(2, 5));
        assertThat(ids(log.read(EventRange.all()).events())).isEqualTo(young);
        assertThat(log.read(EventRange.all().newestFirst()).events()).hasSize(5);
        assertThat(log.read(EventRange.before(young.get(0))).events()).isEmpty();
        assertThat(log.size()).as("the events that Redis has").isEqualTo(10);
    }

    @Test
    void eventIsReadUntilItIsTooOld() {
        EventLog log = newLog(options -> options.maxAge(Duration.ofMillis(300)));
        EventId id = log.add(event(1));
        boolean seen = false;
        List<Event> read;
        do {
            read = log.read(Tail.all());
            boolean certainlyYoung = now() - id.milliseconds() <= 300;
            assertThat(read.isEmpty() && certainlyYoung).isFalse();
            seen |= !read.isEmpty();
        } while (!read.isEmpty());
        assertThat(seen).isTrue();
        assertThat(now() - id.milliseconds()).isGreaterThan(300);
        assertThat(log.read(EventRange.all()).events()).isEmpty();
    }

    /** Reads old and new events with both limits, and compares them with a list. */
    @Test
    void readsReturnTheSameAsAList() {
        Generated.tries(30, any -> {
            long maxLength = any.of(0, 1, 7, 20, 60);
            EventLog log = log(options -> options.maxLength(maxLength));
            List<EventId> old = addOld(log, HOUR.plusMinutes(5), any.between(0, 40));
            List<EventId> young = addOld(log, HOUR.dividedBy(2), any.between(0, 40));
            int limit = maxLength == 0 ? 1_000 : (int) maxLength;
            List<EventId> kept = young.subList(Math.max(0, young.size() - limit), young.size());

            assertThat(ids(log.read(Tail.all()))).isEqualTo(kept);
            assertThat(ids(log.read(EventRange.all()).events())).isEqualTo(kept);
            Collected<Event> followed = Collected.events();
            closeLater(log.follow(Tail.all(), followed));
            await().until(() -> followed.caughtUp() == 1);
            assertThat(ids(followed.all())).isEqualTo(kept);
            if (!old.isEmpty()) {
                Collected<Event> resumed = Collected.events();
                closeLater(log.follow(Tail.after(old.get(0)), resumed));
                await().until(() -> resumed.caughtUp() == 1);
                assertThat(ids(resumed.all())).isEqualTo(kept);
                boolean missed =
                        old.size() + young.size() - 1 > kept.size() && !kept.isEmpty(); // reported with the next
                assertThat(resumed.gaps()).hasSize(missed ? 1 : 0);
                if (missed) {
                    assertThat(resumed.gaps().get(0).kind()).isEqualTo(Gap.Kind.REMOVED);
                    long number = old.size() + young.size() - 1 - kept.size();
                    resumed.gaps()
                            .get(0)
                            .missed()
                            .ifPresent(told -> assertThat(told).isEqualTo(number));
                }
            }
        });
    }

    @Test
    void followerThatIsBehindReceivesAGapForExpiredEvents() {
        EventLog log = log(options -> {});
        List<EventId> old = addOld(log, HOUR.minusSeconds(30), 10);
        EventLog shorter = factory.create(log.name(), options -> options.maxAge(HOUR.minusMinutes(2)));
        CountDownLatch go = new CountDownLatch(1);
        Collected<Event> slow = Collected.and(batch -> go.await());
        closeLater(log.follow(Tail.all(), slow));
        await().until(() -> slow.count() == 10);
        addOld(log, HOUR.minusMinutes(1), 240); // the follower is still at its first batch
        EventId last = shorter.add(event(1)); // trims more than the follower has read
        assertThat(log.size()).isLessThan(100);
        go.countDown();

        await().until(() -> slow.all().stream().anyMatch(event -> event.id().equals(last)));
        assertThat(slow.gaps()).isNotEmpty();
        assertThat(slow.gaps().get(0).kind()).isEqualTo(Gap.Kind.REMOVED);
        assertThat(slow.gaps().get(0).lastSeen()).isGreaterThanOrEqualTo(old.get(9)); // some may have been read earlier
    }

    @Test
    void idempotencyKeyIsRememberedAlthoughItsEventIsTooOld() {
        EventLog log = newLog(options -> options.maxAge(Duration.ofMillis(50)));
        deleteLater(log.name() + ":once:{" + log.name() + "}:paid");
        EventId first = log.add(event(0), AddOptions.idempotent("paid"));
        await().until(() -> now() - first.milliseconds() > 100);
        for (int i = 0; i < 120; i++) { // so that the block of the first event is full
            log.add(event(i));
        }
        await().until(() -> now() - log.lastId().orElseThrow().milliseconds() > 100);
        EventId last = log.add(event(200));
        assertThat(redis.opsForStream().range(log.name(), Range.closed(first.toString(), first.toString())))
                .as("trimmed")
                .isEmpty();

        assertThat(log.add(event(0), AddOptions.idempotent("paid"))).isEqualTo(first);
        assertThat(log.lastId()).hasValue(last);
    }

    @Test
    void expectedIdCanBeTooOld() {
        EventLog log = newLog(options -> options.maxAge(Duration.ofMillis(1)));
        EventId first = log.add(event(0));
        await().until(() -> log.read(Tail.all()).isEmpty());

        assertThatExceptionOfType(UnexpectedLastIdException.class)
                .isThrownBy(() -> log.add(event(1), AddOptions.ifAbsent()));
        log.add(event(1), AddOptions.ifLast(first));
    }

    @Test
    @Tag("server")
    void addFailsIfRedisForbidsTrimming() {
        EventLog log = log(options -> options.maxLength(100));
        addOld(log, HOUR.dividedBy(2), 3);
        redis.execute((RedisCallback<Boolean>) connection -> {
            connection.execute("ACL", bytes("SETUSER"), bytes("default"), bytes("-xtrim"));
            return true;
        });
        closeLater(() -> redis.execute((RedisCallback<Boolean>) connection -> {
            connection.execute("ACL", bytes("SETUSER"), bytes("default"), bytes("+xtrim"));
            return true;
        }));

        assertThatExceptionOfType(EventLogException.class)
                .isThrownBy(() -> log.add(event(1)))
                .satisfies(refused -> assertThat(refused).isNotInstanceOf(AddOutcomeUnknownException.class));
        assertThatExceptionOfType(EventLogException.class)
                .isThrownBy(() -> log.complete(event(1)))
                .satisfies(refused -> assertThat(refused).isNotInstanceOf(AddOutcomeUnknownException.class));
        assertThat(log.size()).isEqualTo(3);
        assertThat(log.isComplete()).isFalse();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void logWithOnlyOldEventsIsReadAsEmpty() {
        EventLog log = log(options -> {});
        List<EventId> ids = addOld(log, HOUR.multipliedBy(3), 3);

        assertThat(log.read(Tail.all())).isEmpty();
        assertThat(log.exists()).isTrue();
        assertThat(log.lastId()).hasValue(ids.get(2));
        Collected<Event> followed = Collected.events();
        closeLater(log.follow(Tail.all(), followed));
        log.add(event(1));
        await().until(() -> followed.count() == 1);
        assertThat(followed.gaps()).isEmpty();
        Collected<Event> resumed = Collected.events();
        closeLater(log.follow(Tail.after(ids.get(2)), resumed));
        await().until(() -> resumed.count() == 1);
        assertThat(resumed.gaps()).as("no event came after its position").isEmpty();
    }

    @Test
    void invalidOptionsAreRefused() {
        EventLogOptions.Builder options = EventLogOptions.builder();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> options.maxAge(Duration.ofSeconds(-1)))
                .withMessageContaining("maxAge PT-1S")
                .withMessageContaining("or 0");
        assertThatIllegalArgumentException().isThrownBy(() -> options.maxAge(Duration.ofNanos(1)));
        assertThat(options.build().hasMaxAge()).isFalse();
        EventLogOptions week = options.maxAge(Duration.ofDays(7)).build();
        assertThat(week.hasMaxAge()).isTrue();
        assertThat(week)
                .hasToString(week.toBuilder().build().toString())
                .isEqualTo(week.toBuilder().build());
        assertThat(week).isNotEqualTo(EventLogOptions.builder().build());
        assertThat(week.toString()).contains("max-age PT168H");
        assertThat(week.toBuilder().maxAge(Duration.ZERO).build())
                .isEqualTo(EventLogOptions.builder().build());
    }

    @Test
    void propertiesConfigureTheMaxAge() {
        EventLogFactory configured = newFactory(
                "eventlog.max-age=7d",
                "eventlog.overrides[0].pattern=short:*",
                "eventlog.overrides[0].max-age=PT1H",
                "eventlog.overrides[1].pattern=long:*",
                "eventlog.overrides[1].max-age=0");

        assertThat(configured.create("any").options().maxAge()).isEqualTo(Duration.ofDays(7));
        assertThat(configured.create("short:1").options().maxAge()).isEqualTo(HOUR);
        assertThat(configured.create("long:1").options().hasMaxAge()).isFalse();
    }
}
