package dev.eventlog.redis;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class FailureReasonTests {

    @Test
    void reasonHasTheAddressAndTheCause() {
        assertThat(reason(
                        "Unable to connect to Redis",
                        "Unable to connect to a.b/<unresolved>:6379",
                        "Connection refused"))
                .isEqualTo("a.b:6379: Connection refused");
        assertThat(reason("Unable to connect to Redis", "Failed to connect to a.b:6379."))
                .isEqualTo("Failed to connect to a.b:6379.");
        assertThat(reason("Unable to connect to [::1]:6379", "Connection refused"))
                .isEqualTo("[::1]:6379: Connection refused");
        assertThat(reason("Redis exception", "WRONGTYPE Operation")).isEqualTo("WRONGTYPE Operation");
        assertThat(reason(new String[1])).isEqualTo("IllegalStateException");
    }

    /**
     * The message of Lettuce for a connection that the server closes during its setup, for example at its maxclients.
     */
    @Test
    void reasonReplacesMessagesThatExplainNothing() {
        assertThat(reason("Unable to connect to a.b/<unresolved>:6379", "RedisHandshakeHandler not registered"))
                .startsWith("a.b:6379: the server closed the connection at once")
                .contains("maxclients");
    }

    private static String reason(@Nullable String... messages) {
        Throwable failure = null;
        for (int i = messages.length - 1; i >= 0; i--) {
            failure = new IllegalStateException(messages[i], failure);
        }
        return FailureReason.of(Objects.requireNonNull(failure));
    }
}
