package dev.eventlog.faults;

import static dev.eventlog.test.LogTests.await;
import static dev.eventlog.test.LogTests.event;
import static dev.eventlog.test.LogTests.events;
import static dev.eventlog.test.LogTests.numbers;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.eventlog.AddOptions;
import dev.eventlog.AddOutcomeUnknownException;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogException;
import dev.eventlog.EventLogOptions;
import dev.eventlog.EventLogUnavailableException;
import dev.eventlog.Tail;
import dev.eventlog.test.EmbeddedRedis;
import dev.eventlog.test.TcpProxy;
import dev.eventlog.test.TestApplication;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.retry.RetryException;
import org.springframework.core.retry.RetryPolicy;
import org.springframework.core.retry.RetryTemplate;

/** Adds that Redis executes but whose reply is lost. They must not be sent again. */
@Tag("faults")
class UnknownOutcomeTests {

    /** The kinds of adds, each with another command. */
    enum Way {
        ONE(log -> log.add(event(1)), 1, options -> {}),
        ONE_TRIMMED(log -> log.add(event(1)), 1, options -> options.maxLength(100)),
        ONE_EXPIRING(log -> log.add(event(1)), 1, options -> options.ttlAfterLastAdd(Duration.ofHours(1))),
        THREE(log -> log.addAll(events(1, 4)), 3, options -> {});

        private final Consumer<EventLog> add;
        private final int count;
        private final Consumer<EventLogOptions.Builder> options;

        Way(Consumer<EventLog> add, int count, Consumer<EventLogOptions.Builder> options) {
            this.add = add;
            this.count = count;
            this.options = options;
        }
    }

    private final EmbeddedRedis redis = EmbeddedRedis.inMemory();
    private final TcpProxy proxy = new TcpProxy(redis.uri());
    private final ConfigurableApplicationContext application = TestApplication.startOn(
            proxy.uri(), "spring.data.redis.timeout=500ms", "spring.data.redis.connect-timeout=1s");

    @AfterEach
    void close() {
        application.close();
        proxy.close();
        redis.close();
    }

    @ParameterizedTest
    @EnumSource
    void outcomeIsUnknownIfTheConnectionIsCut(Way way) {
        EventLog log = TestApplication.factory(application).create("log", way.options);
        addFirst(log);
        proxy.swallow();
        CompletableFuture<Void> add = CompletableFuture.runAsync(() -> way.add.accept(log));
        await().until(() -> length() == 1 + way.count);
        proxy.pass();
        proxy.cut();

        assertThatExceptionOfType(CompletionException.class)
                .isThrownBy(add::join)
                .withCauseInstanceOf(AddOutcomeUnknownException.class);
        assertAddedOnce(log, way);
    }

    @ParameterizedTest
    @EnumSource
    void outcomeIsUnknownIfNoAnswerArrives(Way way) {
        EventLog log = TestApplication.factory(application).create("log", way.options);
        addFirst(log);
        proxy.swallow();
        assertThatExceptionOfType(AddOutcomeUnknownException.class).isThrownBy(() -> way.add.accept(log));
        proxy.pass();
        proxy.cut();
        assertAddedOnce(log, way);
    }

    /** A typical retry policy. It does not include unknown outcomes. */
    @ParameterizedTest
    @EnumSource
    void retriesWhileRedisIsUnavailableAddOnce(Way way) {
        EventLog log = TestApplication.factory(application).create("log", way.options);
        addFirst(log);
        RetryTemplate whileUnavailable = new RetryTemplate(RetryPolicy.builder()
                .includes(EventLogUnavailableException.class)
                .delay(Duration.ofMillis(10))
                .build());
        AtomicInteger attempts = new AtomicInteger();
        proxy.swallow();
        assertThatExceptionOfType(RetryException.class)
                .isThrownBy(() -> whileUnavailable.execute(() -> {
                    attempts.incrementAndGet();
                    way.add.accept(log);
                    return true;
                }))
                .withCauseInstanceOf(AddOutcomeUnknownException.class);
        proxy.pass();
        proxy.cut();
        assertThat(attempts).hasValue(1);
        assertAddedOnce(log, way);
    }

