package dev.eventlog.follow;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.Gap;
import dev.eventlog.TailPage;
import dev.eventlog.redis.LogStream;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads a log for whoever does not follow it, by the rules by which a follower begins. */
public final class Pages {

    private Pages() {}

    /**
     * Reads the beginning of a tail: one script. A tail that begins by a number of events, further back than a page, needs a second
     * one. Who goes on after an event is shown what there is, also beyond the max-length: to look for that each time would cost
     * as much as the whole log.
     *
     * @param stream the log
     * @param tail where to begin
     * @param limit how many events at most
     * @return what was found
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
        boolean closingSeen = tail.after().equals(EventId.MAX);
        EventId first = events.isEmpty() ? EventId.MAX : events.get(0).id();
        return new TailPage<>(
                start.state().exists(),
                Optional.ofNullable(loss).map(lost -> new Gap(log, lost.kind(), lost.lastSeen(), first, lost.missed())),
                events,
                // Who stands at the greatest id has been told that the log is complete
                position.equals(EventId.MAX) && !closingSeen ? start.lastOfEvents() : position,
                isAtEnd(start, position),
                start.state().completion());
    }

    private static boolean isAtEnd(StartPoint start, EventId position) {
        return start.newest().isEmpty() || !start.newest().get(0).id().isAfter(position);
    }
}
