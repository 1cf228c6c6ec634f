package dev.eventlog.follow;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import org.apache.commons.logging.Log;
import org.junit.jupiter.api.Test;
import org.springframework.util.backoff.BackOffExecution;
import org.springframework.util.backoff.ExponentialBackOff;
import org.springframework.util.backoff.FixedBackOff;

class OutageTests {

    private static final IllegalStateException AWAY = new IllegalStateException("away");

    private final List<String> lines = new ArrayList<>();
    private final Log log = (Log) Proxy.newProxyInstance(
            OutageTests.class.getClassLoader(), new Class<?>[] {Log.class}, (proxy, method, arguments) -> {
                if (arguments == null) { // a question whether a level is enabled
                    return true;
                }
                lines.add(method.getName() + ": " + arguments[0]);
                return null;
            });
    private final Outage outage = new Outage(log, new ExponentialBackOff(100, 2));

    @Test
    void outageBacksOffAndIsLoggedOnce() {
        assertThat(fail()).isEqualTo(100);
        assertThat(fail()).isEqualTo(200);
        assertThat(fail()).isEqualTo(400);
        assertThat(lines)
                .containsExactly(
                        "warn: tries again in 100 ms: away",
                        "debug: tries again in 200 ms",
                        "debug: tries again in 400 ms");
    }

    @Test
    void endOfAnOutageIsLoggedWithItsDuration() {
        fail();
        fail();
        outage.over("It works");
        assertThat(lines).hasSize(3);
        assertThat(lines.get(2)).matches("info: It works after \\d+ ms");
    }

    @Test
    void nothingIsLoggedWithoutAFailure() {
        outage.over("It works");
        assertThat(outage.over()).isNull();
        assertThat(lines).isEmpty();
    }

    @Test
    void nextOutageStartsWithTheFirstDelay() {
        fail();
        fail();
        outage.over("It works");
        assertThat(fail()).isEqualTo(100);
        assertThat(lines).filteredOn(line -> line.startsWith("warn")).hasSize(2);
    }

    @Test
    void callerCanReadTheDurationOnce() {
        fail();
        assertThat(outage.over()).isPositive();
        assertThat(outage.over()).isNull();
    }

    @Test
    void outageIsLoggedLaterIfAnotherLogsItFirst() {
        for (int i = 0; i < 4; i++) {
            outage.failed(AWAY, 3, next -> "waits " + next + " ms");
        }
        assertThat(lines)
                .containsExactly(
                        "debug: waits 100 ms",
                        "debug: waits 200 ms",
                        "warn: waits 400 ms: away",
                        "debug: waits 800 ms");
    }

    @Test
    void outageIsLoggedAfterAnotherStoppedLogging() {
        for (int quietly : new int[] {Integer.MAX_VALUE, Integer.MAX_VALUE, Integer.MAX_VALUE, Integer.MAX_VALUE, 2}) {
            outage.failed(AWAY, quietly, next -> "waits " + next + " ms");
        }
        assertThat(lines).as("one quiet failure in between").allMatch(line -> line.startsWith("debug"));
        outage.failed(AWAY, 2, next -> "waits " + next + " ms");
        assertThat(lines).last().isEqualTo("warn: waits 3200 ms: away");
        outage.over("It works");
        assertThat(lines).last().asString().startsWith("info: It works after");
    }

    @Test
    void endOfAnOutageThatAnotherLoggedIsNotLogged() {
        outage.failed(AWAY, 3, next -> "waits " + next + " ms");
        outage.over("It works");
        assertThat(lines).containsExactly("debug: waits 100 ms");
    }

    @Test
    void lastFailureAnnouncesNoAttempt() {
        Outage once = new Outage(log, new FixedBackOff(100, 1));
        assertThat(once.failed(AWAY, next -> "tries again in " + next + " ms")).isEqualTo(100);
        assertThat(once.failed(AWAY, next -> "tries again in " + next + " ms")).isEqualTo(BackOffExecution.STOP);
        assertThat(lines).containsExactly("warn: tries again in 100 ms: away");
    }

    private long fail() {
        return outage.failed(AWAY, next -> "tries again in " + next + " ms");
    }
}
