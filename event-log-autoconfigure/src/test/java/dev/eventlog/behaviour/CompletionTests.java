package dev.eventlog.behaviour;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.eventlog.AddOptions;
import dev.eventlog.Completion;
import dev.eventlog.Completion.Kind;
import dev.eventlog.Event;
import dev.eventlog.EventBatchListener;
import dev.eventlog.EventGapException;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogCompletedException;
import dev.eventlog.EventLogFactory;
import dev.eventlog.EventLogFailedException;
import dev.eventlog.Follower;
import dev.eventlog.Follower.EndReason;
import dev.eventlog.Gap;
import dev.eventlog.Tail;
import dev.eventlog.TypedEvent;
import dev.eventlog.TypedEventLog;
import dev.eventlog.reactor.EventFlux;
import dev.eventlog.test.Collected;
import dev.eventlog.test.LogTests;
import dev.eventlog.test.TestSubscriber;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.core.retry.RetryPolicy;
import org.springframework.dao.DataAccessException;
import org.springframework.data.domain.Range;
import org.springframework.data.redis.core.RedisCallback;

/** Logs that are completed. */
class CompletionTests extends LogTests {

    private static final String GREATEST = EventId.MAX.toString();
    private static final Duration HOUR = Duration.ofHours(1);

    // --- complete logs and their readers ---

    @Test
    void completedLogIsCompleteAndKeepsItsEvents() {
        EventLog log = newLog();
        List<EventId> ids = log.addAll(events(0, 5));
        assertThat(log.isComplete()).isFalse();
        assertThat(log.completion()).isEmpty();

        assertThat(log.complete()).isTrue();
        assertThat(log.isComplete()).isTrue();
        assertThat(log.completion()).contains(Completion.done());
        assertThat(log.exists()).isTrue();
        assertThat(log.size()).isEqualTo(5);
        assertThat(log.lastId()).contains(ids.get(4));
        assertThat(ids(log.read(Tail.all()))).isEqualTo(ids);
        for (int count = 0; count <= 6; count++) {
            assertThat(ids(log.read(Tail.last(count)))).isEqualTo(ids.subList(Math.max(0, 5 - count), 5));
        }
        assertThat(log.read(Tail.after(ids.get(4)))).isEmpty();
        assertThat(log.read(Tail.after(EventId.MAX))).isEmpty();
        assertThat(log.read(Tail.from(EventId.MAX))).isEmpty();
        assertThat(newFactory().create(log.name()).isComplete())
                .as("in another process")
                .isTrue();
    }

    /** A page can end at the closing entry, which is not an event. */
    @Test
    void pagesOfACompleteLogHaveAllEvents() {
        EventLogFactory pages = newFactory("eventlog.read.page-size=1");
        for (int size = 0; size < 4; size++) {
            EventLog log = pages.create(newName());
            List<EventId> ids = log.addAll(events(0, size));
            log.complete();
            assertThat(ids(log.read(Tail.all()))).isEqualTo(ids);
            assertThat(ids(log.read(Tail.last(2)))).isEqualTo(ids.subList(Math.max(0, size - 2), size));
        }
    }

    @Test
    void emptyLogCanBeCompleted() {
        EventLog log = newLog();
        assertThat(log.cancel("not needed")).isTrue();
        assertThat(log.completion()).contains(Completion.cancelled("not needed"));
        assertThat(log.exists()).isTrue();
        assertThat(log.size()).isZero();
        assertThat(log.lastId()).isEmpty();
        assertThat(log.read(Tail.all())).isEmpty();
        assertRefused(log, Completion.cancelled("not needed"));
    }

    @Test
    void lastEventIsAddedWithTheCompletion() {
        EventLog log = newLog(options -> options.ttlAfterLastAdd(HOUR).maxLength(100));
        log.add(event(0));
        EventId last = log.complete(event(1));
        assertThat(numbers(log.read(Tail.all()))).containsExactly(0, 1);
        assertThat(log.lastId()).contains(last);
        assertThat(log.completion()).contains(Completion.done());
        assertThat(log.complete(event(1))).as("repeated").isEqualTo(last);
        assertThat(log.complete()).as("repeated without the event").isFalse();
        assertThatExceptionOfType(EventLogCompletedException.class).isThrownBy(() -> log.complete(event(2)));
        assertThat(numbers(log.read(Tail.all()))).containsExactly(0, 1);
    }

