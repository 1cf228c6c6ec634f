package dev.eventlog.behaviour;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.eventlog.AlreadyRecordedException;
import dev.eventlog.Completion;
import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogCompletedException;
import dev.eventlog.EventLogException;
import dev.eventlog.EventLogFactory;
import dev.eventlog.EventLogObserver;
import dev.eventlog.RecordOptions;
import dev.eventlog.Recording;
import dev.eventlog.Tail;
import dev.eventlog.TypedEvent;
import dev.eventlog.TypedEventLog;
import dev.eventlog.UnexpectedLastIdException;
import dev.eventlog.test.ChildJvm;
import dev.eventlog.test.Collected;
import dev.eventlog.test.EmbeddedRedis;
import dev.eventlog.test.LogTests;
import dev.eventlog.test.RedisTest;
import dev.eventlog.test.TcpProxy;
import dev.eventlog.test.TestApplication;
import dev.eventlog.test.TestRedis;
import dev.eventlog.test.TestSource;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Flow;
import java.util.concurrent.SubmissionPublisher;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.context.ConfigurableApplicationContext;

/** Recordings of sources into logs. */
@RedisTest(properties = {"eventlog.record.lease=2s", "eventlog.record.key=test:recordings"})
@Timeout(60)
class RecordingTests extends LogTests {

    private final TestSource<Map<String, Object>> source = new TestSource<>();

    @Test
    void logHasAllEventsOfItsSourceAndCompletesWithIt() {
        EventLog log = newLog();
        Collected<Event> reader = Collected.events();
        closeLater(log.follow(Tail.all(), reader));
        CompletableFuture<Completion> completion;
        try (SubmissionPublisher<Map<String, Object>> words = new SubmissionPublisher<>()) {
            completion = log.record(words).completion();
            for (int i = 0; i < 3_000; i++) {
                words.submit(event(i)); // waits for demand
            }
        }
        assertThat(completion.join()).isEqualTo(Completion.done());
        assertThat(numbers(log.read(Tail.all()))).isEqualTo(range(0, 3_000));
        await().until(() -> reader.calls().contains(Completion.done()));
        assertThat(numbers(reader.all())).isEqualTo(range(0, 3_000));
        assertThat(redis.opsForZSet().score("test:recordings", log.name())).isNull();
    }

    @Test
    void eventsAreAddedInBatchesByTimeAndSize() {
        EventLog log = newLog();
        List<Integer> sizes = new CopyOnWriteArrayList<>();
        EventLogObserver observer = new EventLogObserver() {
            @Override
            public List<EventId> onAdd(String name, List<Map<String, String>> events, Add adding) {
                sizes.add(events.size());
                return adding.add(events);
            }
        };
        EventLog observed = TestApplication.factory(closeLater(TestApplication.startWith(
                        EventLogObserver.class, observer, "eventlog.record.key=test:recordings")))
                .create(log.name());
        observed.record(
                source, options -> options.batchTime(Duration.ofMinutes(1)).batchSize(3));
        for (int i = 0; i < 7; i++) {
            source.subscriber().onNext(event(i));
        }
        await().until(() -> log.size() == 6);
        source.subscriber().onComplete(); // does not wait for the minute
        await().until(log::isComplete);
        assertThat(sizes).containsExactly(3, 3, 1);
    }

    @Test
    void singleEventIsAddedAfterTheMaximumDelay() {
        EventLog log = newLog();
        log.record(source);
        source.subscriber().onNext(event(0));
        await().until(() -> log.size() == 1);
        source.subscriber().onNext(event(1));
        await().until(() -> log.size() == 2);
        assertThat(log.isComplete()).isFalse();
        source.subscriber().onComplete();
        await().until(log::isComplete);
    }

