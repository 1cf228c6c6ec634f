package dev.eventlog.core;

import dev.eventlog.AddOptions;
import dev.eventlog.Completion;
import dev.eventlog.Event;
import dev.eventlog.EventBatchListener;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogOptions;
import dev.eventlog.EventPage;
import dev.eventlog.EventRange;
import dev.eventlog.Folded;
import dev.eventlog.FollowOptions;
import dev.eventlog.FollowSignals;
import dev.eventlog.Follower;
import dev.eventlog.RecordOptions;
import dev.eventlog.Recording;
import dev.eventlog.Tail;
import dev.eventlog.TailPage;
import dev.eventlog.convert.EventFields;
import dev.eventlog.durable.DurableFollowers;
import dev.eventlog.follow.BatchSubscription;
import dev.eventlog.follow.Commit;
import dev.eventlog.follow.Followers;
import dev.eventlog.follow.Observers;
import dev.eventlog.follow.Pages;
import dev.eventlog.follow.TailRange;
import dev.eventlog.follow.WholeReading;
import dev.eventlog.recording.Recordings;
import dev.eventlog.redis.LogStream;
import dev.eventlog.redis.StreamState;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Flow;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.core.retry.RetryPolicy;
import org.springframework.util.Assert;

/** A log: a name, options, and a stream. */
final class RedisEventLog implements EventLog {

    private final LogStream stream;
    private final EventFields fields;
    private final Followers followers;
    private final DurableFollowers durable;
    private final Recordings recordings;
    private final Observers observers;

    RedisEventLog(
            LogStream stream,
            EventFields fields,
            Followers followers,
            DurableFollowers durable,
            Recordings recordings,
            Observers observers) {
        this.stream = stream;
        this.fields = fields;
        this.followers = followers;
        this.durable = durable;
        this.recordings = recordings;
        this.observers = observers;
    }

    @Override
    public String name() {
        return stream.log();
    }

    @Override
    public EventLogOptions options() {
        return stream.options();
    }

    @Override
    public EventId add(Map<String, ?> event, AddOptions terms) {
        return addStored(fields.toFields(event), terms);
    }

    @Override
    public List<EventId> addAll(List<? extends Map<String, ?>> events, AddOptions terms) {
        return addAllStored(fields.allToFields(events), terms);
    }

    EventId addStored(Map<String, String> event, AddOptions terms) {
        AddOptions given = required(terms);
        return observers.isEmpty()
                ? stream.add(event, given)
                : observers
                        .add(name(), List.of(event), events -> List.of(stream.add(events.get(0), given)))
                        .get(0);
    }

    List<EventId> addAllStored(List<Map<String, String>> events, AddOptions terms) {
        AddOptions given = required(terms);
        if (events.isEmpty()) {
            return List.of();
        }
        return observers.isEmpty()
                ? stream.addAll(events, given)
                : observers.add(name(), events, those -> stream.addAll(those, given));
    }

    private AddOptions required(AddOptions terms) {
        Assert.notNull(terms, () -> "The options of an add to log '" + name() + "' must not be null");
        return terms;
    }

    @Override
    public List<Event> read(Tail tail) {
        TailRange range = TailRange.of(tail, options());
        return stream.reading().tail(range.after(), range.limit());
    }

    @Override
    public EventPage<Event> read(EventRange range) {
        Assert.notNull(range, () -> "The range of log '" + name() + "' to read must not be null");
        return stream.reading().page(range);
    }

    @Override
    public <S extends @Nullable Object> Folded<S> fold(S seed, BiFunction<? super S, ? super Event, ? extends S> fold) {
        return folding(Optional::of, seed, fold).toEnd();
    }

    @Override
    public <S extends @Nullable Object> List<EventId> update(
            S seed,
            BiFunction<? super S, ? super Event, ? extends S> fold,
            Function<? super S, ? extends List<? extends Map<String, ?>>> decide,
            RetryPolicy retry) {
        return folding(Optional::of, seed, fold).<Map<String, ?>>update(decide, this::addAll, retry);
    }

    <E, S extends @Nullable Object> Folding<E, S> folding(
            Function<Event, Optional<E>> conversion, S seed, BiFunction<? super S, ? super E, ? extends S> fold) {
        return new Folding<>(name(), new WholeReading(stream), conversion, seed, fold);
    }

    @Override
    public TailPage<Event> page(Tail tail, int limit) {
        Assert.isTrue(
                limit >= 0,
                () -> "A page of log '" + name() + "' cannot have " + limit + " events: the limit must be 0 or more");
        return Pages.read(stream, TailRange.of(tail, options()), limit);
    }

