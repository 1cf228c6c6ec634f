package dev.eventlog.sse;

import dev.eventlog.Completion;
import dev.eventlog.Event;
import dev.eventlog.EventConversionException;
import dev.eventlog.EventId;
import dev.eventlog.EventLogException;
import dev.eventlog.EventLogUnavailableException;
import dev.eventlog.FollowSignals;
import dev.eventlog.Gap;
import dev.eventlog.Tail;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;
import org.springframework.util.backoff.BackOffExecution;

// Long: a start, its repetition, and the search for an end that the client may have seen are one state.
/**
 * Reads one log for one client, at most one batch ahead, and reports to the client's stream. If Redis does not answer at the
 * start, the start is repeated until it does. Thread-safe.
 */
final class SourceReader implements Flow.Subscriber<List<Event>>, FollowSignals {

    private static final long MILLIS_TO_END = 100;

    private final ClientStream<?> stream;
    private final EventStream.Source<?> source;
    private final boolean found;
    private final String mark;
    private final BackOffExecution recovery;

    // Guarded by this.
    private @Nullable EventId last; // the last event passed to the stream, or the id that the client resumes after
    private @Nullable EventId position; // the last event that the stream has sent, or where it began
    private Flow.@Nullable Subscription upstream;
    private boolean complete;
    private boolean closed;

    SourceReader(
            ClientStream<?> stream,
            EventStream.Source<?> source,
            boolean found,
            @Nullable EventId resumedAfter,
            BackOffExecution recovery) {
        this.stream = stream;
        this.source = source;
        this.found = found;
        this.mark = source.mark();
        this.last = resumedAfter;
        this.recovery = recovery;
    }

    String name() {
        return source.name();
    }

    String log() {
        return source.stored().name();
    }

    String mark() {
        return mark;
    }

    /** {@return whether a pattern found the log} */
    boolean isFound() {
        return found;
    }

    boolean choosesBody() {
        return source.choosesBody();
    }

    synchronized boolean isComplete() {
        return complete;
    }

    /** Starts to read. Sends commands to Redis on a thread of the library. */
    void start() {
        EventId resumed = last();
        if (resumed != null
                && !resumed.equals(EventId.MAX)
                && !resumed.equals(EventId.MIN)
                && source.hasEnd()) { // the client has seen some events
            read(Tail.from(resumed), new EndOrNot(resumed));
        } else {
            follow();
        }
    }

    private void follow() {
        EventId resumed = last();
        read(resumed == null ? source.tail() : Tail.after(resumed), this);
    }

    private <R extends FollowSignals & Flow.Subscriber<List<Event>>> void read(Tail tail, R reader) {
        source.stored().publisher(tail, reader).subscribe(reader);
    }

    private synchronized @Nullable EventId last() {
        return last;
    }

    /** {@return the last event that the stream has, or the id after which it began; null if it has not begun} */
    synchronized @Nullable EventId position() {
        return position;
    }

    /** The stream has sent the previous batch. */
    void next() {
        Flow.Subscription next;
        synchronized (this) {
            next = complete || closed ? null : upstream;
        }
        if (next != null) {
            next.request(1);
        }
    }

    /** Stops reading. */
    void close() {
        Flow.Subscription open;
        synchronized (this) {
            closed = true;
            open = upstream;
            upstream = null;
        }
        if (open != null) {
            open.cancel();
        }
    }