    @Test
    void failedSourceCompletesTheLogAsFailed() {
        EventLog log = newLog();
        Recording recording = log.record(source);
        source.subscriber().onNext(event(0));
        source.subscriber().onError(new IllegalStateException("no more words"));
        assertThat(recording.completion().join()).isEqualTo(Completion.failed("no more words"));
        assertThat(log.size()).isOne();

        EventLog discreet = newLog();
        TestSource<Map<String, Object>> other = new TestSource<>();
        discreet.record(other, options -> options.reason(failure -> null));
        other.subscriber().onError(new IllegalStateException("a secret"));
        await().until(() -> discreet.completion().equals(Optional.of(Completion.failed(null))));
    }

    @Test
    void failedSubscriptionCompletesTheLogAsFailed() {
        EventLog log = newLog();
        Recording recording = log.record((Flow.Publisher<Map<String, Object>>) subscriber -> {
            throw new IllegalStateException("no");
        });
        assertThat(recording.completion().join()).isEqualTo(Completion.failed("no"));
        assertThat(log.completion()).contains(Completion.failed("no"));
    }

    @Test
    void cancelledLogStopsTheSource() {
        EventLog log = newLog();
        Recording recording = log.record(source);
        source.subscriber().onNext(event(0));
        await().until(() -> log.size() == 1);
        newFactory().create(log.name()).cancel("stop button");
        await().until(source::isCancelled); // although nothing more is added
        assertThat(recording.completion().join()).isEqualTo(Completion.cancelled("stop button"));
        source.subscriber().onNext(event(1));
        assertThat(log.size()).isOne();
        assertThat(redis.opsForZSet().score("test:recordings", log.name())).isNull();
    }

    @Test
    void cancelledRecordingAddsTheEventsBeforeIt() {
        EventLog log = newLog();
        Recording recording = log.record(source, options -> options.batchTime(Duration.ofMinutes(1)));
        source.subscriber().onNext(event(0));
        recording.cancel("enough");
        assertThat(source.isCancelled()).isTrue();
        assertThat(recording.completion().join()).isEqualTo(Completion.cancelled("enough"));
        assertThat(log.size()).isOne();
        recording.cancel("once more");
        assertThat(log.completion()).contains(Completion.cancelled("enough"));
    }

    @Test
    void demandIsLimitedToTheBuffer() {
        EventLog log = newLog();
        log.record(source, options -> options.bufferSize(10).batchSize(5).batchTime(Duration.ofMinutes(1)));
        assertThat(source.requested()).isEqualTo(10);
        for (int i = 0; i < 5; i++) {
            source.subscriber().onNext(event(i));
        }
        await().until(() -> source.requested() == 15);
        assertThat(log.size()).isEqualTo(5);
        source.subscriber().onComplete();
    }

    @Test
    void sourceThatIgnoresDemandIsStoppedWhenTheBufferIsFull() {
        EventLog log = newLog();
        log.record(source, options -> options.bufferSize(10).batchSize(10).batchTime(Duration.ofMinutes(1)));
        for (int i = 0; i < 100_000 && !source.isCancelled(); i++) {
            source.subscriber().onNext(event(i));
        }
        assertThat(source.isCancelled()).isTrue();
        await().until(log::isComplete);
        assertThat(log.completion()).contains(Completion.failed("The source was faster than Redis"));
        List<Integer> numbers = numbers(log.read(Tail.all()));
        assertThat(numbers).isEqualTo(range(0, numbers.size())).hasSizeGreaterThanOrEqualTo(10);
    }

