package dev.eventlog.follow;

import dev.eventlog.Completion;
import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.EventLogUnavailableException;
import dev.eventlog.follow.GapRules.Judgement;
import dev.eventlog.follow.GapRules.Memory;
import dev.eventlog.follow.GapRules.Verdict;
import dev.eventlog.redis.Answer;
import dev.eventlog.redis.Closing;
import dev.eventlog.redis.LogStream;
import dev.eventlog.redis.Rank;
import dev.eventlog.redis.ReadPoint;
import dev.eventlog.redis.StreamState;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

// Long: where it stands and what it may believe of each answer are one state.
/**
 * Where a follower stands and what comes next: from the window if its point is inside, by pages from Redis if it is older.
 * What existed when the follow began comes from Redis, so that nothing is delivered that was gone by then. Belongs to the
 * thread that the follower has at the moment.
 */
final class Cursor {

    /** What a look found. */
    enum Found {
        /** Events, with what is missing before them. */
        EVENTS,
        /** Nothing at the moment. */
        NOTHING,
        /** The end of a complete log, with what is missing before it. */
        COMPLETE,
        /** The cursor has moved on: look again. */
        MOVED
    }

    /** What Redis showed after the cursor; the state only where it was asked. */
    private record Page(
            Verdict verdict,
            ReadPoint next,
            List<Event> events,
            @Nullable StreamState state) {}

    /** What Redis is asked; another follower of the feed may ask the same at the same moment. */
    private record Question(String key, boolean state, EventId from, EventId to, int count, EventId feedEnd) {}

    private static final int UNSURE = -1;

    private final LogStream stream;
    private final Feed feed;
    private final Trimming trimming;
    private final int batchSize;
    private final ReadPoint existing; // the end of what existed when the follow began
    private int comebacks; // of its feed, when the event at the point was last seen to be there

    private volatile EventId position; // where to resume: the last event that was taken, for others to see
    private EventId lastSeen; // the last event that was taken, or after which this began
    private volatile ReadPoint point;
    private @Nullable Event seen;
    private boolean ahead; // it stands where its feed has not read yet, and may never read
    private ReadPoint meeting; // while it is ahead: the last point that its feed and it are sure to share
    private @Nullable Loss loss;
    private List<Event> events;

    /**
     * A cursor at the beginning of a tail.
     *
     * @param end how far the feed was just before
     */
    Cursor(LogStream stream, Feed feed, Window.End end, StartPoint start, Trimming trimming, int batchSize) {
        int epoch = end.point().epoch();
        this.stream = stream;
        this.feed = feed;
        this.trimming = trimming;
        this.batchSize = batchSize;
        this.existing = in(epoch, start.end());
        this.comebacks = feed.mayReadFrom(start.server()) ? feed.comebacks() : UNSURE;
        this.position = start.position();
        this.lastSeen = start.loss() != null ? position : start.point().id();
        this.point = in(epoch, start.point());
        this.seen = start.seen();
        this.meeting = end.point();
        this.ahead = start.point().id().isAfter(end.point().id());
        this.loss = start.loss();
        this.events = upTo(end.point().id(), start.events());
    }

    private static ReadPoint in(int epoch, ReadPoint point) {
        return new ReadPoint(point.id(), point.rank(), epoch);
    }

    /** No follower overtakes its feed: so if that finds the log to be another one, it knows what its followers can have. */
    private static List<Event> upTo(EventId end, List<Event> events) {
        int count = events.size();
        while (count > 0 && events.get(count - 1).id().isAfter(end)) {
            count--;
        }
        return events.subList(0, count);
    }

    EventId position() {
        return position;
    }

    ReadPoint point() {
        return point;
    }

    /** {@return what is missing before the events that were found; null if nothing is} */
    @Nullable
    Loss loss() {
        return loss;
    }

    /** The listener has been told what is missing. */
    void told() {
        loss = null;
    }

    /** {@return the events that the last look found, once} */
    List<Event> takeFound() {
        List<Event> found = events;
        events = List.of();
        return found;
    }

    /** {@return whether nothing is left but to tell that the log is complete: so without asking Redis for events} */
    boolean isOnlyCompleteLeft() {
        Window window = feed.window();
        return events.isEmpty() && window.isOnlyCompleteAfter(window.begun(point));
    }

    /** {@return how the log ended, whose end this has come to} */
    Completion completion() {
        Completion completion = feed.window().completion();
        return completion == null ? Closing.completion(null) : completion;
    }

    /** The listener has been told that the log is complete. */
    void completed() {
        position = EventId.MAX;
    }

    /** The listener has taken events, in the order in which they were found. */
    void taken(List<Event> batch) {
        Event last = batch.get(batch.size() - 1);
        position = lastSeen = last.id();
        point = point.after(last.id(), batch.size());
        seen = last;
    }

    /** {@return whether all that existed when the follow began lies behind} */
    boolean isPastWhatExisted() {
        return point.epoch() != existing.epoch() || point.id().compareTo(existing.id()) >= 0;
    }

