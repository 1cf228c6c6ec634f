package dev.eventlog.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.eventlog.test.Generated;
import org.junit.jupiter.api.Test;
import org.springframework.data.redis.connection.ClusterSlotHashUtil;

class RecordKeyTests {

    private static final int TRIES = 5_000;

    @Test
    void recordKeyIsInTheSlotOfTheLog() {
        Generated.tries(TRIES, any -> assertLiesInTheSlotOfTheLog(text(any), text(any)));
    }

    private static void assertLiesInTheSlotOfTheLog(String key, String idempotencyKey) {
        if (hasBrace(key) && !hasTag(key)) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> RecordKey.of("name", key, idempotencyKey))
                    .withMessageContaining("'name'")
                    .withMessageContaining("'" + key + "'");
        } else {
            String record = RecordKey.of("name", key, idempotencyKey);
            assertThat(record).startsWith(key).endsWith(idempotencyKey).isNotEqualTo(key);
            assertThat(ClusterSlotHashUtil.calculateSlot(record))
                    .as(record)
                    .isEqualTo(ClusterSlotHashUtil.calculateSlot(key));
        }
    }

    @Test
    void recordKeyDiffersForEachIdempotencyKey() {
        Generated.tries(TRIES, any -> {
            String key = text(any);
            String one = text(any);
            String other = any.of(one, text(any));
            if (!hasBrace(key) || hasTag(key)) {
                assertThat(RecordKey.of("name", key, one).equals(RecordKey.of("name", key, other)))
                        .isEqualTo(one.equals(other));
            }
        });
    }

    /** Few characters, so that braces occur in all orders. */
    private static String text(Generated any) {
        return any.text("{}:ab\u2603", 1, 8);
    }

    private static boolean hasBrace(String key) {
        return key.contains("{") || key.contains("}");
    }

    /** The rule of Redis: a text between the first opening brace and the first closing brace after it. */
    private static boolean hasTag(String key) {
        return key.matches("(?s)[^{]*\\{[^}]+}.*");
    }
}
