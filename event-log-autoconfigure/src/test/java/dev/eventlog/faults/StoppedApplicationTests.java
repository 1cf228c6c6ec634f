package dev.eventlog.faults;

import static dev.eventlog.test.LogTests.await;
import static dev.eventlog.test.LogTests.numbers;
import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.Event;
import dev.eventlog.EventLog;
import dev.eventlog.Follower;
import dev.eventlog.Tail;
import dev.eventlog.annotation.EventLogListener;
import dev.eventlog.test.ClosingTests;
import dev.eventlog.test.Collected;
import dev.eventlog.test.EmbeddedRedis;
import dev.eventlog.test.TestApplication;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * An application that is stopped and restarted, for a checkpoint of the process or a paused context of Spring's tests.
 */
@Tag("faults")
class StoppedApplicationTests extends ClosingTests {

    /** A listener with the annotation. */
    static final class Listening {

        private final Queue<String> all = new ConcurrentLinkedQueue<>();
        private final Queue<String> named = new ConcurrentLinkedQueue<>();

        @EventLogListener(logs = "log", from = "all")
        void on(Event event) {
            all.add(event.fields().get("n"));
        }

        @EventLogListener(logs = "log", name = "invoices", from = "all")
        void onNamed(Event event) {
            named.add(event.fields().get("n"));
        }
    }

    @Test
    void stoppedApplicationHasNoConnectionAndContinuesWhenRestarted() throws Exception {
        EmbeddedRedis redis = closeLater(EmbeddedRedis.inMemory());
        Listening listening = new Listening();
        ConfigurableApplicationContext application = closeLater(
                TestApplication.startOn(redis.uri(), Listening.class, listening, "eventlog.follow.lease=500ms"));
        EventLog log = TestApplication.factory(application).create("log");
        Collected<Event> plain = Collected.events();
        Follower follower = closeLater(log.follow(Tail.all(), plain));
        log.add(Map.of("n", 0));
        await().until(() -> plain.count() == 1 && listening.all.size() == 1 && listening.named.size() == 1);
        assertThat(connections(redis)).isNotEmpty();

        application.stop();
        assertThat(follower.completion().toCompletableFuture().get(5, TimeUnit.SECONDS))
                .isEqualTo(Follower.EndReason.SHUTDOWN);
        await().untilAsserted(() -> assertThat(connections(redis)).isEmpty());
        redis.ask("XADD", "log", "*", "n", "1");

        application.start();
        log.add(Map.of("n", 2));
        await().until(() -> listening.named.size() == 3);
        assertThat(listening.named).containsExactly("0", "1", "2");
        await().until(() -> listening.all.contains("2"));
        assertThat(numbers(plain.all()))
                .as("the application restarts the followers that it started itself")
                .containsExactly(0);

        Collected<Event> again = Collected.events();
        closeLater(log.follow(Tail.after(follower.position()), again));
        await().until(() -> again.count() == 2);
        assertThat(numbers(again.all())).containsExactly(1, 2);
    }

    /** All connections except the one that asks. */
    private static List<String> connections(EmbeddedRedis redis) {
        return String.valueOf(redis.ask("CLIENT", "LIST"))
                .lines()
                .filter(line -> line.contains("addr=") && !line.contains("cmd=client"))
                .toList();
    }
}