    @Test
    void secondRecordingOfALogIsRefused() {
        EventLog log = newLog();
        log.record(source);
        TestSource<Map<String, Object>> second = new TestSource<>();
        EventLog elsewhere = newFactory("eventlog.record.key=test:recordings").create(log.name());
        assertThatExceptionOfType(AlreadyRecordedException.class)
                .isThrownBy(() -> elsewhere.record(second))
                .withMessageContaining(log.name());
        source.subscriber().onNext(event(0));
        source.subscriber().onComplete();
        await().until(log::isComplete);
        await().untilAsserted(() -> assertThatExceptionOfType(EventLogCompletedException.class)
                .isThrownBy(() -> elsewhere.record(second))); // its lease is released after the completion
        assertThat(second.isSubscribedTo()).isFalse();

        EventLog used = newLog();
        used.add(event(0));
        assertThatExceptionOfType(UnexpectedLastIdException.class)
                .isThrownBy(() -> used.record(second, RecordOptions.Builder::ifAbsent));
        assertThat(second.isSubscribedTo()).isFalse();
        used.record(second);
        second.subscriber().onNext(event(1));
        await().until(() -> used.size() == 2);
        second.subscriber().onComplete();
    }

    @Test
    void eventThatCannotBeStoredStopsTheSource() {
        EventLog log = newLog();
        Recording recording = log.record(source);
        source.subscriber().onNext(event(0));
        await().until(() -> log.size() == 1);
        source.subscriber().onNext(Map.of());
        assertThatExceptionOfType(CompletionException.class)
                .isThrownBy(() -> recording.completion().join())
                .withCauseInstanceOf(IllegalArgumentException.class);
        assertThat(source.isCancelled()).isTrue();
        assertThat(log.completion()).contains(Completion.failed("An event could not be added"));
    }

    @Test
    void outagesLoseAndRepeatNoEvent() {
        EmbeddedRedis server = closeLater(EmbeddedRedis.onDisk());
        TcpProxy proxy = closeLater(new TcpProxy(server.uri()));
        EventLog log = logOn(proxy.uri(), "spring.data.redis.timeout=500ms", "eventlog.record.lease=30s");
        Recording recording = log.record(
                source,
                options -> options.batchSize(10).batchTime(Duration.ZERO).bufferSize(2_000));
        for (int i = 0; i < 1_200; i++) {
            if (i % 200 == 100) {
                int known = i - 50;
                await().until(() -> Long.parseLong(String.valueOf(server.ask("XLEN", "log"))) >= known);
                breakSomething(i / 200, server, proxy);
            }
            source.subscriber().onNext(event(i));
        }
        source.subscriber().onComplete();
        assertThat(recording.completion().join()).isEqualTo(Completion.done());
        assertThat(numbers(log.read(Tail.all()))).isEqualTo(range(0, 1_200));
    }

    private EventLog logOn(URI server, String... properties) {
        return TestApplication.factory(closeLater(TestApplication.startOn(server, properties)))
                .create("log");
    }

    private static void breakSomething(int which, EmbeddedRedis server, TcpProxy proxy) {
        switch (which % 3) {
            case 0 -> proxy.cut();
            case 1 -> { // the outcome of its adds is unknown
                long accepted = proxy.accepted();
                proxy.cutInsteadOfReply();
                CompletableFuture<Void> unused = CompletableFuture.runAsync(() -> {
                    await().until(() -> proxy.accepted() > accepted + 2);
                    proxy.pass();
                });
            }
            default -> {
                server.kill();
                server.start();
            }
        }
    }

    /** The lease ends while Redis is still down: the source is stopped, and its caller is notified. */
    @Test
    void longOutageStopsTheSource() {
        EmbeddedRedis server = closeLater(EmbeddedRedis.inMemory());
        EventLog log = logOn(server.uri(), "spring.data.redis.timeout=2s", "eventlog.record.lease=1s");
        Recording recording = log.record(source);
        server.kill();
        source.subscriber().onNext(event(0));
        assertThatExceptionOfType(CompletionException.class)
                .isThrownBy(() -> recording.completion().join())
                .withCauseInstanceOf(EventLogException.class);
        assertThat(source.isCancelled()).isTrue();
    }

