package dev.eventlog.follow;

import dev.eventlog.Completion;
import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.EventLogUnavailableException;
import dev.eventlog.Gap;
import dev.eventlog.follow.GapRules.Judgement;
import dev.eventlog.follow.GapRules.Memory;
import dev.eventlog.follow.GapRules.Verdict;
import dev.eventlog.redis.Answer;
import dev.eventlog.redis.EventMark;
import dev.eventlog.redis.LogStream;
import dev.eventlog.redis.Rank;
import dev.eventlog.redis.ReadPoint;
import dev.eventlog.redis.StreamState;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

// Long: the position and the evidence about each answer are one state.
/**
 * The position of a follower and the search for its next events. They come from the window if the position is inside it, and page
 * by page from Redis if it is older. Events that existed at the start come from Redis, so that events already gone at the start
 * are never delivered. Used by the current thread of the follower only.
 */
final class Cursor {

    /** The result of a look. */
    enum Found {
        /** Events, perhaps after a gap. */
        EVENTS,
        /** No events at the moment. */
        NOTHING,
        /** The end of a complete log, perhaps after a gap. */
        COMPLETE,
        /** The cursor has moved: look again. */
        MOVED
    }

    /** The answer of Redis for the events after the cursor. The state is null unless it was requested. */
    private record Page(
            Verdict verdict,
            ReadPoint next,
            List<Event> events,
            @Nullable StreamState state) {}

    /** A question to Redis. Other followers of the feed may ask the same question at the same moment. */
    private record Question(String key, boolean state, EventId from, EventId to, int count, EventId feedEnd) {}

    private static final int UNSURE = -1;

    private final LogStream stream;
    private final Feed feed;
    private final int batchSize;
    private ReadPoint existing; // the end of what existed at the start, or in the log that replaced it
    private int comebacks; // of the feed, when the event at the point was last seen

    private volatile EventId position; // where to resume: the last delivered event, visible to other threads
    private EventId lastSeen; // the last delivered event, or the id that the cursor began after
    private volatile ReadPoint point;
    private @Nullable EventMark seen;
    private boolean ahead; // the position is beyond the end of the feed, which may never get there
    private ReadPoint meeting; // while ahead: the last point that the cursor surely shares with its feed
    private ReadPoint checked; // while ahead: the end of the feed at the last check
    private @Nullable Loss loss;
    private volatile boolean missesEvents; // with the loss; read by other threads
    private List<Event> events;
    private @Nullable Completion completion; // once the end was found; another log may follow in the window

    /**
     * Creates a cursor at the beginning of a tail.
     *
     * @param place the feed, as it was just before
     */
    Cursor(LogStream stream, Feeds.Place place, StartPoint start, int batchSize) {
        Window.End end = place.end();
        int epoch = end.point().epoch();
        this.stream = stream;
        this.feed = place.feed();
        this.batchSize = batchSize;
        this.existing = in(epoch, start.end());
        this.comebacks = place.feed().mayReadFrom(start.server()) ? place.comebacks() : UNSURE;
        this.position = start.position();
        this.lastSeen = start.point().id().equals(EventId.MAX) || start.loss() != null
                ? position
                : start.point().id();
        this.point = in(epoch, start.point());
        this.seen = Objects.equals(start.seen(), end.event()) ? end.event() : start.seen(); // often kept only once
        this.meeting = end.point();
        this.checked = meeting;
        this.ahead = start.point().id().isAfter(end.point().id());
        this.loss = start.loss();
        this.missesEvents = start.loss() != null;
        this.events = upTo(end.point().id(), start.events());
    }

    private static ReadPoint in(int epoch, ReadPoint point) {
        return point.epoch() == epoch ? point : new ReadPoint(point.id(), point.rank(), epoch);
    }

    /**
     * No follower overtakes its feed. If the feed finds that the log was replaced, it therefore knows what its followers can have
     * read.
     */
    private static List<Event> upTo(EventId end, List<Event> events) {
        int count = events.size();
        while (count > 0 && events.get(count - 1).id().isAfter(end)) {
            count--;
        }
        return count == 0 ? List.of() : events.subList(0, count);
    }

    EventId position() {
        return position;
    }

    ReadPoint point() {
        return point;
    }

    /** {@return the gap before the found events; null if nothing is missing} */
    @Nullable
    Loss loss() {
        return loss;
    }

    /** The gap has been reported to the listener. */
    void told() {
        loss = null;
        missesEvents = false;
    }

    /** {@return whether events are missing, or may be missing, and the listener has not been told yet} */
    boolean missesEvents() {
        return missesEvents;
    }

    /** {@return the events of the last look, once} */
    List<Event> takeFound() {
        List<Event> found = events;
        events = List.of();
        return found;
    }

    /** {@return whether only the completion of the log is left to report; does not ask Redis for events} */
    boolean isOnlyCompleteLeft() {
        Window window = feed.window();
        return events.isEmpty() && window.isOnlyCompleteAfter(window.begun(point));
    }

    /** {@return how the log ended; the last look must have found the end} */
    Completion completion() {
        return Objects.requireNonNull(completion);
    }

