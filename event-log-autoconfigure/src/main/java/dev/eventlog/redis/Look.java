package dev.eventlog.redis;

import dev.eventlog.EventId;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The script that reads a stream after an id, with its state, at one moment. */
final class Look {

    static final Script SCRIPT = Script.of("look.lua");

    private Look() {}

    /** {@return the answer in a reply, without the parts that describe a tail only} */
    static Answer answer(List<?> reply) {
        return answer(reply, EventMark.ofNullable(StreamReplies.event(reply.get(3))));
    }

    /** {@return the answer in a reply that has the digest of the event at the id in its place} */
    static Answer digestedAnswer(List<?> reply) {
        return answer(reply, EventMark.ofDigest(StreamReplies.event(reply.get(3))));
    }

    private static Answer answer(List<?> reply, @Nullable EventMark at) {
        List<?> state = StreamReplies.list(reply.get(1));
        EventId after = EventId.parse(StreamReplies.text(reply.get(2)));
        return new Answer(
                state.isEmpty() ? StreamState.ABSENT : StreamReplies.state(state),
                StreamReplies.text(reply.get(0)).intern(), // each followed log keeps it, and there are few
                at,
                StreamReplies.event(reply.get(4)),
                StreamReplies.events(reply.get(5), after.next(), EventId.MAX, true));
    }
}
