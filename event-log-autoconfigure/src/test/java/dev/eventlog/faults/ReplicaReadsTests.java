package dev.eventlog.faults;

import static dev.eventlog.test.LogTests.await;
import static dev.eventlog.test.LogTests.numbers;
import static dev.eventlog.test.LogTests.range;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.Tail;
import dev.eventlog.test.ClosingTests;
import dev.eventlog.test.Collected;
import dev.eventlog.test.EmbeddedRedis;
import dev.eventlog.test.TcpProxy;
import dev.eventlog.test.TestApplication;
import dev.eventlog.test.Told;
import io.lettuce.core.ReadFrom;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.RedisStaticMasterReplicaConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceClientConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.util.ClassUtils;

/** An application that reads from a replica that lags behind. Only the master knows the log. */
@Tag("faults")
class ReplicaReadsTests extends ClosingTests {

    @Test
    void logsAreReadFromTheMaster() {
        assumeTrue(ClassUtils.isPresent("io.lettuce.core.RedisClient", null), "only Lettuce reads from replicas");
        EmbeddedRedis master = closeLater(EmbeddedRedis.inMemory());
        EmbeddedRedis replica = closeLater(EmbeddedRedis.inMemory());
        TcpProxy link = closeLater(new TcpProxy(master.uri()));
        replica.ask("REPLICAOF", "127.0.0.1", Integer.toString(link.uri().getPort()));
        await().until(() -> replica.info("replication", "master_link_status").equals("up"));
        EventLog log = TestApplication.factory(closeLater(
                        TestApplication.startOn(master.uri(), context -> Lettuce.readFrom(replica, master, context))))
                .create("log", options -> options.maxLength(200));
        Collected<Event> follower = Collected.events();
        closeLater(log.follow(Tail.all(), follower));
        await().until(() -> follower.caughtUp() == 1);

        link.delay(Duration.ofMillis(300));
        for (int n = 0; n < 400; n++) {
            EventId id = log.add(Map.of("n", n));
            if (n % 40 == 0) {
                List<Event> newest = log.read(Tail.last(1));
                assertThat(newest)
                        .extracting(Event::id)
                        .as("the event that was just added")
                        .containsExactly(id);
            }
        }
        Told.awaitLast(follower, 399);
        assertThat(numbers(follower.all())).isEqualTo(range(0, 400));
        assertThat(follower.gaps()).isEmpty();
    }

    /** A separate class, because Lettuce may be missing. */
    private static final class Lettuce {

        static void readFrom(EmbeddedRedis replica, EmbeddedRedis master, GenericApplicationContext context) {
            RedisStaticMasterReplicaConfiguration nodes =
                    new RedisStaticMasterReplicaConfiguration("127.0.0.1", master.port());
            nodes.addNode("127.0.0.1", replica.port());
            LettuceClientConfiguration client = LettuceClientConfiguration.builder()
                    .readFrom(ReadFrom.REPLICA)
                    .build();
            context.registerBean(RedisConnectionFactory.class, () -> new LettuceConnectionFactory(nodes, client));
        }
    }
}