    /** The completion has been reported to the listener. */
    void completed() {
        position = EventId.MAX;
    }

    /** The listener has taken events, in the order in which they were found. */
    void taken(List<Event> batch) {
        Event last = batch.get(batch.size() - 1);
        position = lastSeen = last.id();
        point = point.after(last.id(), batch.size());
        seen = feed.window().mark(last);
    }

    /** {@return whether the cursor has passed all events that existed at the start} */
    boolean isPastWhatExisted() {
        return point.epoch() != existing.epoch() || point.id().compareTo(existing.id()) >= 0;
    }

    /**
     * Looks for what comes next.
     *
     * @throws EventLogUnavailableException if the answer is unknown at the moment
     */
    Found look() {
        if (!events.isEmpty()) { // found together with the start
            return Found.EVENTS;
        }
        Window window = feed.window();
        point = window.begun(point);
        if (point.epoch() == existing.epoch()
                && point.id().equals(existing.id())
                && existing.rank().isKnown()) {
            point = existing; // it may have been read in pages, which show no rank
        }
        Window.Slice slice = window.after(point, batchSize);
        if (ahead && slice.found() != Window.Found.PARTED) {
            return meetFeed(window);
        }
        if (slice.found() != Window.Found.PARTED && !isPastWhatExisted()) {
            ReadPoint last = window.last();
            ReadPoint target = existing.id().isAfter(last.id()) ? last : existing;
            return target.id().isAfter(point.id()) && last.epoch() == point.epoch() ? page(target) : Found.NOTHING;
        }
        return switch (slice.found()) {
            case PARTED -> part(slice.point());
            case BEHIND -> page(slice.point());
            case EVENTS -> {
                point = slice.point();
                yield found(slice.events());
            }
            case NOTHING, COMPLETE -> {
                seen = slice.point().id().equals(point.id()) ? seen : null;
                point = slice.point();
                completion = slice.completion();
                yield completion == null ? Found.NOTHING : Found.COMPLETE;
            }
        };
    }

    /**
     * When the feed reaches the position of the follower, the window must contain the event there, unless the log has lost it in
     * the meantime. Without such an event, nothing shows what a feed has lost that reconnected in the meantime. If another event
     * is there, the log began again: Redis 6.2 does not report this to a feed that has not read as far as its follower. If the feed
     * has passed the position and found no event there, Redis is asked.
     */
    private Found meetFeed(Window window) {
        EventMark start = seen;
        ReadPoint last = window.last();
        if (last.epoch() != point.epoch()) {
            return Found.MOVED;
        }
        if (last.id().compareTo(point.id()) < 0) {
            boolean existed = point.epoch() != existing.epoch() || !point.id().isAfter(existing.id());
            return existed && feed.isAtTheEnd() && !last.equals(checked) ? checkAhead(last) : Found.NOTHING;
        }
        boolean another = start != null && window.hasAnother(start);
        Memory memory = start == null ? Memory.FORGOTTEN : window.memory(start);
        boolean doubted = another || (feed.comebacks() != comebacks && memory != Memory.SAME);
        boolean passed = memory == Memory.OTHER && last.id().isAfter(point.id()); // without this event
        Found found = doubted || passed ? page(last, doubted) : Found.MOVED;
        ahead = false;
        return found;
    }

    /**
     * The feed has read all events, but has not come as far as this cursor. Its last answer may be older than the start of the
     * follower. Or the log has begun again in between, which Redis 6.2 does not report to the feed.
     */
    private Found checkAhead(ReadPoint last) {
        Page page = read(last, false);
        checked = last;
        StreamState state = page.state();
        boolean neverGotHere = state != null && point.id().isAfter(state.lastId());
        return neverGotHere ? beganAgain() : Found.NOTHING;
    }

    /** The feed reads this log, so the earlier events no longer count. */
    private Found beganAgain() {
        missesEvents = true;
        loss = Loss.beganAgain(loss == null ? lastSeen : loss.lastSeen(), point);
        point = ahead ? meeting : point.ranked(Rank.UNKNOWN);
        existing = feed.window().last().ranked(Rank.UNKNOWN);
        ahead = false;
        seen = null;
        return Found.MOVED;
    }

    /**
     * Reads the events that both logs have in common to their end. The listener is then told, before it gets any event of the new
     * log.
     */
    private Found part(ReadPoint common) {
        ReadPoint here = point;
        if (common.id().isAfter(here.id())) {
            Page shared = read(common, ahead);
            if (shared.verdict() == Verdict.WHOLE && !shared.events().isEmpty()) {
                return found(shared.events());
            }
            boolean whole = shared.verdict() == Verdict.WHOLE;
            existsUpTo(common.id(), common.epoch());
            point = whole ? common : new ReadPoint(here.id(), Rank.UNKNOWN, common.epoch());
            seen = null;
        } else if (here.id().isAfter(common.id()) && continuesFrom(here, common)) {
            return Found.MOVED;
        } else {
            seen = common.id().equals(here.id()) ? seen : null;
            point = common;
        }
        missesEvents |= !feed.window().hadAllAt(here);
        loss = loss == null ? Loss.beganAgain(lastSeen, here) : Loss.beganAgain(loss.lastSeen(), loss.from());
        return Found.MOVED;
    }

