package dev.eventlog.behaviour;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.eventlog.AddOptions;
import dev.eventlog.Event;
import dev.eventlog.EventGapException;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogCompletedException;
import dev.eventlog.Folded;
import dev.eventlog.Gap;
import dev.eventlog.Tail;
import dev.eventlog.TypedEvent;
import dev.eventlog.TypedEventLog;
import dev.eventlog.UnexpectedLastIdException;
import dev.eventlog.test.LogTests;
import dev.eventlog.test.TestRedis;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;
import org.springframework.core.retry.RetryPolicy;
import org.springframework.data.redis.connection.stream.RecordId;

/** Folds all events of a log to a state, and adds events that depend on it. */
class FoldTests extends LogTests {

    private static final BiFunction<Integer, Event, Integer> SUM =
            (sum, event) -> sum + Integer.parseInt(event.fields().getOrDefault("n", "0"));

    private static final BiFunction<List<Integer>, Event, List<Integer>> ALL = (all, event) -> {
        all.add(Integer.valueOf(event.fields().getOrDefault("n", "0")));
        return all;
    };

    @Test
    void foldReturnsTheStateOfAllEventsAndTheLastId() {
        EventLog log = newLog();
        List<EventId> ids = log.addAll(events(0, 2_500));

        Folded<List<Integer>> folded = log.fold(new ArrayList<>(), ALL);

        assertThat(folded.state()).isEqualTo(range(0, 2_500));
        assertThat(folded.lastId()).isEqualTo(ids.get(2_499));
    }

    @Test
    void foldOfAMissingLogReturnsTheInitialState() {
        EventLog log = newLog();
        Folded<Integer> folded = log.fold(7, SUM);

        assertThat(folded).isEqualTo(new Folded<>(7, EventId.MIN));
        log.add(event(1), AddOptions.ifLast(folded.lastId()));
    }

    @Test
    void foldOfACompleteLogSucceedsAndUpdateFails() {
        EventLog log = newLog();
        List<EventId> ids = log.addAll(events(0, 5));
        log.complete();

        assertThat(log.fold(0, SUM)).isEqualTo(new Folded<>(10, ids.get(4)));
        assertThatExceptionOfType(EventLogCompletedException.class)
                .isThrownBy(() -> log.update(0, SUM, sum -> List.of(event(sum))));
        EventLog empty = newLog();
        empty.complete();
        assertThat(empty.fold(3, SUM)).isEqualTo(new Folded<>(3, EventId.MIN));
    }

    @Test
    void foldReadsLargeEvents() {
        EventLog log = newLog();
        String large = "x".repeat(400_000);
        for (int i = 0; i < 8; i++) {
            log.add(Map.of("n", i, "large", large));
        }

        assertThat(log.fold(new ArrayList<>(), ALL).state()).isEqualTo(range(0, 8));
    }

    @Test
    void foldFailsIfTheFirstEventsAreGone() {
        EventLog log = newLog();
        List<EventId> ids = log.addAll(events(0, 500));
        redis.opsForStream().trim(log.name(), 100);

        if (!TestRedis.get().isAtLeast(7)) { // Redis 6.2 does not count
            assertThat(log.fold(new ArrayList<>(), ALL).state()).isEqualTo(range(400, 500));
            return;
        }
        EventGapException gone = catchThrowableOfType(EventGapException.class, () -> log.fold(new ArrayList<>(), ALL));
        assertThat(gone)
                .hasMessageContaining("Log '" + log.name() + "'")
                .hasMessageContaining("400 events")
                .hasMessageContaining("max-length");
        assertThat(gone.gap())
                .isEqualTo(new Gap(log.name(), Gap.Kind.REMOVED, EventId.MIN, ids.get(400), OptionalLong.of(400)));
        assertThatExceptionOfType(EventGapException.class)
                .isThrownBy(() -> log.update(0, SUM, sum -> List.of(event(sum))));
        assertThat(log.size()).isEqualTo(100);
    }

    @Test
    void foldOfALogTrimmedToItsMaxLengthFailsOnEveryRedis() {
        EventLog log = newLog(options -> options.maxLength(100));
        for (int i = 0; i < 50; i++) {
            log.addAll(events(10 * i, 10 * i + 10));
        }

        assertThat(log.size()).isLessThan(500);
        assertThatExceptionOfType(EventGapException.class).isThrownBy(() -> log.fold(0, SUM));
    }

