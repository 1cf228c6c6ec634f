package dev.eventlog.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.eventlog.AddOutcomeUnknownException;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogException;
import dev.eventlog.EventLogUnavailableException;
import dev.eventlog.Tail;
import dev.eventlog.test.ServerTests;
import dev.eventlog.test.TestApplication;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.io.ClassPathResource;
import org.springframework.util.ClassUtils;

/** The message of an exception says where the failure was, what it is, and what to do. */
class FailureMessageTests extends ServerTests {

    @Test
    void messageNamesTheAddressWithoutAServer() {
        assertThat(failureOn(URI.create("redis://127.0.0.1:1"))).hasMessageContaining("127.0.0.1:1");
    }

    @Test
    void messageNamesTheUnknownHost() {
        assertThat(failureOn(URI.create("redis://no.such.host.invalid:6379")))
                .hasMessageContaining("no.such.host.invalid");
    }

    @Test
    void messageDistinguishesMissingAndWrongPasswordsAndPermissions() {
        redis.ask("ACL", "SETUSER", "app", "on", ">secret", "~*", "+@all", "-xadd");
        assertThat(failureOn(uri("app:secret"))).hasMessageContaining("'xadd'").hasMessageContaining("ACL rule");
        assertThat(failureOn(uri("app:wrong")))
                .hasMessageContaining("does not accept this user name and password")
                .hasMessageContaining("spring.data.redis.password");
        redis.ask("ACL", "SETUSER", "default", "off");
        assertThat(failureOn(redis.uri()))
                .hasMessageContaining("requires a password")
                .hasMessageContaining("spring.data.redis.password");
    }

    @Test
    void messageNamesTheMissingDatabase() {
        assertThat(failureOn(URI.create(redis.uri() + "/99")))
                .isNotInstanceOf(EventLogUnavailableException.class)
                .hasMessageContaining("spring.data.redis.database");
    }

    @Test
    void messageOfAnInterruptDoesNotSayThatRedisIsDown() {
        assumeTrue(ClassUtils.isPresent("io.lettuce.core.RedisClient", null), "Jedis waits on");
        EventLog log = newFactory().create("log");
        log.add(Map.of("n", 1));
        proxy.delay(Duration.ofSeconds(1)); // an answer that has already arrived would be used
        Thread.currentThread().interrupt();
        try {
            assertThatExceptionOfType(EventLogUnavailableException.class)
                    .isThrownBy(() -> log.read(Tail.all()))
                    .withMessageContaining("interrupted")
                    .withMessageNotContaining("could not be reached");
        } finally {
            assertThat(Thread.interrupted()).as("the interrupt flag stays set").isTrue();
        }
    }

    @Test
    void messageSaysThatAnAddAfterShutdownWasNotSent() {
        ConfigurableApplicationContext application = TestApplication.startOn(redis.uri());
        EventLog log = TestApplication.factory(application).create("log");
        log.add(Map.of("n", 1));
        application.close();

        for (Runnable add : List.<Runnable>of(
                () -> log.add(Map.of("n", 2)), () -> log.addAll(List.of(Map.of("n", 2), Map.of("n", 3))))) {
            assertThatExceptionOfType(EventLogUnavailableException.class)
                    .isThrownBy(add::run)
                    .withMessage("Could not add to log 'log': the event logs have been closed with their application."
                            + " Nothing was sent.");
        }
        assertThat(redis.ask("XLEN", "log")).hasToString("1");
    }

    @Test
    void messageOfAnUnknownOutcomeDoesNotSuggestARetry() {
        EventLogUnavailableException away =
                new EventLogUnavailableException("log", "Redis did not answer (timeout). Try again later.", null);
        assertThat(new AddOutcomeUnknownException("log", away))
                .hasMessageEndingWith("Redis did not answer (timeout).")
                .hasMessageContaining("or repeat the add if it has an idempotency key");
    }

    @Test
    @SuppressWarnings("NullAway") // like callers without null checks
    void messageExplainsAMissingId() {
        for (Runnable tail : List.<Runnable>of(() -> Tail.after(null), () -> Tail.from(null))) {
            assertThatExceptionOfType(IllegalArgumentException.class)
                    .isThrownBy(tail::run)
                    .withMessageContaining("the id must not be null")
                    .withMessageContaining("Tail.all()");
        }
    }

    /** Uses a real server and a script that requires a newer version. */
    @Test
    void followFailsOnAServerThatIsTooOld() throws IOException {
        String script = new ClassPathResource("dev/eventlog/redis/look.lua").getContentAsString(StandardCharsets.UTF_8);
        assertThatThrownBy(() -> redis.ask("EVAL", script.replace("< 6.02", "< 99"), "1", "log", "", "+", "1", "1"))
                .hasStackTraceContaining("event logs need Redis 6.2 or later");
    }

    private URI uri(String user) {
        return URI.create("redis://" + user + '@' + redis.uri().getAuthority());
    }

    private Throwable failureOn(URI uri) {
        EventLog log = newFactory(uri).create("log");
        Throwable failure = catchThrowable(() -> log.add(Map.of("n", 1)));
        assertThat(failure).isInstanceOf(EventLogException.class);
        return failure;
    }
}
