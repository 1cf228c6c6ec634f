package dev.eventlog.follow;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.Gap;
import dev.eventlog.TailPage;
import dev.eventlog.redis.LogStream;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads pages of a log without following it, by the rules for the start of a follower. */
public final class Pages {

    private Pages() {}

    /**
     * Reads the beginning of a tail, with one script. A tail of a number of events that starts further back than a page needs a
     * second script. A page after an event also contains events beyond the max-length: checking that limit each time would cost
     * as much as reading the whole log.
     *
     * @param stream the log
     * @param tail where to start
     * @param limit the maximum number of events
     * @return the page
     */
    public static TailPage<Event> read(LogStream stream, TailRange tail, int limit) {
        TailRange asked = tail.isAfterSeen() ? tail.unlimited(tail.after(), tail.seen()) : tail;
        StartPoint start = StartPoint.find(stream, asked, null, limit);
        if (limit == 0
                || !start.events().isEmpty()
                || isAtEnd(start, start.point().id())) {
            return page(stream.log(), start, start.loss(), tail, limit);
        }
        TailRange rest = tail.unlimited(start.point().id(), null);
        return page(stream.log(), StartPoint.find(stream, rest, null, limit), start.loss(), rest, limit);
    }

    private static TailPage<Event> page(String log, StartPoint start, @Nullable Loss loss, TailRange tail, int limit) {
        List<Event> found = start.events();
        List<Event> events = found.size() > limit ? found.subList(0, limit) : found;
        EventId position = events.isEmpty()
                ? start.point().id()
                : events.get(events.size() - 1).id();
        EventId first = events.isEmpty() ? EventId.MAX : events.get(0).id();
        return new TailPage<>(
                start.state().exists(),
                Optional.ofNullable(loss).map(lost -> new Gap(log, lost.kind(), lost.lastSeen(), first, lost.missed())),
                events,
                start.beforeTheEnd(position, tail),
                isAtEnd(start, position),
                start.state().completion());
    }

    private static boolean isAtEnd(StartPoint start, EventId position) {
        return start.newest().isEmpty() || !start.newest().get(0).id().isAfter(position);
    }
}