    @Test
    void typedLogCanBeCompleted() {
        record Step(String name) {}
        TypedEventLog<Step> log = factory.create(newName(), Step.class);
        Collected<TypedEvent<Step>> listener = Collected.and(batch -> {});
        Follower follower = log.follow(Tail.all(), listener);
        log.add(new Step("first"));
        EventId last = log.complete(new Step("last"));
        assertEnded(follower, EndReason.COMPLETED);
        assertThat(listener.all()).extracting(TypedEvent::value).containsExactly(new Step("first"), new Step("last"));
        assertThat(listener.calls()).endsWith(Completion.done());
        assertThat(log.lastId()).contains(last);
        assertThat(log.isComplete()).isTrue();
        assertThat(log.size()).isEqualTo(2);
        assertThatExceptionOfType(EventLogCompletedException.class).isThrownBy(() -> log.add(new Step("late")));
        assertThatExceptionOfType(EventLogCompletedException.class).isThrownBy(() -> log.completeExceptionally("late"));
    }

    @Test
    void repeatedCompletionDoesNothingAndADifferentOneIsRefused() {
        List<Completion> ways = List.of(
                Completion.done(),
                Completion.failed("no memory"),
                Completion.failed(null),
                Completion.failed(""),
                Completion.cancelled("no memory"));
        for (Completion first : ways) {
            EventLog log = newLog();
            log.add(event(0));
            assertThat(log.completeAs(first)).isTrue();
            for (Completion second : ways) {
                if (first.equals(second)) {
                    assertThat(log.completeAs(second)).isFalse();
                } else {
                    assertThatExceptionOfType(EventLogCompletedException.class)
                            .isThrownBy(() -> log.completeAs(second))
                            .satisfies(
                                    refused -> assertThat(refused.completion()).isEqualTo(first));
                }
            }
            assertThat(log.completion()).contains(first);
        }
    }