    /** The record of the key has expired when the outcome is known to be unknown. */
    @Test
    void lostReplyAfterTheLeaseRepeatsNoEvent() {
        EmbeddedRedis server = closeLater(EmbeddedRedis.inMemory());
        TcpProxy proxy = closeLater(new TcpProxy(server.uri()));
        EventLog log = logOn(proxy.uri(), "spring.data.redis.timeout=4s", "eventlog.record.lease=1s");
        Recording recording = log.record(source, options -> options.batchTime(Duration.ZERO));
        source.subscriber().onNext(event(0));
        await().until(() -> Long.valueOf(1).equals(server.ask("XLEN", "log")));
        proxy.swallow();
        source.subscriber().onNext(event(1));
        await().until(() -> Long.valueOf(2).equals(server.ask("XLEN", "log")));
        proxy.pass(); // to new connections
        assertThat(recording.completion()).failsWithin(Duration.ofSeconds(20));
        assertThat(server.ask("XLEN", "log")).isEqualTo(2L);
    }

    /** Redis refuses the end as well. Its lease must expire, so that somebody ends the log when there is memory again. */
    @Test
    void recordingThatCannotEndItsLogLeavesItToOthers() {
        EmbeddedRedis server = closeLater(EmbeddedRedis.inMemory());
        EventLog log = logOn(server.uri(), "spring.data.redis.timeout=2s", "eventlog.record.lease=1s");
        Collected<Event> reader = Collected.events();
        Recording recording = log.record(source, options -> options.batchTime(Duration.ZERO));
        source.subscriber().onNext(event(0));
        closeLater(log.follow(Tail.all(), reader));
        await().until(() -> reader.count() == 1);
        server.ask("CONFIG", "SET", "maxmemory", "1");
        source.subscriber().onNext(event(1));
        assertThatExceptionOfType(CompletionException.class)
                .isThrownBy(() -> recording.completion().join())
                .withCauseInstanceOf(EventLogException.class);
        assertThat(log.isComplete()).isFalse();
        server.ask("CONFIG", "SET", "maxmemory", "0");
        await().until(() -> reader.calls().contains(Completion.failed("producer lost")));
    }

    @Test
    void deadRecordingThatCannotEndDoesNotKeepOthersFromIt() {
        EmbeddedRedis server = closeLater(EmbeddedRedis.inMemory());
        EventLogFactory logs = TestApplication.factory(closeLater(
                TestApplication.startOn(server.uri(), "eventlog.record.lease=1s", "eventlog.record.key=recordings")));
        closeLater(logs.create("followed").follow(Tail.all(), batch -> {}));
        server.ask("SET", "no log", "text");
        server.ask("ZADD", "recordings", "1", "", "2", "no log", "3", "log");
        await().until(() -> logs.create("log").isComplete());
        server.ask("DEL", "no log");
        await().until(() -> logs.create("no log").isComplete());
    }

    /**
     * The other application looks for dead recordings, and would complete a log whose recording does not renew its
     * lease.
     */
    @Tag("long")
    @Test
    void busyListenersDoNotEndARecording() throws InterruptedException {
        EventLogFactory busy = newFactory(
                "eventlog.record.lease=2s", "eventlog.record.key=test:recordings", "eventlog.follow.max-threads=2");
        EventLog log = busy.create(newLog().name());
        closeLater(newLog().follow(
                        Tail.all(), batch -> {})); // an application that follows a log also looks for dead recordings
        Recording recording = log.record(source);
        await().until(source::isSubscribedTo);
        CountDownLatch free = new CountDownLatch(1);
        CountDownLatch blocked = new CountDownLatch(2);
        for (int i = 0; i < 2; i++) {
            EventLog other = newLog();
            other.add(event(0));
            closeLater(busy.create(other.name()).follow(Tail.all(), batch -> {
                blocked.countDown();
                free.await();
            }));
        }
        try {
            assertThat(blocked.await(10, TimeUnit.SECONDS)).isTrue();
            long leaseOver = System.nanoTime() + TimeUnit.SECONDS.toNanos(7);
            await().until(() -> log.isComplete() || System.nanoTime() > leaseOver);
        } finally {
            free.countDown();
        }
        assertThat(log.isComplete()).isFalse();
        source.subscriber().onComplete();
        recording.completion().join();
    }