    @ParameterizedTest
    @EnumSource
    void retriesWithAnIdempotencyKeyAddOnce(Way way) {
        EventLog log = TestApplication.factory(application).create("log", way.options);
        addFirst(log);
        AddOptions once = AddOptions.idempotent("once");
        RetryTemplate untilAnswered = new RetryTemplate(RetryPolicy.builder()
                .includes(EventLogUnavailableException.class, AddOutcomeUnknownException.class)
                .maxRetries(100)
                .delay(Duration.ofMillis(50))
                .build());
        AtomicInteger attempts = new AtomicInteger();
        proxy.swallow();
        List<EventId> ids = untilAnswered.invoke(() -> {
            if (attempts.incrementAndGet() == 2) {
                proxy.pass();
                proxy.cut();
            }
            return log.addAll(events(1, 1 + way.count), once);
        });
        assertThat(attempts).hasValueGreaterThan(1);
        assertThat(ids).hasSize(way.count);
        assertAddedOnce(log, way);
    }

    /** Commands that the driver sends again come before later commands. */
    private void assertAddedOnce(EventLog log, Way way) {
        int marker = 1_000;
        await().ignoreExceptions().until(() -> log.add(event(marker)) != null);
        List<Integer> numbers = numbers(log.read(Tail.all()));
        assertThat(numbers).endsWith(marker).doesNotHaveDuplicates().hasSize(2 + way.count);
    }

    /** A connection that a driver may consider open. */
    @Test
    void connectionsCutDuringTheirHandshakeAreGivenUp() {
        EventLog log = TestApplication.factory(application).create("log");
        await().ignoreExceptions().until(() -> log.add(event(0)) != null);
        proxy.cutInsteadOfReplyAfter(1);
        proxy.cut();
        for (int i = 0; i < 3; i++) {
            assertThatExceptionOfType(EventLogException.class).isThrownBy(() -> log.add(event(1)));
        }
        proxy.pass();
        await().ignoreExceptionsInstanceOf(EventLogUnavailableException.class).until(() -> log.size() >= 1);
        log.add(event(2));
    }

    /** Then the driver is connected, and Redis has the script. */
    private static void addFirst(EventLog log) {
        await().ignoreExceptions()
                .until(() -> log.size() == 0); // opens the connection, which can take long on a busy machine
        log.addAll(events(0, 1));
    }

    /** Nothing was sent on it, so the caller need not know. */
    @Test
    void callThatOpensAConnectionDoesNotSeeThatItWasCut() {
        EventLog log = TestApplication.factory(application).create("log");
        proxy.cutOneInsteadOfReplyAfter(1);
        log.add(event(1));
        assertThat(numbers(log.read(Tail.all()))).containsExactly(1);
        assertThat(proxy.swallowed()).isEqualTo(1);
    }

    /** Whenever connections are cut, an event is added at most once, and exactly once if there was an answer. */
    @Test
    void addsWithAnAnswerAreStoredOnceWhileConnectionsAreCut() {
        EventLog log = TestApplication.factory(application).create("log");
        AtomicInteger answered = new AtomicInteger();
        CompletableFuture<Void> cutting = CompletableFuture.runAsync(() -> {
            while (answered.get() < 20) {
                int before = answered.get();
                await().until(() -> answered.get() > before);
                proxy.cutInsteadOfReply();
                long swallowed = proxy.swallowed();
                await().until(() -> proxy.swallowed() > swallowed || answered.get() >= 20);
                proxy.pass();
            }
        });
        List<Integer> sure = new ArrayList<>();
        List<Integer> notSent = new ArrayList<>();
        int attempts = 0;
        while (answered.get() < 20) {
            int number = attempts++;
            try {
                log.add(event(number));
                sure.add(number);
                answered.incrementAndGet();
            } catch (AddOutcomeUnknownException unknown) {
                // the event may have been added
            } catch (EventLogUnavailableException notConnected) { // the first reply cut a new connection
                notSent.add(number);
            }
        }
        cutting.join();
        List<Integer> numbers = numbers(log.read(Tail.all()));
        assertThat(numbers).doesNotHaveDuplicates().isSorted().containsAll(sure);
        assertThat(numbers).filteredOn(notSent::contains).isEmpty();
    }

    private int length() {
        return Integer.parseInt(String.valueOf(redis.ask("XLEN", "log")));
    }
}
