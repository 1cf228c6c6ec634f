package dev.eventlog.http;

import dev.eventlog.Completion;
import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogUnavailableException;
import dev.eventlog.FollowSignals;
import dev.eventlog.Gap;
import dev.eventlog.Tail;
import dev.eventlog.TailPage;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Waits for the first change of a log, without holding a thread. Thread-safe. */
final class LongPoll implements Flow.Subscriber<List<Event>>, FollowSignals {

    private final EventLog log;
    private final EventId position;
    private final int batchSize;
    private final WarmLogs warm;
    private final CompletableFuture<TailPage<Event>> found = new CompletableFuture<>();

    private LongPoll(EventLog log, EventId position, int batchSize, WarmLogs warm) {
        this.log = log;
        this.position = position;
        this.batchSize = batchSize;
        this.warm = warm;
    }

    /**
     * Starts to wait.
     *
     * @param log the log
     * @param position the id to look after
     * @param batchSize the maximum number of events
     * @param timeout how long to wait
     * @param warm keeps the log followed for a while after the poll
     * @return completes with the events, or with an empty page
     */
    static LongPoll begin(EventLog log, EventId position, int batchSize, Duration timeout, WarmLogs warm) {
        LongPoll poll = new LongPoll(log, position, batchSize, warm);
        log.publisher(Tail.after(position), poll).subscribe(poll);
        poll.found.completeOnTimeout(poll.nothing(), timeout.toMillis(), TimeUnit.MILLISECONDS);
        return poll;
    }

    CompletableFuture<TailPage<Event>> found() {
        return found;
    }

    /** Stops waiting. */
    void end() {
        found.complete(nothing());
    }

    private TailPage<Event> nothing() {
        return page(Optional.empty(), List.of(), Optional.empty());
    }

    private TailPage<Event> page(Optional<Gap> gap, List<Event> events, Optional<Completion> completion) {
        EventId last =
                events.isEmpty() ? position : events.get(events.size() - 1).id();
        return new TailPage<>(true, gap, events, last, events.size() < batchSize, completion);
    }

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
        CompletableFuture<TailPage<Event>> unused =
                found.whenComplete((page, failure) -> warm.keep(log.name(), subscription));
        subscription.request(1);
    }

    @Override
    public void onNext(List<Event> batch) {
        found.complete(page(Optional.empty(), batch, Optional.empty()));
    }

    @Override
    public void onGap(Gap gap) {
        found.complete(page(Optional.of(gap), List.of(), Optional.empty()));
    }

    @Override
    public void onInterrupted() {
        found.completeExceptionally(away(null));
    }

    private EventLogUnavailableException away(@Nullable Throwable why) {
        return new EventLogUnavailableException(
                log.name(), "Log '" + log.name() + "' cannot be followed at the moment", why);
    }

    @Override
    public void onComplete(Completion completion) {
        found.complete(page(Optional.empty(), List.of(), Optional.of(completion)));
    }

    @Override
    public void onError(Throwable failure) {
        // A start fails with an IllegalStateException while the application shuts down.
        found.completeExceptionally(failure instanceof IllegalStateException ? away(failure) : failure);
    }

    /** Called when the application shuts down. */
    @Override
    public void onComplete() {
        end();
    }
}
