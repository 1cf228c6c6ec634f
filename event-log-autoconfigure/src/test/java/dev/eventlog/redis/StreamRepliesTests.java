package dev.eventlog.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Replies that Redis cannot have sent never become events. */
class StreamRepliesTests {

    private static final EventId AFTER = new EventId(5, 1);

    @Test
    void repliesOfBothProtocolsAreDecoded() {
        List<Object> entries = List.of(entry("5-2", "n", "1"), entry("6-0", "n", "2", "", ""));
        for (Object reply : List.of(
                List.of(bytes("log"), entries), // RESP3
                List.of(List.of(bytes("log"), entries)))) { // RESP2
            assertThat(StreamReplies.ofOneStream(reply, AFTER))
                    .extracting(Event::id)
                    .containsExactly(new EventId(5, 2), new EventId(6, 0));
        }
        assertThat(StreamReplies.ofOneStream(List.of(), AFTER)).isEmpty();
        assertThat(StreamReplies.ofOneStream(null, AFTER)).isEmpty();
    }

    @Test
    void malformedEntriesAreRefused() {
        refuses(entry("5-2", "n", "5", "6-1", "n", "4"), entry("5-2", "n", "5"));
        refuses(entry("6-0", "n", "5"), entry("5-9", "n", "4"));
        refuses(entry("5-2", "n", "5", "6-1"));
        refuses(entry("5-2"));
        refuses(List.of(bytes("5-2"), List.of(bytes("n"), List.of(bytes("6-0"), bytes("n")))));
        refuses(entry("5-2", "n", "5"), bytes("6-1"));
        refuses(List.of(bytes("n"), List.of(bytes("5-2"), bytes("n"))));
    }

    @Test
    void entriesOutsideTheRequestedRangeAreRefused() {
        refuses(entry("5-1", "n", "5"));
        refuses(entry("4-9", "n", "5"), entry("7-0", "n", "5"));
        assertThatIllegalStateException()
                .isThrownBy(() -> StreamReplies.events(List.of(entry("5-2", "n", "5")), EventId.MIN, AFTER, true));
        assertThatIllegalStateException()
                .isThrownBy(() -> StreamReplies.events(
                        List.of(entry("4-2", "n", "5"), entry("4-3", "n", "5")), EventId.MIN, AFTER, false));
    }

    private static void refuses(Object... entries) {
        assertThatIllegalStateException()
                .isThrownBy(() -> StreamReplies.ofOneStream(List.of(bytes("log"), Arrays.asList(entries)), AFTER))
                .withMessageContaining("is not one that Redis sends");
    }

    private static List<Object> entry(String id, String... texts) {
        return List.of(
                bytes(id), Arrays.stream(texts).map(StreamRepliesTests::bytes).toList());
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
