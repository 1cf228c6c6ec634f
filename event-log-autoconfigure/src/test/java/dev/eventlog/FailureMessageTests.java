package dev.eventlog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.eventlog.test.ServerTests;
import dev.eventlog.test.TestApplication;
import java.net.URI;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.context.ConfigurableApplicationContext;

/** What somebody reads who has only the message of an exception: where it was, what it is, and what to do about it. */
class FailureMessageTests extends ServerTests {

    @Test
    void whereNobodyListens() {
        assertThat(failureOn(URI.create("redis://127.0.0.1:1"))).hasMessageContaining("127.0.0.1:1");
    }

    @Test
    void whichHostIsUnknown() {
        assertThat(failureOn(URI.create("redis://no.such.host.invalid:6379")))
                .hasMessageContaining("no.such.host.invalid");
    }

    @Test
    void noPasswordAWrongOneAndNoPermissionAreToldApart() {
        redis.ask("ACL", "SETUSER", "app", "on", ">secret", "~*", "+@all", "-xadd");
        assertThat(failureOn(uri("app:secret"))).hasMessageContaining("'xadd'").hasMessageContaining("ACL rule");
        assertThat(failureOn(uri("app:wrong")))
                .hasMessageContaining("does not know this user with this password")
                .hasMessageContaining("spring.data.redis.password");
        redis.ask("ACL", "SETUSER", "default", "off");
        assertThat(failureOn(redis.uri()))
                .hasMessageContaining("asks for a password")
                .hasMessageContaining("spring.data.redis.password");
    }

    @Test
    void anAddAfterTheApplicationHasClosedWasNotSent() {
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
