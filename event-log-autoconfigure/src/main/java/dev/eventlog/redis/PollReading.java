package dev.eventlog.redis;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads the new events of one log, together with what proves that they are all: the state of the stream. Thread-safe. */
public final class PollReading {

    private final LogStream stream;
    private final Inquiry inquiry;

    PollReading(LogStream stream, Inquiry inquiry) {
        this.stream = stream;
        this.inquiry = inquiry;
    }

    /**
     * The result of a poll: the events, then the state, then the event at the end, read in this order.
     *
     * @param answer the events and the state
     * @param small whether the events were so small that sending three of them again costs little
     * @param bytes the size of the events
     */
    public record Poll(Answer answer, boolean small, long bytes) {}

    /**
     * Waits for new events, and sends the question for the state right behind: one round trip for both, with hardly any time in
     * between. {@code XREAD BLOCK}, then {@code XINFO STREAM} and {@code XRANGE} of one event. For large events a script replaces
     * {@code XINFO}, whose answer would contain two of them.
     *
     * @param line the line
     * @param after the id to read after
     * @param count the maximum number of events
     * @param block how long to wait for the first event
     * @param small whether the events are expected to be small, according to the previous poll
     * @return the result
     */
    public Poll poll(Line line, EventId after, int count, Duration block, boolean small) {
        if (stream.connections().pipelines()) {
            return polled(line.send(question(after, count, block, small)), after, small);
        }
        List<@Nullable Object> replies = new ArrayList<>(line.send(List.of(read(after, count, block))));
        if (!(replies.get(0) instanceof RuntimeException)) {
            replies.add(Look.SCRIPT.on(line, stream.key(), digestOf(after)));
        }
        return polled(replies, after, small);
    }

    /**
     * Returns the commands of a {@link #poll}, which are sent in one write.
     *
     * @param after the id to read after
     * @param count the maximum number of events
     * @param block how long to wait for the first event; null not to wait
     * @param small whether the events are expected to be small
     * @return the commands
     */
    public List<RawCommand> question(EventId after, int count, @Nullable Duration block, boolean small) {
        RawCommand read = read(after, count, block);
        return small
                ? List.of(read, glance(stream.key()), stream.rangeCommand(after, after, 1))
                : List.of(read, Look.SCRIPT.command(stream.key(), digestOf(after)));
    }

    /** {@return {@code XINFO STREAM}: shows whether there are events after the last one that was read, if events are small} */
    public List<RawCommand> glance() {
        return List.of(glance(stream.key()));
    }

    static RawCommand glance(String key) {
        return RawCommand.of("XINFO", 1, "STREAM", key);
    }

    /**
     * Decodes the replies to a {@link #glance}.
     *
     * @param replies a reply for each command
     * @param after the id of the last event that was read
     * @return the result without events: the state, and the event at that id if it is the last one
     */
    public Poll glanced(List<@Nullable Object> replies, EventId after) {
        if (isAbsent(replies.get(0))) {
            return new Poll(new Answer(StreamState.ABSENT, "", null, null, List.of()), true, 0);
        }
        return inquiry.decode("follow", replies.get(0), info -> {
            Event last = StreamReplies.lastEntry(info, after);
            EventMark at = last != null && last.id().equals(after) ? EventMark.of(last) : null;
            return new Poll(new Answer(StreamReplies.state(info), "", at, null, List.of()), true, 0);
        });
    }

    private RawCommand read(EventId after, int count, @Nullable Duration block) {
        return block == null
                ? RawCommand.of("XREAD", 3, "COUNT", count, "STREAMS", stream.key(), after)
                : RawCommand.of(
                        "XREAD",
                        5,
                        "COUNT",
                        count,
                        "BLOCK",
                        Math.max(1, block.toMillis()),
                        "STREAMS",
                        stream.key(),
                        after);
    }

    /**
     * Decodes the replies to a {@link #question}.
     *
     * @param replies a reply for each command
     * @param after the id that was read after
     * @param small whether the events were expected to be small
     * @return the result
     */
    public Poll polled(List<@Nullable Object> replies, EventId after, boolean small) {
        List<Event> events = inquiry.decode("follow", replies.get(0), reply -> StreamReplies.ofOneStream(reply, after));
        long bytes = StreamReplies.size(replies.get(0));
        boolean smallNow = events.isEmpty() ? small : EventSize.areSmall(events.size(), bytes);
        if (replies.size() < 3) {
            Answer then =
                    inquiry.decode("follow", replies.get(1), reply -> Look.digestedAnswer(StreamReplies.list(reply)));
            return new Poll(new Answer(then.state(), "", then.at(), null, events), smallNow, bytes);
        }
        StreamState state = isAbsent(replies.get(1))
                ? StreamState.ABSENT
                : inquiry.decode("follow", replies.get(1), StreamReplies::state);
        Optional<Event> at = inquiry.decode(
                "follow", replies.get(2), reply -> Optional.ofNullable(StreamReplies.entry(reply, after)));
        return new Poll(
                new Answer(state, "", at.map(EventMark::of).orElse(null), null, events),
                smallNow && StreamReplies.size(replies.get(1)) <= 3 * EventSize.SMALL,
                bytes);
    }

    /** The arguments of the script in a poll: it returns the state, and whether the event at an id is still the same. */
    private static Object[] digestOf(EventId after) {
        return new Object[] {after, "+", 0, 0, "", "", "", EventId.MIN, 1};
    }

    static boolean isAbsent(@Nullable Object reply) {
        return reply instanceof RuntimeException failure && RedisFailures.isNoSuchKey(failure);
    }
}