    @Test
    void unknownCompletionIsRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> newLog().completeAs(new Completion(Kind.UNKNOWN, null)))
                .withMessageContaining("use done, failed, or cancelled");
    }

    // --- adds ---

    /** All kinds of adds. */
    private enum Way {
        PLAIN((log, once) -> log.add(event(9))),
        ALL((log, once) -> log.addAll(events(9, 12))),
        ONCE((log, once) -> log.add(event(9), AddOptions.idempotent(once))),
        IF_LAST((log, once) -> log.add(event(9), AddOptions.ifLast(log.lastId().orElseThrow()))),
        IF_ANOTHER_WAS_LAST((log, once) -> log.add(event(9), AddOptions.ifLast(new EventId(5, 5)))),
        IF_ABSENT((log, once) -> log.add(event(9), AddOptions.ifAbsent()));

        final BiConsumer<EventLog, String> add;

        Way(BiConsumer<EventLog, String> add) {
            this.add = add;
        }
    }

    @ParameterizedTest
    @EnumSource
    void completeLogRefusesEveryAdd(Way way) {
        for (boolean expiring : List.of(false, true)) {
            EventLog log = newLog(options -> options.maxLength(3).ttlAfterLastAdd(expiring ? HOUR : Duration.ZERO));
            log.add(event(0));
            log.completeExceptionally("no memory");
            String once = log.name() + ":key";
            assertThatExceptionOfType(EventLogCompletedException.class)
                    .isThrownBy(() -> way.add.accept(log, once))
                    .satisfies(refused -> {
                        assertThat(refused.completion()).isEqualTo(Completion.failed("no memory"));
                        assertThat(refused)
                                .hasMessageContaining(log.name())
                                .hasMessageContaining("failed (no memory)")
                                .hasMessageContaining("Delete it to begin again");
                    });
            assertThat(numbers(log.read(Tail.all()))).containsExactly(0);
        }
    }

    /** A raw connection, like that of redis-cli or another language. */
    @Test
    void redisRefusesEveryClientThatAddsToACompleteLog() {
        EventLog log = newLog();
        log.add(event(0));
        log.complete();
        for (String command : List.of(
                "XADD %s * n 1",
                "XADD %s MAXLEN ~ 5 * n 1",
                "XADD %s NOMKSTREAM * n 1",
                "XADD %s 5-5 n 1",
                "XADD %s " + GREATEST + " n 1")) {
            assertThatExceptionOfType(DataAccessException.class)
                    .isThrownBy(() -> ask(command.formatted(log.name()).split(" ")))
                    .satisfies(refused -> assertThat(refused.getCause()).isNotNull());
        }
        assertThat(log.size()).isEqualTo(1);
        redis.opsForStream().delete(log.name(), GREATEST);
        assertThatExceptionOfType(DataAccessException.class).isThrownBy(() -> ask("XADD", log.name(), "*", "n", "1"));
    }

    @Test
    void repeatedIdempotentAddToACompleteLogReturnsItsId() {
        EventLog log = newLog(options -> options.maxLength(100));
        deleteLater(log.name() + ":once:{" + log.name() + "}:paid");
        EventId id = log.add(event(0), AddOptions.idempotent("paid"));
        log.complete();
        assertThat(log.add(event(0), AddOptions.idempotent("paid"))).isEqualTo(id);
    }

    @Test
    void deletedLogBeginsAgain() {
        EventLog log = newLog();
        log.add(event(0));
        log.complete();
        log.delete();
        assertThat(log.isComplete()).isFalse();
        log.add(event(1));
        assertThat(numbers(log.read(Tail.all()))).containsExactly(1);
    }

    // --- limits ---

    @Test
    void completionTrimsNoEvent() {
        for (boolean withLastEvent : List.of(false, true)) {
            EventLog log = newLog(options -> options.maxLength(3));
            log.addAll(events(0, withLastEvent ? 2 : 3));
            if (withLastEvent) {
                log.complete(event(2));
            } else {
                log.complete();
            }
            assertThat(numbers(log.read(Tail.all()))).containsExactly(0, 1, 2);
            assertThat(log.size()).isEqualTo(3);
            Collected<Event> listener = Collected.events();
            assertEnded(log.follow(Tail.all(), listener), EndReason.COMPLETED);
            assertThat(numbers(listener.all())).containsExactly(0, 1, 2);
            assertThat(listener.gaps()).isEmpty();
        }
    }

    @Test
    void completionRenewsTheTtl() {
        EventLog log = newLog(options -> options.ttlAfterLastAdd(HOUR));
        log.add(event(0));
        ask("PEXPIRE", log.name(), "60000");
        log.complete();
        assertThat(ttl(log)).isGreaterThan(Duration.ofMinutes(59).toMillis());
    }

    @Test
    void completeLogHasItsOwnTtl() {
        EventLog log = newLog(options -> options.ttlAfterLastAdd(HOUR).ttlAfterCompletion(Duration.ofMinutes(5)));
        log.add(event(0));
        assertThat(ttl(log)).isGreaterThan(Duration.ofMinutes(59).toMillis());
        log.complete();
        assertThat(ttl(log)).isBetween(1L, Duration.ofMinutes(5).toMillis());
        assertThat(log.complete()).isFalse();

        EventLog expires = newLog(options -> options.ttlAfterCompletion(Duration.ofMillis(50)));
        expires.add(event(0));
        assertThat(ttl(expires)).as("no expiry").isEqualTo(-1);
        expires.complete();
        await().until(() -> !expires.exists());
        assertThat(expires.isComplete()).isFalse();
    }

    // --- followers ---

    @Test
    void followerReceivesTheLastEventAndThenTheCompletionAndEnds() {
        EventLog log = newLog();
        log.add(event(0));
        Collected<Event> listener = Collected.events();
        Follower follower = log.follow(Tail.all(), listener);
        Collected<Event> live = Collected.events();
        Follower second = log.follow(Tail.newOnly(), live);
        await().until(() -> listener.count() == 1);
        log.add(event(1));
        log.completeExceptionally("no memory");

        assertEnded(follower, EndReason.COMPLETED);
        assertEnded(second, EndReason.COMPLETED);
        assertThat(numbers(listener.all())).containsExactly(0, 1);
        assertThat(listener.calls()).endsWith(Completion.failed("no memory"));
        assertThat(listener.calls()).filteredOn(Completion.class::isInstance).hasSize(1);
        assertThat(listener.failure()).isNull();
        assertThat(numbers(live.all())).containsExactly(1);
        assertThat(live.calls()).endsWith(Completion.failed("no memory"));
        assertThat(follower.position()).isEqualTo(EventId.MAX);
    }

    @Test
    void followerOfAMissingLogReceivesItsCompletionWithoutAnEvent() {
        EventLog log = newLog();
        Collected<Event> listener = Collected.events();
        Follower follower = log.follow(Tail.all(), listener);
        await().until(() -> listener.calls().contains(Collected.CAUGHT_UP));
        log.complete();
        assertEnded(follower, EndReason.COMPLETED);
        assertThat(listener.calls()).containsExactly(Collected.CAUGHT_UP, Completion.done());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 30})
    void followerOfACompleteLogReceivesAllEventsAndTheCompletion(int size) {
        EventLog log = newLog();
        List<EventId> ids = log.addAll(events(0, size));
        log.complete();
        Collected<Event> all = followed(log, Tail.all());
        assertThat(ids(all.all())).isEqualTo(ids);
        assertThat(all.calls()).endsWith(Collected.CAUGHT_UP, Completion.done());
        for (Tail tail : List.of(
                Tail.newOnly(),
                Tail.last(0),
                Tail.from(EventId.MAX),
                Tail.after(EventId.MAX),
                Tail.after(size == 0 ? EventId.MIN : ids.get(size - 1)))) {
            assertThat(followed(log, tail).calls())
                    .as("%s", tail)
                    .containsExactly(Collected.CAUGHT_UP, Completion.done());
        }
        if (size > 5) {
            assertThat(ids(followed(log, Tail.last(3)).all())).isEqualTo(ids.subList(size - 3, size));
            assertThat(ids(followed(log, Tail.from(ids.get(5))).all())).isEqualTo(ids.subList(5, size));
            assertThat(ids(followed(log, Tail.after(ids.get(5))).all())).isEqualTo(ids.subList(6, size));
        }
    }

    /** Small batches, and a window that is too small for the events. */
    @Test
    void slowFollowerReceivesAllEventsBeforeTheCompletion() {
        EventLogFactory small = newFactory("eventlog.follow.batch-size=3", "eventlog.follow.window-size=4");
        EventLog log = small.create(newName());
        Collected<Event> slow = Collected.and(batch -> TimeUnit.MILLISECONDS.sleep(5));
        Follower follower = log.follow(Tail.all(), slow);
        for (int i = 0; i < 50; i++) {
            log.add(event(i));
        }
        log.complete(event(50));
        assertEnded(follower, EndReason.COMPLETED);
        assertThat(numbers(slow.all())).isEqualTo(range(0, 51));
        assertThat(slow.gaps()).isEmpty();
        assertThat(slow.calls()).endsWith(Completion.done());
    }

    @Test
    void gapIsReportedBeforeTheCompletion() {
        EventLog log = newLog();
        List<EventId> ids = log.addAll(events(0, 10));
        log.complete();
        ask("XTRIM", log.name(), "MAXLEN", "1"); // keeps only the closing entry

        Collected<Event> resumed = followed(log, Tail.after(ids.get(3)));
        assertThat(resumed.all()).isEmpty();
        Gap gap = resumed.gaps().get(0);
        assertThat(gap.kind()).isEqualTo(Gap.Kind.REMOVED);
        assertThat(gap.lastSeen()).isEqualTo(ids.get(3));
        assertThat(gap.firstAvailable()).isEqualTo(EventId.MAX);
        assertThat(resumed.calls()).endsWith(Completion.done());
        assertThat(followed(log, new EventGapException(gap).resume()).calls())
                .containsExactly(Collected.CAUGHT_UP, Completion.done());
        assertThat(followed(log, Tail.after(ids.get(9))).gaps())
                .as("nothing was missed")
                .isEmpty();
        assertThat(log.lastId()).contains(ids.get(9));
        assertThat(log.size()).isZero();
    }

    @Test
    void logStaysCompleteAfterItsClosingEntryWasDeleted() {
        EventLog log = newLog();
        List<EventId> ids = log.addAll(events(0, 4));
        log.completeExceptionally("no memory");
        redis.opsForStream().delete(log.name(), GREATEST);

        assertThat(log.isComplete()).isTrue();
        assertThat(log.completion()).contains(new Completion(Kind.UNKNOWN, null));
        assertThat(log.size()).isEqualTo(4);
        assertThat(log.lastId()).contains(ids.get(3));
        assertThat(ids(log.read(Tail.all()))).isEqualTo(ids);
        assertRefused(log, new Completion(Kind.UNKNOWN, null));
        for (Tail tail : List.of(Tail.all(), Tail.after(ids.get(1)), Tail.after(ids.get(3)), Tail.after(EventId.MAX))) {
            Collected<Event> listener = followed(log, tail);
            assertThat(listener.gaps()).isEmpty();
            assertThat(ids(listener.all())).isEqualTo(ids(log.read(tail)));
            assertThat(listener.calls()).endsWith(new Completion(Kind.UNKNOWN, null));
        }
    }

    @Test
    void eventAtTheGreatestIdIsDeliveredAndCompletesTheLog() {
        EventLog log = newLog();
        EventId id = log.add(event(0));
        addWithId(log, GREATEST);
        Collected<Event> listener = followed(log, Tail.all());
        assertThat(ids(listener.all())).containsExactly(id, EventId.MAX);
        assertThat(listener.calls()).endsWith(new Completion(Kind.UNKNOWN, null));
        assertThat(log.size()).isEqualTo(2);
    }

    /** The command with which another program completes a log. */
    @Test
    void anotherProgramCanCompleteALog() {
        EventLog log = newLog();
        Collected<Event> listener = Collected.events();
        Follower follower = log.follow(Tail.all(), listener);
        EventId id = log.add(event(0));
        ask("XADD", log.name(), GREATEST, "@complete", "cancelled", "@reason", "by hand");
        assertEnded(follower, EndReason.COMPLETED);
        assertThat(ids(listener.all())).containsExactly(id);
        assertThat(listener.calls()).endsWith(Completion.cancelled("by hand"));
        assertThat(log.lastId()).contains(id);
        assertThat(log.size()).isEqualTo(1);
        assertThat(log.cancel("by hand")).isFalse();
    }

    @Test
    void followerAfterTheCompletionReceivesAGapIfTheLogBeganAgain() {
        EventLog log = newLog();
        log.addAll(events(0, 3));
        log.complete();
        log.delete();
        log.add(event(7));
        Collected<Event> listener = Collected.events();
        closeLater(log.follow(Tail.after(EventId.MAX), listener));
        log.add(event(8));
        await().until(() -> listener.count() == 1);
        assertThat(numbers(listener.all())).containsExactly(8);
        assertThat(listener.gaps()).extracting(Gap::kind).containsExactly(Gap.Kind.BEGAN_AGAIN);
    }

    @Test
    void failedOnCompleteIsRetriedOrEndsTheFollower() {
        EventLog log = newLog();
        log.add(event(0));
        log.complete();
        AtomicInteger calls = new AtomicInteger();
        Collected<Event> listener = Collected.and(new EventBatchListener<>() {
            @Override
            public void onBatch(List<Event> batch) {}

            @Override
            public void onComplete(Completion completion) {
                if (calls.incrementAndGet() < 3) {
                    throw new IllegalStateException("not yet");
                }
            }
        });
        Follower follower = log.follow(
                Tail.all(),
                listener,
                options -> options.retry(RetryPolicy.builder()
                        .maxRetries(5)
                        .delay(Duration.ofMillis(1))
                        .build()));
        assertEnded(follower, EndReason.COMPLETED);
        assertThat(calls).hasValue(3);

        calls.set(0);
        Follower fails = log.follow(Tail.all(), listener);
        await().until(() -> !fails.isRunning());
        assertThat(fails.completion().toCompletableFuture())
                .failsWithin(Duration.ofSeconds(5))
                .withThrowableThat()
                .withMessageContaining("not yet");
        assertThat(fails.position()).isNotEqualTo(EventId.MAX);
    }

    // --- publishers and streams ---

    @Test
    void subscriberReceivesTheCompletionWithoutDemand() {
        EventLog log = newLog();
        log.add(event(0));
        TestSubscriber<Event> subscriber = new TestSubscriber<Event>().to(log.publisher(Tail.all()));
        subscriber.request(1);
        await().until(() -> subscriber.all().size() == 1);
        log.complete();
        await().until(subscriber::isCompleted);

        TestSubscriber<Event> late = new TestSubscriber<Event>().to(log.publisher(Tail.newOnly()));
        await().until(late::isCompleted);
        assertThat(subscriber.isBroken() || late.isBroken()).isFalse();
    }

    @Test
    void subscriberOfAFailedLogReceivesAllEventsAndTheFailure() {
        EventLog log = newLog();
        TestSubscriber<Event> subscriber = new TestSubscriber<Event>().to(log.publisher(Tail.all()));
        subscriber.request(Long.MAX_VALUE);
        log.addAll(events(0, 3));
        log.completeExceptionally("no memory");
        EventLogFailedException failure = subscriber.awaitFailure(EventLogFailedException.class);
        assertThat(numbers(subscriber.all())).containsExactly(0, 1, 2);
        assertThat(failure.reason()).isEqualTo("no memory");
        assertThat(failure).hasMessageContaining(log.name()).hasMessageContaining("no memory");
    }

    @Test
    void fluxCompletesWithItsLog() {
        EventLog log = newLog();
        log.addAll(events(0, 3));
        log.cancel(null);
        assertThat(EventFlux.events(log.publisher(Tail.all())).collectList().block(Duration.ofSeconds(10)))
                .hasSize(3);
    }

    @Test
    void streamEndsWithItsLog() {
        EventLog log = newLog();
        List<Event> seen = new CopyOnWriteArrayList<>();
        try (Stream<Event> stream = log.stream(Tail.all())) {
            log.addAll(events(0, 3));
            log.complete();
            stream.forEach(seen::add);
        }
        assertThat(numbers(seen)).containsExactly(0, 1, 2);

        EventLog fails = newLog();
        fails.add(event(0));
        fails.completeExceptionally(null);
        try (Stream<Event> stream = fails.stream(Tail.all())) {
            assertThatExceptionOfType(EventLogFailedException.class).isThrownBy(() -> stream.forEach(seen::add));
        }
        assertThat(numbers(seen)).containsExactly(0, 1, 2, 0);
    }

    // --- both kinds of feed ---

    @ParameterizedTest
    @ValueSource(ints = {0, 8})
    void feedsOfBothKindsDetectTheCompletion(int dedicated) {
        EventLogFactory other = newFactory("eventlog.follow.dedicated-connections=" + dedicated);
        EventLog log = other.create(newName());
        Collected<Event> listener = Collected.events();
        Follower follower = log.follow(Tail.all(), listener);
        log.add(Map.of("n", 0, "large", "x".repeat(20_000)));
        await().until(() -> listener.count() == 1);
        log.complete(event(1));
        assertEnded(follower, EndReason.COMPLETED);
        assertThat(numbers(listener.all())).containsExactly(0, 1);
        assertThat(listener.gaps()).isEmpty();
    }

    /** A reader that does not know completions sees one more entry, the last one. */
    @Test
    void plainRedisClientSeesOneMoreEntry() {
        EventLog log = newLog();
        EventId id = log.add(event(0));
        log.completeExceptionally("no memory");
        assertThat(redis.<String, String>opsForStream().range(log.name(), Range.unbounded()))
                .extracting(entry -> entry.getId() + " " + new TreeMap<>(entry.getValue()))
                .containsExactly(id + " {n=0}", GREATEST + " {@complete=failed, @last=" + id + ", @reason=no memory}");
    }

    private Collected<Event> followed(EventLog log, Tail tail) {
        Collected<Event> listener = Collected.events();
        assertEnded(log.follow(tail, listener), EndReason.COMPLETED);
        return listener;
    }

    private static void assertEnded(Follower follower, EndReason reason) {
        assertThat(follower.completion().toCompletableFuture())
                .succeedsWithin(Duration.ofSeconds(10))
                .isEqualTo(reason);
        assertThat(follower.isRunning()).isFalse();
    }

    private static void assertRefused(EventLog log, Completion completion) {
        assertThatExceptionOfType(EventLogCompletedException.class)
                .isThrownBy(() -> log.add(event(9)))
                .satisfies(refused -> assertThat(refused.completion()).isEqualTo(completion));
    }

    private long ttl(EventLog log) {
        return redis.getExpire(log.name(), TimeUnit.MILLISECONDS);
    }

    private @Nullable Object ask(String... command) {
        byte[][] arguments = Arrays.stream(command)
                .skip(1)
                .map(text -> text.getBytes(StandardCharsets.UTF_8))
                .toArray(byte[][]::new);
        AtomicReference<@Nullable Object> answer = new AtomicReference<>();
        redis.execute((RedisCallback<Boolean>) connection -> {
            answer.set(connection.execute(command[0], arguments));
            return true;
        });
        return answer.get();
    }
}
