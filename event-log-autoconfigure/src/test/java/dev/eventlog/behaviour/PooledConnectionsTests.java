package dev.eventlog.behaviour;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.Tail;
import dev.eventlog.redis.Connections;
import dev.eventlog.test.ServerTests;
import dev.eventlog.test.TestApplication;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.util.ClassUtils;

/** Connections from the pool of Jedis. */
class PooledConnectionsTests extends ServerTests {

    /**
     * A discarded pool never serves callers that start to wait at that moment, and Spring Boot lets them wait without a
     * limit.
     */
    @Test
    void callerWaitingForADiscardedPoolGetsAConnection() {
        assumeTrue(ClassUtils.isPresent("redis.clients.jedis.Jedis", null));
        ConfigurableApplicationContext application = closeLater(TestApplication.startOn(
                redis.uri(),
                "spring.data.redis.client-type=jedis",
                "spring.data.redis.timeout=1s",
                "spring.data.redis.jedis.pool.max-active=2",
                "spring.data.redis.jedis.pool.max-idle=2"));
        EventLog log = TestApplication.factory(application).create("log");
        Connections connections = application.getBean("eventLogConnections", Connections.class);
        for (int round = 0; round < 2; round++) {
            log.add(Map.of("n", "0"));
            redis.freeze(); // so that the pool is soon empty and other callers wait
            connections.wrongServer(System.nanoTime());
            List<CompletableFuture<EventId>> adds = IntStream.rangeClosed(1, 8)
                    .mapToObj(n -> CompletableFuture.supplyAsync(
                            () -> log.add(Map.of("n", Integer.toString(n))), task -> new Thread(task).start()))
                    .toList();
            await().pollDelay(Duration.ofMillis(1100)).until(() -> true); // until the pool can be discarded again
            connections.wrongServer(System.nanoTime());
            redis.thaw();
            await().atMost(Duration.ofSeconds(20)).until(() -> adds.stream().allMatch(CompletableFuture::isDone));
        }
        assertThat(log.add(Map.of("n", "9"))).isNotNull();
    }

    /** Closing a pool interrupts the threads that wait for its connections, and they belong to the application. */
    @Test
    void callerWaitingForADiscardedPoolIsNotInterrupted() throws Exception {
        assumeTrue(ClassUtils.isPresent("redis.clients.jedis.Jedis", null));
        ConfigurableApplicationContext application = closeLater(TestApplication.startOn(
                redis.uri(),
                "spring.data.redis.client-type=jedis",
                "spring.data.redis.timeout=30s",
                "spring.data.redis.jedis.pool.max-active=1"));
        EventLog log = TestApplication.factory(application).create("log");
        Connections connections = application.getBean("eventLogConnections", Connections.class);
        log.add(Map.of("n", "0"));
        redis.freeze();
        List<Adder> adders = List.of(new Adder(log, "1"), new Adder(log, "2"));
        adders.forEach(Thread::start);
        await().until(() -> adders.stream().anyMatch(Adder::waitsForThePool));
        connections.wrongServer(System.nanoTime());
        redis.thaw();
        for (Adder adder : adders) {
            adder.added.get(20, TimeUnit.SECONDS);
            assertThat(adder.interrupted).isFalse();
        }
        assertThat(log.read(Tail.all())).hasSize(3);
    }

    /** Remembers that it was interrupted. */
    private static final class Adder extends Thread {

        final CompletableFuture<EventId> added = new CompletableFuture<>();
        volatile boolean interrupted;
        private final EventLog log;
        private final String number;

        Adder(EventLog log, String number) {
            this.log = log;
            this.number = number;
        }

        @Override
        public void run() {
            try {
                added.complete(log.add(Map.of("n", number)));
            } catch (RuntimeException failure) {
                added.completeExceptionally(failure);
            }
        }

        @Override
        public void interrupt() {
            interrupted = true;
            super.interrupt();
        }

        boolean waitsForThePool() {
            return Arrays.stream(getStackTrace())
                    .anyMatch(at -> at.getMethodName().equals("pollFirst"));
        }
    }
}