    @Test
    void foldFailsIfAllEventsAreGone() {
        EventLog log = newLog();
        log.addAll(events(0, 5));
        redis.opsForStream().trim(log.name(), 0);

        assertThatExceptionOfType(EventGapException.class).isThrownBy(() -> log.fold(0, SUM));
    }

    @Test
    void foldIgnoresTheLimitsOfItsHandle() {
        EventLog whole = newLog();
        whole.addAll(events(0, 500));
        EventLog reader = factory.create(whole.name(), options -> options.maxLength(100));

        assertThat(reader.read(Tail.all())).hasSize(100);
        if (TestRedis.get().isAtLeast(7)) {
            assertThat(reader.fold(new ArrayList<>(), ALL).state()).isEqualTo(range(0, 500));
        } else { // Redis 6.2 does not count, so the log may have been trimmed
            assertThatExceptionOfType(EventGapException.class).isThrownBy(() -> reader.fold(0, SUM));
        }
        EventLog aged = factory.create(whole.name(), options -> options.maxAge(Duration.ofMillis(1)));
        await().until(() -> aged.read(Tail.all()).isEmpty());
        assertThat(aged.fold(new ArrayList<>(), ALL).state()).isEqualTo(range(0, 500));
    }

    @Test
    void foldAcceptsARetractedEvent() {
        EventLog log = newLog();
        List<EventId> ids = log.addAll(events(0, 10));
        deleteEvent(log, ids.get(4));

        assertThat(log.fold(0, SUM)).isEqualTo(new Folded<>(41, ids.get(9)));
        deleteEvent(log, ids.get(9));
        if (!TestRedis.get().isAtLeast(7)) {
            Folded<Integer> folded = log.fold(0, SUM);
            assertThat(folded).as("the newest id that the log ever had").isEqualTo(new Folded<>(32, ids.get(9)));
            assertThat(log.update(0, SUM, sum -> List.of(event(sum)))).hasSize(1);
        } else { // by the counts, one of the two may have been trimmed
            assertThatExceptionOfType(EventGapException.class).isThrownBy(() -> log.fold(0, SUM));
        }
    }

    private void deleteEvent(EventLog log, EventId id) {
        redis.opsForStream().delete(log.name(), RecordId.of(id.toString()));
    }