    /**
     * Looks what comes next.
     *
     * @throws EventLogUnavailableException if that cannot be said now
     */
    Found look() {
        if (!events.isEmpty()) { // found with the start
            return Found.EVENTS;
        }
        Window window = feed.window();
        point = window.begun(point);
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
                yield slice.found() == Window.Found.COMPLETE ? Found.COMPLETE : Found.NOTHING;
            }
        };
    }

    /**
     * Where its feed comes by, the event at which the follower stands must be in it, unless the log has lost that meanwhile. Without
     * such an event, nothing shows what a feed that came back meanwhile has lost.
     */
    private Found meetFeed(Window window) {
        Event start = seen;
        ReadPoint last = window.last();
        if (last.id().compareTo(point.id()) < 0) {
            return Found.NOTHING;
        }
        ahead = feed.comebacks() != comebacks && (start == null || window.memory(start) != Memory.SAME);
        Found found = ahead ? page(last) : Found.MOVED;
        ahead = false;
        return found;
    }

    /** What both logs have is read to its end; then the listener is told, before anything of the other log. */
    private Found part(ReadPoint common) {
        ReadPoint here = point;
        if (common.id().isAfter(here.id())) {
            Page shared = read(common);
            if (shared.verdict() == Verdict.WHOLE && !shared.events().isEmpty()) {
                return found(shared.events());
            }
            boolean whole = shared.verdict() == Verdict.WHOLE;
            point = whole ? common : new ReadPoint(here.id(), Rank.UNKNOWN, common.epoch());
            seen = null;
        } else if (here.id().isAfter(common.id()) && isStillThere(here)) {
            point = new ReadPoint(here.id(), here.rank(), common.epoch()); // as all up to it is there, too
            ahead = true;
            meeting = common;
            comebacks = UNSURE;
            return Found.MOVED;
        } else {
            seen = common.id().equals(here.id()) ? seen : null;
            point = common;
        }
        loss = loss == null ? Loss.beganAgain(lastSeen, here) : Loss.beganAgain(loss.lastSeen(), loss.from());
        return Found.MOVED;
    }

    /**
     * Whether its feed, which did not know its own last event any more, has only gone back further than this had to. By whom that is
     * answered is not known: it is looked at again where the feed comes by.
     */
    private boolean isStillThere(ReadPoint here) {
        Event known = seen;
        if (known == null) {
            return false;
        }
        EventId id = here.id();
        return asked(new Question(stream.key(), false, id, id, 1, id), () -> stream.page(id, id, 1, id))
                .events()
                .equals(List.of(known));
    }

    /** Pages through Redis up to a point. */
    private Found page(ReadPoint target) {
        Page page = read(target);
        StreamState state = page.state();
        boolean nothingLeft = page.events().isEmpty();
        if (page.verdict()
                == Verdict.BEGAN_AGAIN) { // its feed reads this log: so it is what was seen that no longer counts
            loss = Loss.beganAgain(loss == null ? lastSeen : loss.lastSeen(), point);
            point = ahead ? meeting : point.ranked(Rank.UNKNOWN);
            seen = null;
            return Found.MOVED;
        }
        if (page.verdict() == Verdict.REMOVED && state != null) {
            ReadPoint next = nothingLeft ? target : page.next();
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
     * The answer must show that it is of the log that the feed reads, by the event at that one's end: else it is perhaps another
     * one, or lacks the newest events. Then an answer that begins with the event at the cursor proves itself whole; without that
     * the rules are asked.
     */
    private Page read(ReadPoint target) {
        int count = Math.min(batchSize, feed.pages().next());
        Event known = seen;
        Window.End end = feed.window().end();
        Event endOfFeed = end.event();
        if (feed.isInterrupted() || end.point().epoch() != target.epoch()) {
            throw later("is to be looked at by its feed first");
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
            if (!events.isEmpty() && events.get(0).equals(known) && endOfFeed.equals(page.atFeedEnd())) {
                feed.pages().worked(events);
                return new Page(Verdict.WHOLE, point, events.subList(1, events.size()), null);
            }
        }
        Question question = new Question(
                stream.key(), true, point.id(), target.id(), count, end.point().id());
        LogStream.Sight sight = asked(
                question,
                () -> stream.look(point.id(), target.id(), count, end.point().id()));
        Answer answer = sight.answer();
        feed.pages().worked(answer.events());
        if (!end.isOf(answer.state(), sight.atFeedEnd())) {
            throw later("is not as its feed has read it, which will look at it");
        }
        Judgement judgement = ahead
                ? GapRules.judgeAfterInterruption(point, known, answer, trimming, feed.window()::memory)
                : GapRules.judge(point, known, answer, trimming, feed.window()::memory);
        return new Page(judgement.verdict(), judgement.next(), answer.events(), answer.state());
    }

    private <T> T asked(Question what, Supplier<T> question) {
        try {
            return feed.questions().ask(what, question);
        } catch (EventLogUnavailableException failure) {
            if (stream.wasSent(failure) && !feed.isInterrupted()) {
                feed.pages().failed();
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