    @Test
    void shutdownEndsTheRecordings() {
        EventLog log = newLog();
        ConfigurableApplicationContext application = newApplication("eventlog.record.key=test:recordings");
        TestApplication.factory(application).create(log.name()).record(source);
        source.subscriber().onNext(event(0));
        application.close();
        assertThat(source.isCancelled()).isTrue();
        assertThat(log.completion()).contains(Completion.failed("The application that recorded it was shut down"));
        assertThat(log.size()).isOne();
        TestSource<Map<String, Object>> late = new TestSource<>();
        EventLog closed = TestApplication.factory(newApplication()).create(log.name());
        assertThat(closed.isComplete()).isTrue();
        assertThat(late.isSubscribedTo()).isFalse();
    }

    /** Records until the process is killed. */
    static final class Producer {

        private Producer() {}

        public static void main(String[] arguments) {
            EventLog log = TestApplication.factory(TestApplication.startOn(
                            URI.create(arguments[0]),
                            "eventlog.record.lease=2s",
                            "eventlog.record.key=test:recordings"))
                    .create(arguments[1]);
            TestSource<Map<String, Object>> source = new TestSource<>();
            log.record(source);
            source.subscriber().onNext(event(0));
            await().until(() -> log.size() == 1);
            System.out.println("recording");
            try {
                Thread.sleep(Duration.ofMinutes(5).toMillis());
            } catch (InterruptedException ended) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @Tag("long")
    @Test
    void followersLearnThatAProducerDied() throws Exception {
        EventLog log = newLog();
        Collected<Event> reader = Collected.events();
        closeLater(log.follow(Tail.all(), reader));
        try (ChildJvm producer =
                new ChildJvm("128m", Producer.class, TestRedis.get().uri().toString(), log.name())) {
            producer.await("recording");
            await().until(() -> reader.count() == 1);
        }
        await().until(() -> reader.calls().contains(Completion.failed("producer lost")));
        assertThat(log.size()).isOne();
        assertThat(redis.opsForZSet().score("test:recordings", log.name())).isNull();
    }

    /** The next recording starts before any client detects the death. */
    @Test
    void nextRecordingLearnsThatAProducerDied() {
        EventLog log = newLog();
        redis.opsForZSet().add("test:recordings", log.name(), 1);
        assertThatExceptionOfType(EventLogCompletedException.class)
                .isThrownBy(() -> log.record(source))
                .withMessageContaining("producer lost");
        assertThat(source.isSubscribedTo()).isFalse();
    }

    @Test
    void typedEventsAreRecorded() {
        record Word(String text) {}
        TypedEventLog<Word> log = factory.create(newName(), Word.class);
        TestSource<Word> words = new TestSource<>();
        Recording recording = log.record(words);
        words.subscriber().onNext(new Word("once"));
        words.subscriber().onNext(new Word("upon"));
        words.subscriber().onComplete();
        assertThat(recording.completion().join()).isEqualTo(Completion.done());
        assertThat(log.read(Tail.all()).stream().map(TypedEvent::value))
                .containsExactly(new Word("once"), new Word("upon"));
    }

    @Test
    void invalidOptionsAreRefused() {
        RecordOptions.Builder options = RecordOptions.builder();
        List<Runnable> senseless = new ArrayList<>(List.of(
                () -> options.batchTime(Duration.ofMillis(-1)),
                () -> options.batchTime(Duration.ofHours(1)),
                () -> options.batchSize(0),
                () -> options.bufferSize(1_000_001)));
        senseless.forEach(each -> assertThatIllegalArgumentException().isThrownBy(each::run));
    }
}