    private synchronized boolean isOver() {
        return complete || closed;
    }

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
        boolean late;
        synchronized (this) {
            late = closed;
            upstream = late ? null : subscription;
        }
        if (late) {
            subscription.cancel();
        }
    }

    @Override
    public void onBegin(EventId begin) {
        synchronized (this) {
            position = begin;
        }
        stream.begun(this, begin);
        next();
    }

    @Override
    public void onNext(List<Event> batch) {
        if (isOver()) {
            return;
        }
        List<EventStream.Item> items = new ArrayList<>(batch.size());
        int count = 0;
        boolean end = false;
        RuntimeException failure = null;
        try {
            while (count < batch.size() && !end) {
                EventStream.Item item = source.item(batch.get(count));
                if (item != null) {
                    items.add(item);
                    end = item.isLast();
                }
                count++;
            }
        } catch (RuntimeException thrown) {
            failure = thrown;
        }
        if (count > 0) {
            EventId read = batch.get(count - 1).id();
            synchronized (this) {
                last = read;
            }
            stream.found(this, items, read);
            synchronized (this) {
                position = read; // not earlier: later signals must follow these events
            }
        }
        if (failure != null) {
            stream.fail(Signal.Code.UNREADABLE_EVENT, log(), failure);
        } else if (end) {
            complete(null);
        }
    }

    private void complete(@Nullable Completion completion) {
        synchronized (this) {
            complete = true;
        }
        close();
        stream.completed(this, completion);
    }

    @Override
    public void onGap(Gap gap) {
        stream.missed(this, gap);
    }

    /** A client that already knows the end of the log should not reconnect. The next signal tells it. */
    @Override
    public void onCaughtUp() {
        if (EventId.MAX.equals(last())) {
            stream.later(() -> stream.caughtUp(this), MILLIS_TO_END);
        } else {
            stream.caughtUp(this);
        }
    }

    @Override
    public void onComplete(Completion completion) {
        complete(completion);
    }

    @Override
    public void onInterrupted() {
        stream.away(this);
    }

    @Override
    public void onResumed() {
        stream.back(this);
    }

    @Override
    public void onError(Throwable failure) {
        if (isOver()) {
            return;
        }
        if (failure instanceof EventLogUnavailableException away) {
            stream.away(this, away);
            stream.later(this::startAgain, recovery.nextBackOff());
        } else if (failure instanceof IllegalStateException) { // thrown by a start while the application shuts down
            stream.end();
        } else if (failure instanceof EventLogException refusal && !(failure instanceof EventConversionException)) {
            stream.refused(Signal.Code.REFUSED, log(), refusal);
        } else {
            stream.fail(Signal.Code.UNREADABLE_EVENT, log(), failure);
        }
    }

    private void startAgain() {
        if (!isOver()) {
            start();
        }
    }

    /** Called when the application shuts down. */
    @Override
    public void onComplete() {
        if (!isOver()) {
            stream.end();
        }
    }

    /** Checks whether the client has already seen the last event. Then there is nothing to follow. */
    private final class EndOrNot implements Flow.Subscriber<List<Event>>, FollowSignals {

        private final EventId seen;
        private boolean known; // used by the callbacks only

        EndOrNot(EventId seen) {
            this.seen = seen;
        }

        @Override
        public void onSubscribe(Flow.Subscription subscription) {
            SourceReader.this.onSubscribe(subscription);
        }

        @Override
        public void onBegin(EventId position) {
            next();
        }

        @Override
        public void onNext(List<Event> batch) {
            if (known) {
                return;
            }
            try {
                known(batch.get(0).id().equals(seen) && isLast(batch.get(0)));
            } catch (RuntimeException failure) {
                stream.fail(Signal.Code.UNREADABLE_EVENT, log(), failure);
            }
        }

        private boolean isLast(Event event) {
            EventStream.Item item = source.item(event);
            return item != null && item.isLast();
        }

        @Override
        public void onGap(Gap gap) {
            // reported by the follower that continues after the event
        }

        @Override
        public void onCaughtUp() {
            if (!known) {
                known(false);
            }
        }

        private void known(boolean end) {
            known = true;
            if (end) {
                complete(null);
            } else {
                cancel();
                if (!isOver()) {
                    follow();
                }
            }
        }

        private void cancel() {
            Flow.Subscription mine;
            synchronized (SourceReader.this) {
                mine = upstream;
                upstream = null;
            }
            if (mine != null) {
                mine.cancel();
            }
        }

        @Override
        public void onError(Throwable failure) {
            if (!known) {
                SourceReader.this.onError(failure);
            }
        }

        @Override
        public void onComplete() {
            if (!known) {
                SourceReader.this.onComplete();
            }
        }
    }
}