    /**
     * Continues from here if the feed has only gone back further than this cursor has to, because it no longer knew its own last
     * event. The answer may come from any server, so it is checked again when the feed reaches this position.
     *
     * @return whether it does
     */
    private boolean continuesFrom(ReadPoint here, ReadPoint common) {
        EventId id = here.id();
        if (seen == null) {
            return false;
        }
        LogStream.Sight sight = asked(
                new Question(stream.key(), true, id, EventId.MAX, 1, id), () -> stream.look(id, EventId.MAX, 1, id));
        if (!seen.isOf(sight.atFeedEnd())) {
            return false;
        }
        existsUpTo(sight.answer().state().lastId(), common.epoch());
        point = new ReadPoint(id, here.rank(), common.epoch()); // all events up to it are there, too
        ahead = true;
        meeting = common;
        checked = common;
        comebacks = UNSURE;
        return true;
    }

    /** Limits what existed at the start to the events that the log still has, which go up to this id. */
    private void existsUpTo(EventId last, int epoch) {
        if (!isPastWhatExisted()) {
            EventId end = existing.id().isAfter(last) ? last : existing.id();
            existing = new ReadPoint(end, Rank.UNKNOWN, epoch);
        }
    }

    /** Reads page by page from Redis up to a point. */
    private Found page(ReadPoint target) {
        return page(target, false);
    }

    private Found page(ReadPoint target, boolean doubted) {
        Page page = read(target, doubted);
        StreamState state = page.state();
        boolean nothingLeft = page.events().isEmpty();
        boolean isKnown = loss != null
                && loss.kind() == Gap.Kind.BEGAN_AGAIN
                && seen == null
                && !point.rank().isKnown();
        if (page.verdict() == Verdict.BEGAN_AGAIN && !isKnown) { // otherwise the same question would come again
            return beganAgain();
        }
        if (page.verdict() == Verdict.REMOVED && state != null) {
            ReadPoint next = nothingLeft ? target : page.next();
            missesEvents = true;
            loss = loss == null ? Loss.removed(lastSeen, point, next, state) : loss.grown(next, state);
            seen = null;
            point = next;
            return nothingLeft ? Found.MOVED : found(page.events());
        }
        if (!nothingLeft) {
            point = page.next();
            return found(page.events());
        }
        point = target.rank().isKnown() ? target : target.ranked(point.rank());
        seen = null;
        return Found.MOVED;
    }

    /**
     * The answer must prove that it comes from the log that the feed reads, by containing the event at the end of the feed.
     * Otherwise it may come from another log, or lack the newest events. An answer that also starts with the event at the cursor
     * is complete. Without that event, the gap rules decide.
     *
     * @param doubted whether only the event at the cursor proves that the log is the same
     */
    private Page read(ReadPoint target, boolean doubted) {
        int count = Math.min(batchSize, feed.pageSize());
        EventMark known = seen;
        Window.End end = feed.window().end();
        EventMark endOfFeed = end.event();
        if (feed.isInterrupted() || end.point().epoch() != target.epoch()) {
            throw later("must be read by its feed first");
        }
        if (known != null && endOfFeed != null) {
            Question question = new Question(
                    stream.key(),
                    false,
                    point.id(),
                    target.id(),
                    count + 1,
                    end.point().id());
            LogStream.Page page = asked(
                    question,
                    () -> stream.page(
                            point.id(), target.id(), count + 1, end.point().id()));
            List<Event> events = page.events();
            if (!events.isEmpty() && known.isOf(events.get(0)) && endOfFeed.isOf(page.atFeedEnd())) {
                feed.pageWorked(events);
                return new Page(Verdict.WHOLE, point, events.subList(1, events.size()), null);
            }
        }
        Question question = new Question(
                stream.key(), true, point.id(), target.id(), count, end.point().id());
        LogStream.Sight sight = asked(
                question,
                () -> stream.look(point.id(), target.id(), count, end.point().id()));
        Answer answer = sight.answer();
        feed.pageWorked(answer.events());
        if (!end.isOf(answer.state(), sight.atFeedEnd())) {
            throw later("differs from what its feed has read; the feed will check it");
        }
        Trimming trimming = Trimming.of(stream.options());
        Judgement judgement = doubted
                ? GapRules.judgeAfterInterruption(point, known, answer, trimming, feed.window()::memory)
                : GapRules.judge(point, known, answer, trimming, feed.window()::memory);
        return new Page(judgement.verdict(), judgement.next(), answer.events(), answer.state());
    }

    private <T> T asked(Question what, Supplier<T> question) {
        try {
            return feed.questions().ask(what, question);
        } catch (EventLogUnavailableException failure) {
            if (stream.wasSent(failure) && !feed.isInterrupted()) {
                feed.pageFailed();
            }
            throw failure;
        }
    }

    private Found found(List<Event> next) {
        events = next;
        return Found.EVENTS;
    }

    private EventLogUnavailableException later(String why) {
        return new EventLogUnavailableException(stream.log(), "Log '" + stream.log() + "' " + why, null);
    }
}
