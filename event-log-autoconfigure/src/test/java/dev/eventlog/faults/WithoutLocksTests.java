package dev.eventlog.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.eventlog.Event;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogFactory;
import dev.eventlog.FollowOptions;
import dev.eventlog.Follower;
import dev.eventlog.Tail;
import dev.eventlog.test.Collected;
import dev.eventlog.test.LogTests;
import dev.eventlog.test.RedisTest;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** Named followers without a lock registry. */
@RedisTest
@ExtendWith(OutputCaptureExtension.class)
class WithoutLocksTests extends LogTests {

    private static final String POSITIONS = "test:positions-without-locks";
    private static final Consumer<FollowOptions.Builder> NAMED = options -> options.named("invoices");

    @Test
    void secondFollowerOfANameInAnApplicationIsRefused() {
        EventLog log = applicationWithoutLocks("10s").create(newName());
        Collected<Event> first = Collected.events();
        Follower follower = closeLater(log.follow(Tail.all(), first, NAMED));
        await().until(() -> first.caughtUp() == 1);

        assertThatIllegalStateException()
                .isThrownBy(() -> log.follow(Tail.all(), Collected.events(), NAMED))
                .withMessageContainingAll("invoices", log.name(), "spring-integration-redis", "eventLogLockRegistry");
        closeLater(log.follow(Tail.all(), Collected.events(), options -> options.named("letters")));

        log.add(event(1));
        await().until(() -> first.count() == 1);
        follower.close();
        Collected<Event> next = Collected.events();
        closeLater(log.follow(Tail.all(), next, NAMED));
        log.add(event(2));
        await().until(() -> next.count() == 1);
        assertThat(numbers(next.all())).containsExactly(2);
    }

    @Test
    void missingLocksAreLoggedOnce(CapturedOutput output) {
        EventLogFactory logs = applicationWithoutLocks("10s");
        for (int i = 0; i < 3; i++) {
            closeLater(logs.create(newName()).follow(Tail.all(), Collected.events(), NAMED));
        }
        assertThat(output.getAll()).containsOnlyOnce("Named followers have no locks");
        assertThat(output.getAll()).containsOnlyOnce("org.springframework.integration:spring-integration-redis");
    }

    /** Two processes: neither knows of the other before one finds a position of the other. */
    @Test
    void followerPausesIfAnotherMovedThePosition() {
        String name = newName();
        List<Collected<Event>> both = List.of(Collected.events(), Collected.events());
        for (Collected<Event> listener : both) {
            closeLater(applicationWithoutLocks("60s").create(name).follow(Tail.all(), listener, NAMED));
        }
        await().until(() -> both.stream().allMatch(listener -> listener.caughtUp() == 1));
        EventLog log = newFactory().create(name);
        for (int i = 0; i < 30; i++) {
            int added = i + 1;
            log.add(event(i));
            await().until(() -> most(both) == added);
        }
        assertThat(both.stream()
                        .mapToInt(listener -> listener.batches().size())
                        .min()
                        .orElseThrow())
                .as("of the other one: the batch at which it detected the conflict")
                .isLessThanOrEqualTo(2);
    }

    /** It continues at the last position of the other follower. */
    @Test
    void pausedFollowerContinuesWhenTheOtherStoresNothingMore() {
        String name = newName();
        Collected<Event> first = Collected.events();
        Collected<Event> second = Collected.events();
        Follower one = closeLater(applicationWithoutLocks("1s").create(name).follow(Tail.all(), first, NAMED));
        Follower other = closeLater(applicationWithoutLocks("1s").create(name).follow(Tail.all(), second, NAMED));
        await().until(() -> first.caughtUp() == 1 && second.caughtUp() == 1);
        EventLog log = newFactory().create(name);
        log.add(event(0));
        await().until(() -> first.count() + second.count() >= 1);
        one.close();
        log.addAll(events(1, 10));
        Awaitility.await()
                .atMost(Duration.ofSeconds(20))
                .until(() -> all(first, second).distinct().sorted().toList().equals(range(0, 10)));
        assertThat(other.isRunning()).isTrue();
    }

    private static Stream<Integer> all(Collected<Event> one, Collected<Event> other) {
        return Stream.of(one, other).flatMap(listener -> numbers(listener.all()).stream());
    }

    private static int most(List<Collected<Event>> listeners) {
        return listeners.stream().mapToInt(Collected::count).max().orElse(0);
    }

    private EventLogFactory applicationWithoutLocks(String lease) {
        return newFactory(
                "spring.autoconfigure.exclude=dev.eventlog.autoconfigure.NamedFollowerAutoConfiguration",
                "eventlog.follow.lease=" + lease,
                "eventlog.positions.key=" + POSITIONS);
    }

    @AfterEach
    void forget() {
        redis.delete(POSITIONS);
    }
}