    @Test
    @SuppressWarnings("NullAway") // the test passes null on purpose
    void exceptionsOfTheFunctionsAreThrown() {
        EventLog log = newLog();
        log.addAll(events(0, 3));

        assertThatExceptionOfType(ArithmeticException.class)
                .isThrownBy(() -> log.fold(0, (sum, event) -> Math.floorDiv(sum, 0)));
        assertThatExceptionOfType(ArithmeticException.class)
                .isThrownBy(() -> log.update(0, SUM, sum -> {
                    throw new ArithmeticException("decided so");
                }));
        assertThatExceptionOfType(NoClassDefFoundError.class)
                .isThrownBy(() -> log.update(0, SUM, sum -> {
                    throw new NoClassDefFoundError("an error");
                }));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> log.update(0, SUM, sum -> null))
                .withMessageContaining("must not be null");
        assertThatIllegalArgumentException().isThrownBy(() -> log.fold(0, null));
        assertThat(log.size()).isEqualTo(3);
    }

    sealed interface Entry {
        record Paid(int amount) implements Entry {}

        record Spent(int amount) implements Entry {}
    }

    private static int balance(int balance, TypedEvent<Entry> event) {
        return event.value() instanceof Entry.Paid paid
                ? balance + paid.amount()
                : balance - ((Entry.Spent) event.value()).amount();
    }

    private static List<Entry> spend(int balance, int amount) {
        return balance >= amount ? List.of(new Entry.Spent(amount)) : List.of();
    }

    @Test
    void concurrentUpdatesNeverOverdrawAnAccount() throws Exception {
        TypedEventLog<Entry> account = factory.create(newName(), Entry.class);
        account.add(new Entry.Paid(50));
        AtomicInteger spent = new AtomicInteger();
        ExecutorService threads = Executors.newFixedThreadPool(6);
        closeLater(threads::shutdownNow);
        RetryPolicy patient = RetryPolicy.builder()
                .maxRetries(1_000)
                .delay(Duration.ofMillis(1))
                .jitter(Duration.ofMillis(1))
                .build();
        List<Future<?>> all = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            all.add(threads.submit(() -> {
                for (int n = 0; n < 12; n++) {
                    List<EventId> added = account.update(0, FoldTests::balance, balance -> spend(balance, 1), patient);
                    spent.addAndGet(added.size());
                }
            }));
        }
        for (Future<?> one : all) {
            one.get(60, TimeUnit.SECONDS);
        }

        assertThat(spent).hasValue(50);
        assertThat(account.fold(0, FoldTests::balance).state()).isZero();
        assertThat(account.update(0, FoldTests::balance, balance -> spend(balance, 1)))
                .isEmpty();
        assertThat(account.size()).isEqualTo(51);
    }

    record Booking(int amount) {}

    @Test
    void updateDecidesByTheBalanceOfAnAccount() {
        TypedEventLog<Booking> account = factory.create(newName(), Booking.class);
        account.addAll(List.of(new Booking(50), new Booking(-10)));
        // tag::fold[]
        Folded<Integer> balance =
                account.fold(0, (sum, event) -> sum + event.value().amount());
        // end::fold[]
        // tag::update[]
        List<EventId> added = account.update(
                0,
                (sum, event) -> sum + event.value().amount(),
                sum -> sum >= 30 ? List.of(new Booking(-30)) : List.of());
        // end::update[]
        assertThat(balance.state()).isEqualTo(40);
        assertThat(added).hasSize(1);
        assertThat(account.fold(0, (sum, event) -> sum + event.value().amount()))
                .isEqualTo(new Folded<>(10, added.get(0)));
    }

    @Test
    void updateFoldsConcurrentEventsOnce() {
        EventLog log = newLog();
        log.addAll(events(0, 3));
        List<List<Integer>> decidedBy = new ArrayList<>();

        List<EventId> added = log.update(new ArrayList<>(), ALL, all -> {
            decidedBy.add(List.copyOf(all));
            if (decidedBy.size() < 3) {
                log.add(event(10 * decidedBy.size()));
            }
            return List.of(event(100), event(101));
        });

        assertThat(decidedBy).containsExactly(List.of(0, 1, 2), List.of(0, 1, 2, 10), List.of(0, 1, 2, 10, 20));
        assertThat(numbers(log.read(Tail.all()))).containsExactly(0, 1, 2, 10, 20, 100, 101);
        assertThat(ids(log.read(Tail.last(2)))).isEqualTo(added);
    }

    @Test
    void lastingConflictFailsAndAddsNothing() {
        EventLog log = newLog();
        AtomicInteger tries = new AtomicInteger();

        assertThatExceptionOfType(UnexpectedLastIdException.class)
                .isThrownBy(() -> log.update(
                        0,
                        SUM,
                        sum -> {
                            log.add(event(1));
                            tries.incrementAndGet();
                            return List.of(event(100));
                        },
                        RetryPolicy.builder()
                                .maxRetries(2)
                                .delay(Duration.ofMillis(1))
                                .build()));

        assertThat(tries).hasValue(3);
        assertThat(numbers(log.read(Tail.all()))).containsExactly(1, 1, 1);
    }

    @Test
    void updateFailsWithAGapIfTheLogIsDeletedMeanwhile() {
        EventLog log = newLog();
        log.addAll(events(0, 3));

        EventGapException gone = catchThrowableOfType(
                EventGapException.class,
                () -> log.update(0, SUM, sum -> {
                    log.delete();
                    return List.of(event(100));
                }));

        assertThat(gone.gap().kind()).isEqualTo(Gap.Kind.BEGAN_AGAIN);
        assertThat(log.exists()).isFalse();
    }

    @Test
    void interruptedUpdateStopsRetrying() {
        EventLog log = newLog();
        RetryPolicy slow = RetryPolicy.builder()
                .maxRetries(5)
                .delay(Duration.ofSeconds(30))
                .build();

        assertThatExceptionOfType(UnexpectedLastIdException.class)
                .isThrownBy(() -> log.update(
                        0,
                        SUM,
                        sum -> {
                            log.add(event(1));
                            closeLater(interruptSoon(Thread.currentThread()));
                            return List.of(event(100));
                        },
                        slow));
        assertThat(Thread.interrupted()).isTrue();
    }

    private static AutoCloseable interruptSoon(Thread thread) {
        Thread interrupting = new Thread(() -> {
            await().until(() -> sleepsBetweenTries(thread.getStackTrace()));
            thread.interrupt();
        });
        interrupting.start();
        return interrupting::join;
    }

    /** Within a try, the thread waits for Redis instead. */
    private static boolean sleepsBetweenTries(StackTraceElement[] calls) {
        return calls.length > 0
                && calls[0].getMethodName().startsWith("sleep")
                && List.of(calls).toString().contains("RetryTemplate");
    }
}
