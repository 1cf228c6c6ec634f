package dev.eventlog.follow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.eventlog.EventLogOptions;
import dev.eventlog.Tail;
import dev.eventlog.redis.Connections;
import dev.eventlog.redis.LogStream;
import dev.eventlog.redis.SharedLine;
import dev.eventlog.test.LogTests;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.data.redis.RedisConnectionFailureException;
import org.springframework.util.ClassUtils;
import org.springframework.util.backoff.BackOff;
import org.springframework.util.backoff.FixedBackOff;

@ExtendWith(OutputCaptureExtension.class)
class SharedReaderTests extends LogTests {

    private static final int QUESTIONERS = 4;

    /** For example an answer that is too large for the heap. */
    @Test
    void errorsOfFurtherQuestionsStopNoLog() {
        assertReadAfterFailedAnswers(2 * QUESTIONERS, () -> new OutOfMemoryError("of this test"), new FixedBackOff(10));
    }

    /** For example a server that accepts connections, and cuts them when it should answer. */
    @Test
    void pauseBetweenConnectionsThatReadNothingGrows(CapturedOutput output) {
        AtomicInteger begun = new AtomicInteger();
        BackOff recovery = () -> {
            begun.incrementAndGet();
            return new FixedBackOff(10).start();
        };
        assertReadAfterFailedAnswers(6, () -> new RedisConnectionFailureException("of this test"), recovery);
        assertThat(begun).as("the back-off began once").hasValue(1);
        await().until(() -> output.getAll().contains("Following logs on the shared connection continues after"));
    }

    private void assertReadAfterFailedAnswers(int count, Supplier<Throwable> failure, BackOff recovery) {
        AtomicInteger failures = new AtomicInteger(count);
        UnaryOperator<Connections> failing = connections -> intercepted(
                Connections.class,
                connections,
                "share",
                line -> intercepted(SharedLine.class, (SharedLine) line, "send", replies -> {
                    if (failures.getAndDecrement() > 0) {
                        throw failure.get();
                    }
                    return replies;
                }));
        assertRead(failing, threads -> threads, recovery);
        assertThat(failures.get()).isNegative();
    }

    /** The executor is full, or the machine has no room for another thread. */
    @Test
    void readerWithoutAThreadTriesAgain() {
        AtomicInteger failures = new AtomicInteger(3);
        UnaryOperator<Executor> full = threads -> ListenerThreads.rejecting(task -> {
            if (failures.getAndDecrement() > 0) {
                throw new OutOfMemoryError("unable to create native thread");
            }
            threads.execute(task);
        });
        assertRead(connections -> connections, full, new FixedBackOff(10));
        assertThat(failures.get()).isNegative();
    }

    private void assertRead(
            UnaryOperator<Connections> connecting, UnaryOperator<Executor> executing, BackOff recovery) {
        assumeTrue(ClassUtils.isPresent("io.lettuce.core.RedisClient", null), "Jedis has no shared connection");
        ExecutorService threads = Executors.newCachedThreadPool();
        closeLater(threads::shutdownNow);
        Connections connections =
                closeLater(Connections.of(redis.getRequiredConnectionFactory(), Duration.ofSeconds(1)));
        SharedReader reader = new SharedReader(
                connecting.apply(connections), settings(recovery), executing.apply(threads), "", new NoOthers());
        String name = newName();
        LogFeed feed = feed(name, connections);
        redis.opsForStream().add("key:" + name, Map.of("n", "1")); // the first question is unclear, so it asks further
        try {
            feed.readBy(reader.readerOf(feed));
            await().until(() -> feed.window().events().size() == 1);
            redis.opsForStream().add("key:" + name, Map.of("n", "2"));
            await().until(() -> feed.window().events().size() == 2);
        } finally {
            feed.stop();
            redis.delete("key:" + name);
        }
    }

    private static LogFeed feed(String name, Connections connections) {
        EventLogOptions options = EventLogOptions.builder().build();
        LogStream stream = new LogStream(name, "key:" + name, connections, 10, options);
        StartPoint start = StartPoint.find(stream, TailRange.of(Tail.all(), options), null, 1);
        return new LogFeed(
                stream, start, settings(new FixedBackOff(10)), new Observers(List.of()), new SameQuestions());
    }

    private static FollowSettings settings(BackOff recovery) {
        return new FollowSettings(
                10,
                Duration.ofSeconds(1),
                10,
                Duration.ofSeconds(1),
                recovery,
                0,
                Duration.ofSeconds(60),
                Duration.ofSeconds(1),
                16,
                Duration.ofSeconds(1));
    }

    /** Changes or refuses a result of a real connection. */
    @FunctionalInterface
    private interface Interception {
        Object of(Object result) throws Throwable;
    }

    private static <T> T intercepted(Class<T> type, T real, String method, Interception interception) {
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(), new Class<?>[] {type}, (proxy, called, arguments) -> {
                    try {
                        Object result = called.invoke(real, arguments);
                        return called.getName().equals(method) ? interception.of(result) : result;
                    } catch (InvocationTargetException thrown) {
                        throw thrown.getCause();
                    }
                }));
    }

    private static final class NoOthers implements SharedReader.Others {

        @Override
        public void takeAll(List<LogFeed> feeds, RuntimeException why) {
            throw new AssertionError(why);
        }

        @Override
        public void takeSome(List<LogFeed> feeds) {
            throw new AssertionError(feeds);
        }

        @Override
        public void takeMoved(List<LogFeed> feeds) {
            throw new AssertionError(feeds);
        }
    }
}