    @Override
    public Follower follow(Tail tail, EventBatchListener<Event> listener, Consumer<FollowOptions.Builder> customizer) {
        Assert.notNull(listener, () -> "The listener of log '" + name() + "' must not be null");
        Assert.notNull(
                customizer,
                () -> "The customizer of a follower of log '" + name()
                        + "' must not be null: leave it out for no options");
        FollowOptions.Builder followOptions = FollowOptions.builder();
        customizer.accept(followOptions);
        FollowOptions chosen = followOptions.build();
        TailRange range = TailRange.of(tail, options());
        String follower = chosen.name();
        return follower == null
                ? followers.follow(stream, range, listener, chosen, Commit.NONE)
                : durable.follow(follower, stream, range, listener, chosen);
    }

    @Override
    public Flow.Publisher<List<Event>> publisher(Tail tail, FollowSignals signals) {
        return publisher(tail, signals, Optional::of);
    }

    <E> Flow.Publisher<List<E>> publisher(Tail tail, FollowSignals signals, Function<Event, Optional<E>> conversion) {
        Assert.notNull(signals, () -> "The signals of log '" + name() + "' must not be null: leave them out");
        TailRange range = TailRange.of(tail, options());
        return subscriber ->
                followers.follow(stream, range, new BatchSubscription<>(name(), subscriber, conversion, signals));
    }

    @Override
    public long size() {
        return stream.state().length();
    }

    @Override
    public Optional<EventId> lastId() {
        StreamState state = stream.state();
        EventId last = state.lastOfEvents();
        if (last == null) { // the log was completed before it had an id
            List<Event> newest = read(Tail.last(1));
            return newest.isEmpty()
                    ? Optional.empty()
                    : Optional.of(newest.get(0).id());
        }
        boolean neverHadOne = state.isComplete() && last.equals(EventId.MIN);
        return state.exists() && !neverHadOne ? Optional.of(last) : Optional.empty();
    }

    @Override
    public Optional<Completion> completion() {
        return stream.state().completion();
    }

    @Override
    public boolean completeAs(Completion completion) {
        Assert.notNull(completion, () -> "The completion of log '" + name() + "' must not be null");
        Assert.isTrue(
                completion.kind() != Completion.Kind.UNKNOWN,
                () -> "Log '" + name() + "' cannot be completed as UNKNOWN: use done, failed, or cancelled");
        return stream.complete(completion, List.of()).now();
    }

    @Override
    public EventId complete(Map<String, ?> lastEvent) {
        return completeStored(fields.toFields(lastEvent));
    }

    EventId completeStored(Map<String, String> lastEvent) {
        return completeAllStored(List.of(lastEvent)).get(0);
    }

    @Override
    public List<EventId> completeAll(List<? extends Map<String, ?>> lastEvents) {
        return completeAllStored(fields.allToFields(lastEvents));
    }

    private List<EventId> completeAllStored(List<Map<String, String>> lastEvents) {
        if (lastEvents.isEmpty()) {
            complete();
            return List.of();
        }
        return observers.add(
                name(),
                lastEvents,
                events -> stream.complete(Completion.done(), events).lastEvents());
    }

    @Override
    public boolean createIfAbsent() {
        return stream.createIfAbsent();
    }

    @Override
    public Recording record(
            Flow.Publisher<? extends Map<String, ?>> source, Consumer<RecordOptions.Builder> customizer) {
        return this.<Map<String, ?>>record(
                source, customizer, log -> (events, terms) -> log.addAllStored(fields.allToFields(events), terms));
    }

    /**
     * Records a source. Its adds are repeated at once or never, so Redis keeps the records of their keys only for a
     * short time.
     */
    <E> Recording record(
            Flow.Publisher<? extends E> source,
            Consumer<RecordOptions.Builder> customizer,
            Function<RedisEventLog, BiConsumer<List<E>, AddOptions>> adding) {
        Assert.notNull(source, () -> "The source to record into log '" + name() + "' must not be null");
        RecordOptions.Builder chosen = RecordOptions.builder();
        customizer.accept(chosen);
        RedisEventLog log = new RedisEventLog(
                stream.with(options().toBuilder()
                        .idempotencyRetention(recordings.retention())
                        .build()),
                fields,
                followers,
                durable,
                recordings,
                observers);
        return recordings.record(log, source, adding.apply(log), chosen.build());
    }

    @Override
    public boolean exists() {
        return stream.exists();
    }

    @Override
    public boolean delete() {
        return stream.delete();
    }

    @Override
    public String toString() {
        return "EventLog '" + name() + "' (" + options() + ")";
    }
}
