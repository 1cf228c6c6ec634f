package dev.eventlog.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.springframework.data.redis.connection.ClusterSlotHashUtil;

class RecordKeyTests {

    @Property
    void liesInTheSlotOfTheLog(@ForAll("texts") String key, @ForAll("texts") String idempotencyKey) {
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

    @Property
    void differsForEachIdempotencyKey(
            @ForAll("tagged") String key, @ForAll("texts") String one, @ForAll("texts") String other) {
        assertThat(RecordKey.of("name", key, one).equals(RecordKey.of("name", key, other)))
                .isEqualTo(one.equals(other));
    }

    /** Few characters, so that braces come in all orders. */
    @Provide
    Arbitrary<String> texts() {
        return Arbitraries.strings()
                .withChars('{', '}', ':', 'a', 'b', '\u2603')
                .ofMinLength(1)
                .ofMaxLength(8);
    }

    @Provide
    Arbitrary<String> tagged() {
        return texts().filter(key -> !hasBrace(key) || hasTag(key));
    }

    private static boolean hasBrace(String key) {
        return key.contains("{") || key.contains("}");
    }

    /** As Redis has it: something between the first opening brace and the first closing one after that. */
    private static boolean hasTag(String key) {
        return key.matches("(?s)[^{]*\\{[^}]+}.*");
    }
}
