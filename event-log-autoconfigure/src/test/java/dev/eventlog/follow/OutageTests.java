package dev.eventlog.follow;

import static dev.eventlog.test.LogTests.await;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import org.apache.commons.logging.Log;
import org.junit.jupiter.api.Test;
import org.springframework.util.backoff.BackOffExecution;
import org.springframework.util.backoff.ExponentialBackOff;
import org.springframework.util.backoff.FixedBackOff;

class OutageTests {

    private static final IllegalStateException AWAY = new IllegalStateException("away");

    private final List<String> lines = new CopyOnWriteArrayList<>();
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

    @Test
    void outagesOfManyPartsAreLoggedOnceWithTheirNumber() {
        List<Outage> parts = parts(300);
        parts.forEach(part -> part.failed(AWAY, next -> "tries again"));
        parts.forEach(part -> part.failed(AWAY, next -> "tries again"));
        await().until(() -> !told().isEmpty());
        parts.forEach(part -> part.over("It works"));
        assertThat(told()).hasSize(2);
        assertThat(told().get(0)).isEqualTo("warn: 300 parts cannot work: away");
        assertThat(told().get(1)).matches("info: 300 parts work again after \\d+ ms");
    }

    @Test
    void outageOfOnePartNamesIt() {
        List<Outage> parts = parts(300);
        parts.get(7).failed(AWAY, next -> "tries again");
        await().until(() -> !told().isEmpty());
        assertThat(told()).containsExactly("warn: Part 7 cannot work: away");
        parts.get(7).over("It works");
        assertThat(told()).last().asString().matches("info: Part 7 work again after \\d+ ms");
    }

    @Test
    void shortOutageOfManyPartsIsLoggedWhenItEnds() {
        List<Outage> parts = parts(3);
        parts.forEach(part -> part.failed(AWAY, next -> "tries again"));
        parts.forEach(part -> part.over("It works"));
        assertThat(told()).hasSize(2).first().isEqualTo("warn: 3 parts cannot work: away");
        assertThat(told().get(1)).startsWith("info: 3 parts work again");
    }

    @Test
    void partsThatFailOneAfterAnotherAreNotLoggedOneByOne() {
        List<Outage> parts = parts(100);
        parts.get(0).failed(AWAY, next -> "tries again");
        await().until(() -> !told().isEmpty());
        parts.forEach(part -> part.failed(AWAY, next -> "tries again"));
        parts.get(0).over("It works");
        parts.get(0).failed(AWAY, next -> "tries again");
        assertThat(told()).containsExactly("warn: Part 0 cannot work: away");
        parts.forEach(part -> part.over("It works"));
        assertThat(told()).hasSize(3);
        assertThat(told().get(1)).isEqualTo("warn: 100 parts cannot work: away");
        assertThat(told().get(2)).startsWith("info: 100 parts work again");
    }

    @Test
    void nothingIsLoggedAboutClosedParts() {
        List<Outage> parts = parts(3);
        parts.forEach(part -> part.failed(AWAY, next -> "tries again"));
        closed.addAll(List.of(0, 2));
        parts.get(1).over("It works");
        assertThat(told()).hasSize(2).first().isEqualTo("warn: Part 1 cannot work: away");
    }

    private final Set<Integer> closed = ConcurrentHashMap.newKeySet();

    private List<Outage> parts(int number) {
        CommonOutage common = new CommonOutage(log, count -> count + " parts", "cannot work", "work again");
        return IntStream.range(0, number)
                .mapToObj(i -> new Outage(
                        common.part(() -> "Part " + i, () -> !closed.contains(i)), new ExponentialBackOff(100, 2)))
                .toList();
    }

    private List<String> told() {
        return lines.stream().filter(line -> !line.startsWith("debug")).toList();
    }

    private long fail() {
        return outage.failed(AWAY, next -> "tries again in " + next + " ms");
    }
}
