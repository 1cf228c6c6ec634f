package dev.eventlog.faults;

import static dev.eventlog.test.LogTests.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.Event;
import dev.eventlog.EventLogFactory;
import dev.eventlog.FollowOptions;
import dev.eventlog.Tail;
import dev.eventlog.test.ClosingTests;
import dev.eventlog.test.Collected;
import dev.eventlog.test.EmbeddedRedis;
import dev.eventlog.test.TestApplication;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.data.redis.core.RedisCallback;
import org.springframework.data.redis.core.StringRedisTemplate;

/** What the application log says about an outage that many logs share. */
@Tag("faults")
@ExtendWith(OutputCaptureExtension.class)
class ManyOutagesTests extends ClosingTests {

    private static final int LOGS = 100;
    private static final int FEW = 5; // on a busy machine, some of the logs fail or continue much later than the others

    private final EmbeddedRedis redis = closeLater(EmbeddedRedis.onDisk());
    private final ConfigurableApplicationContext application = closeLater(TestApplication.startOn(
            redis.uri(),
            "eventlog.follow.dedicated-connections=" + LOGS,
            "eventlog.follow.lease=5s",
            "eventlog.follow.recovery.delay=50ms",
            "eventlog.follow.recovery.max-delay=200ms"));
    private final EventLogFactory factory = TestApplication.factory(application);

    @Test
    void outageOfManyLogsIsLoggedTogether(CapturedOutput output) {
        List<Collected<Event>> listeners = follow(options -> {});
        redis.kill();
        await().until(() -> output.getAll().contains("is interrupted and will be retried"));
        redis.start();
        await().until(() -> output.getAll().contains("continues after"));
        addToAll();
        await().until(() -> listeners.stream().allMatch(listener -> listener.count() == 2));

        assertThat(lines(output, " WARN "))
                .hasSizeBetween(1, FEW)
                .allSatisfy(line -> assertThat(line).contains(" is interrupted and will be retried: "));
        await().untilAsserted(() -> assertThat(lines(output, "continues after"))
                .hasSizeBetween(1, FEW)
                .anySatisfy(line -> assertThat(line).containsPattern("Following [0-9]+ logs continues after")));
    }

    @Test
    void logsBeyondMaxclientsAreLoggedTogether(CapturedOutput output) {
        limitClients(LOGS / 2);
        List<Collected<Event>> listeners = follow(options -> {});
        await().until(() -> output.getAll().contains("is interrupted and will be retried"));
        limitClients(1_000);
        await().until(() -> output.getAll().contains("continues after"));
        addToAll();
        await().until(() -> listeners.stream().allMatch(listener -> listener.count() == 2));

        assertThat(lines(output, " WARN "))
                .hasSizeBetween(1, FEW)
                .anySatisfy(line -> assertThat(line).containsPattern("Following [0-9]+ logs is"));
        assertThat(lines(output, "continues after")).hasSizeBetween(1, FEW);
    }

    /** Uses a connection that is already open. */
    private void limitClients(int most) {
        application.getBean(StringRedisTemplate.class).execute((RedisCallback<Boolean>) connection -> {
            connection.serverCommands().setConfig("maxclients", Integer.toString(most));
            return true;
        });
    }

    @Test
    void outageOfManyNamedFollowersIsLoggedTogether(CapturedOutput output) {
        List<Collected<Event>> listeners = follow(options -> options.named("app"));
        redis.kill();
        await().until(() -> output.getAll().contains("cannot be acquired now"));
        await().until(() -> output.getAll().contains("is interrupted and will be retried"));
        redis.start();
        await().until(() -> output.getAll().contains("can be acquired again"));
        addToAll();
        await().until(() -> listeners.stream().allMatch(listener -> listener.count() == 2));

        assertThat(lines(output, "cannot be acquired now"))
                .hasSizeBetween(1, FEW)
                .anySatisfy(line -> assertThat(line).containsPattern("[0-9]+ leases cannot be acquired now"));
        assertThat(lines(output, "can be acquired again")).hasSizeBetween(1, FEW);
        assertThat(lines(output, " WARN ")).hasSizeBetween(2, 3 * FEW); // also the feeds, and perhaps a position
    }

    private List<Collected<Event>> follow(Consumer<FollowOptions.Builder> options) {
        addToAll();
        List<Collected<Event>> listeners = new ArrayList<>();
        for (int i = 0; i < LOGS; i++) {
            Collected<Event> listener = Collected.events();
            listeners.add(listener);
            closeLater(factory.create("log" + i).follow(Tail.all(), listener, options));
        }
        await().until(() -> listeners.stream().allMatch(listener -> listener.count() == 1));
        return listeners;
    }

    private void addToAll() {
        for (int i = 0; i < LOGS; i++) {
            int log = i;
            await().ignoreExceptions().until(() -> factory.create("log" + log).add(Map.of("n", "1")) != null);
        }
    }

    private static List<String> lines(CapturedOutput output, String with) {
        return output.getAll().lines().filter(line -> line.contains(with)).toList();
    }
}
