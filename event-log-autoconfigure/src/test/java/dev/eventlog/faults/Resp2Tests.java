package dev.eventlog.faults;

import static dev.eventlog.test.LogTests.await;
import static dev.eventlog.test.LogTests.numbers;
import static dev.eventlog.test.LogTests.range;
import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.Event;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogFactory;
import dev.eventlog.Tail;
import dev.eventlog.test.ClosingTests;
import dev.eventlog.test.Collected;
import dev.eventlog.test.EmbeddedRedis;
import dev.eventlog.test.Resp2;
import dev.eventlog.test.TestApplication;
import dev.eventlog.test.Told;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The older protocol, in which Lettuce has mixed up the replies to {@code XREAD}. */
@Tag("faults")
class Resp2Tests extends ClosingTests {

    /** The reason for RESP2. */
    enum Why {
        CHOSEN,
        SERVER_HAS_NO_HELLO
    }

    @ParameterizedTest
    @EnumSource
    void everyEventIsDeliveredUnchanged(Why why) {
        EmbeddedRedis redis = closeLater(
                why == Why.CHOSEN ? EmbeddedRedis.inMemory() : EmbeddedRedis.with("--rename-command", "HELLO", ""));
        EventLog log = factory(redis, why).create("log");
        Collected<Event> early = Collected.events();
        closeLater(log.follow(Tail.all(), early));
        await().until(() -> early.caughtUp() == 1);
        for (int n = 0; n < 500; n += 5) {
            redis.ask(
                    "EVAL",
                    "for n = ARGV[1], ARGV[1] + 4 do redis.call('XADD', KEYS[1], '*', 'n', string.format('%.0f', n),"
                            + " 'n2', 'x', '', string.rep('y', n)) end",
                    "1",
                    "log",
                    Integer.toString(n));
        }
        log.add(Map.of("n", 500));
        Collected<Event> late = Collected.events();
        closeLater(log.follow(Tail.last(10), late));
        Told.awaitLast(early, 500);
        Told.awaitLast(late, 500);
        Told.to(early).assertIs("0..500");
        assertThat(early.all().get(499).fields())
                .hasSize(3)
                .containsEntry("", "y".repeat(499))
                .containsEntry("n2", "x");
        assertThat(numbers(log.read(Tail.all()))).isEqualTo(range(0, 501));
        assertThat(log.lastId()).contains(early.all().get(500).id());
        assertThat(String.valueOf(redis.ask("CLIENT", "LIST")).lines().filter(line -> line.contains("resp=3")))
                .as("clients with RESP3")
                .isEmpty();
    }

    private EventLogFactory factory(EmbeddedRedis redis, Why why) {
        return TestApplication.factory(closeLater(TestApplication.startOn(redis.uri(), context -> {
            if (why == Why.CHOSEN) {
                Resp2.speakIn(context);
            }
        })));
    }
}
