package dev.eventlog.faults;

import static dev.eventlog.test.LogTests.await;
import static dev.eventlog.test.LogTests.event;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.eventlog.AddOutcomeUnknownException;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogException;
import dev.eventlog.EventLogUnavailableException;
import dev.eventlog.test.ClosingTests;
import dev.eventlog.test.EmbeddedRedis;
import dev.eventlog.test.TcpProxy;
import dev.eventlog.test.TestApplication;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.util.ClassUtils;

/**
 * The errors of drivers for commands that they could not send, which prove that an add did not happen. If an update of
 * a driver changes these errors, this test must fail: CI runs it with each supported version.
 */
@Tag("faults")
class NotSentTests extends ClosingTests {

    private static final String LETTUCE = "io.lettuce.core.RedisClient";

    private static final String[] QUICK = {"spring.data.redis.timeout=500ms", "spring.data.redis.connect-timeout=500ms"
    };

    @Test
    void addIsNotSentToAMissingServer() {
        assertNotSent(log(URI.create("redis://127.0.0.1:" + EmbeddedRedis.freePort())));
    }

    @Test
    void addIsNotSentToAnUnknownHost() {
        assertNotSent(log(URI.create("redis://nowhere.invalid:6379")));
    }

    @Test
    void addIsNotSentToAStoppedServer() {
        EmbeddedRedis redis = closeLater(EmbeddedRedis.inMemory());
        TcpProxy proxy = closeLater(new TcpProxy(redis.uri()));
        EventLog log = log(proxy.uri());
        log.add(event(0));
        proxy.refuse();
        proxy.cut();
        await().until(() -> catchThrowableOfType(EventLogException.class, () -> log.add(event(1))) != null);
        assertNotSent(log);
    }

    @Test
    void addIsNotSentToAMissingCluster() {
        assumeTrue(ClassUtils.isPresent(LETTUCE, null), "on Jedis the application does not start");
        assertNotSent(TestApplication.factory(closeLater(TestApplication.startElsewhere(
                        "spring.data.redis.cluster.nodes=127.0.0.1:" + EmbeddedRedis.freePort(), QUICK[0], QUICK[1])))
                .create("log"));
    }

    @Test
    void addIsNotSentIfThePoolIsExhausted() {
        assumeFalse(ClassUtils.isPresent(LETTUCE, null), "Lettuce needs no pool");
        EmbeddedRedis redis = closeLater(EmbeddedRedis.inMemory());
        TcpProxy proxy = closeLater(new TcpProxy(redis.uri()));
        EventLog log = TestApplication.factory(closeLater(TestApplication.startOn(
                        proxy.uri(),
                        "spring.data.redis.timeout=20s",
                        "spring.data.redis.jedis.pool.max-active=1",
                        "spring.data.redis.jedis.pool.max-wait=200ms")))
                .create("log");
        log.add(event(0));
        proxy.delay(Duration.ofSeconds(5));
        CompletableFuture<EventId> first = CompletableFuture.supplyAsync(() -> log.add(event(1)));
        await().until(() -> Long.valueOf(2).equals(redis.ask("XLEN", "log")));
        assertNotSent(log);
        assertThat(first.join()).isNotNull();
    }

    @Test
    void addIsNotSentByAClosedApplication() {
        EmbeddedRedis redis = closeLater(EmbeddedRedis.inMemory());
        ConfigurableApplicationContext application = TestApplication.startOn(redis.uri(), QUICK);
        EventLog log = TestApplication.factory(application).create("log");
        log.add(event(0));
        application.close();
        assertNotSent(log);
    }

    /** Adds during a shutdown, whichever parts are already closed. */
    @Test
    void addsDuringShutdownFailWithAClearMessage() throws Exception {
        EmbeddedRedis redis = closeLater(EmbeddedRedis.inMemory());
        Queue<EventLogException> failures = new ConcurrentLinkedQueue<>();
        for (int round = 0; round < 3; round++) {
            ConfigurableApplicationContext application = TestApplication.startOn(redis.uri(), QUICK);
            EventLog log = TestApplication.factory(application).create("log");
            List<CompletableFuture<Void>> adding = IntStream.range(0, 8)
                    .mapToObj(i -> CompletableFuture.runAsync(() -> addUntilClosed(log, failures)))
                    .toList();
            await().until(() -> log.size() > 500);
            application.close();
            adding.forEach(CompletableFuture::join);
            redis.ask("DEL", "log");
        }
        assertThat(failures).isNotEmpty().allSatisfy(failure -> {
            if (failure instanceof AddOutcomeUnknownException) {
                assertThat(failure).hasMessageNotContaining("STOPPING").hasMessageNotContaining("null");
            }
        });
    }

    private static void addUntilClosed(EventLog log, Queue<EventLogException> failures) {
        for (int after = 0; after < 20; ) {
            try {
                log.add(event(0));
            } catch (EventLogException failure) {
                failures.add(failure);
                after += String.valueOf(failure.getMessage()).contains("have been closed") ? 1 : 0;
            }
        }
    }

    private EventLog log(URI redis) {
        return TestApplication.factory(closeLater(TestApplication.startOn(redis, QUICK)))
                .create("log");
    }

    private static void assertNotSent(EventLog log) {
        for (int i = 0; i < 3; i++) {
            assertThat(catchThrowableOfType(EventLogException.class, () -> log.add(event(1))))
                    .isInstanceOf(EventLogUnavailableException.class)
                    .isNotInstanceOf(AddOutcomeUnknownException.class);
        }
    }
}
