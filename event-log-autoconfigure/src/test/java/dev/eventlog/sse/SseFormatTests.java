package dev.eventlog.sse;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

/** Messages as Server-Sent Events. */
class SseFormatTests {

    @Test
    void lineBreaksInTheNameOfALogAreSpaces() {
        SseFormat format = new SseFormat(new JsonMapper(), null);
        Message event = new Message(Message.Kind.EVENT, "a\nb\rc", null, "1-1", "{}");

        assertThat(SseFormat.wire(format.message(event))).isEqualTo("id:1-1\nevent:a b c\ndata:{}\n\n");
    }
}
