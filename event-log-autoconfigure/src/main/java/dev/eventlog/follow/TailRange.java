package dev.eventlog.follow;

import dev.eventlog.EventId;
import dev.eventlog.EventLogException;
import dev.eventlog.EventLogOptions;
import dev.eventlog.Tail;
import dev.eventlog.redis.LogStream;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.util.Assert;

/**
 * A tail of a log, with the max-length and max-age of the log: the newest events after an id.
 *
 * @param after the id after which the tail begins
 * @param limit the maximum number of events
 * @param seen the id that a resuming reader has seen or knows; the reader is told what happened to its event
 * @param trimming how the log loses old events
 * @param maxAge the maximum age of its events in milliseconds; 0 for no limit
 */
public record TailRange(EventId after, long limit, @Nullable EventId seen, Trimming trimming, long maxAge) {

    /**
     * {@return a tail of a log}
     *
     * @param tail where to start
     * @param options the options of the log, with its max-length and max-age
     */
    public static TailRange of(Tail tail, EventLogOptions options) {
        Assert.notNull(tail, "The tail must not be null: Tail.all() begins at the first event");
        Trimming trimming = Trimming.of(options);
        long maxAge = options.maxAge().toMillis();
        long limit = trimming.maxLength();
        if (tail instanceof Tail.Last last) {
            return new TailRange(EventId.MIN, Math.min(last.count(), limit), null, trimming, maxAge);
        }
        if (tail instanceof Tail.From from) {
            EventId seen = from.expected() ? from.id() : null;
            return new TailRange(from.id().previous(), limit, seen, trimming, maxAge);
        }
        if (tail instanceof Tail.After after) {
            return new TailRange(after.id(), limit, after.id(), trimming, maxAge);
        }
        EventId after = tail instanceof Tail.Since since
                ? EventId.firstAt(since.instant()).previous()
                : EventId.MIN;
        return new TailRange(after, limit, null, trimming, maxAge);
    }

    /** {@return whether the tail begins with the id that the reader knows, not after it} */
    boolean isFromSeen() {
        return seen != null && seen.isAfter(after);
    }

    /** {@return whether the tail begins after the id that the reader has seen} */
    boolean isAfterSeen() {
        return after.equals(seen);
    }

    /** {@return all events after an id, whatever the max-length} */
    TailRange unlimited(EventId id, @Nullable EventId ofReader) {
        return new TailRange(id, Long.MAX_VALUE, ofReader, trimming, maxAge);
    }

    /**
     * {@return the tail at which a follower that began with this tail resumes}
     *
     * @param id the last id that the follower has seen
     */
    public TailRange resumedAfter(EventId id) {
        return new TailRange(id, trimming.maxLength(), id, trimming, maxAge);
    }

    /**
     * {@return the id at which a reader resumes that begins with this tail now}
     *
     * @param stream the log
     */
    public EventId position(LogStream stream) {
        return StartPoint.find(stream, this, null, 0).position();
    }

    /**
     * Finds the ids at which readers of many logs resume that begin now, in one round trip.
     *
     * @param tails where to start in each log; at least one
     * @return the ids by the names of the logs, without keys that turn out not to be streams
     */
    public static Map<String, EventId> positions(Map<LogStream, TailRange> tails) {
        Map<LogStream, StartPoint> found = StartPoint.findAll(tails, 0);
        Map<String, EventId> positions = new HashMap<>();
        tails.forEach((stream, tail) -> {
            StartPoint start = found.get(stream);
            EventId position = start != null ? start.position() : tail.positionUnlessOther(stream);
            if (position != null) {
                positions.put(stream.log(), position);
            }
        });
        return positions;
    }

    private @Nullable EventId positionUnlessOther(LogStream stream) {
        try {
            return position(stream);
        } catch (EventLogException refused) {
            if (LogStream.isAnotherType(refused)) {
                return null;
            }
            throw refused;
        }
    }
}
