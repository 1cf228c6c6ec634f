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
import dev.eventlog.Gap;
import dev.eventlog.RecordOptions;
import dev.eventlog.Recording;
import dev.eventlog.Tail;
import dev.eventlog.TailPage;
import dev.eventlog.TypedEvent;
import dev.eventlog.TypedEventLog;
import dev.eventlog.convert.EventBinding;
import dev.eventlog.convert.TypedFields;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Flow;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.core.retry.RetryPolicy;
import org.springframework.util.Assert;

/** An untyped log with a conversion in both directions. */
final class RedisTypedEventLog<T> implements TypedEventLog<T> {

    private final RedisEventLog untyped;
    private final EventBinding<T> binding;
    private final TypedFields<T> fields;

    RedisTypedEventLog(RedisEventLog untyped, EventBinding<T> binding) {
        this.untyped = untyped;
        this.binding = binding;
        this.fields = binding.fields();
    }

    @Override
    public String name() {
        return untyped.name();
    }

    @Override
    public EventLogOptions options() {
        return untyped.options();
    }

    @Override
    public EventLog untyped() {
        return untyped;
    }

    @Override
    public EventId add(T event, AddOptions options) {
        return untyped.addStored(fields.toFields(event), options);
    }

    @Override
    public List<EventId> addAll(List<? extends T> events, AddOptions options) {
        return untyped.addAllStored(fields.allToFields(events), options);
    }

    @Override
    public Recording record(Flow.Publisher<? extends T> source, Consumer<RecordOptions.Builder> customizer) {
        return untyped.<T>record(
                source, customizer, log -> (events, terms) -> log.addAllStored(fields.allToFields(events), terms));
    }

    @Override
    public List<TypedEvent<T>> read(Tail tail) {
        return binding.readAll(untyped.read(tail));
    }

    @Override
    public EventPage<TypedEvent<T>> read(EventRange range) {
        EventPage<Event> page = untyped.read(range);
        return new EventPage<>(binding.readAll(page.events()), page.next());
    }

    @Override
    public <S extends @Nullable Object> Folded<S> fold(
            S seed, BiFunction<? super S, ? super TypedEvent<T>, ? extends S> fold) {
        return untyped.folding(binding::read, seed, fold).toEnd();
    }

    @Override
    public <S extends @Nullable Object> List<EventId> update(
            S seed,
            BiFunction<? super S, ? super TypedEvent<T>, ? extends S> fold,
            Function<? super S, ? extends List<? extends T>> decide,
            RetryPolicy retry) {
        return untyped.folding(binding::read, seed, fold).<T>update(decide, this::addAll, retry);
    }

    @Override
    public TailPage<TypedEvent<T>> page(Tail tail, int limit) {
        TailPage<Event> page = untyped.page(tail, limit);
        return page.with(binding.readAll(page.events()));
    }

    @Override
    public Follower follow(
            Tail tail, EventBatchListener<TypedEvent<T>> listener, Consumer<FollowOptions.Builder> customizer) {
        Assert.notNull(listener, () -> "The listener of log '" + name() + "' must not be null");
        return untyped.follow(tail, new Converting(listener), customizer);
    }

    @Override
    public Flow.Publisher<List<TypedEvent<T>>> publisher(Tail tail, FollowSignals signals) {
        return untyped.publisher(tail, signals, binding::read);
    }

    @Override
    public Map<String, String> fields(T event) {
        return fields.toFields(event);
    }

    @Override
    public TypedEvent<T> typed(Event event) {
        return binding.bind(event);
    }

    @Override
    public Optional<TypedEvent<T>> typedIfReadable(Event event) {
        return binding.read(event);
    }

    @Override
    public long size() {
        return untyped.size();
    }

    @Override
    public Optional<EventId> lastId() {
        return untyped.lastId();
    }

    @Override
    public boolean exists() {
        return untyped.exists();
    }

    @Override
    public Optional<Completion> completion() {
        return untyped.completion();
    }

    @Override
    public EventId complete(T lastEvent) {
        return untyped.completeStored(fields.toFields(lastEvent));
    }

    @Override
    public boolean delete() {
        return untyped.delete();
    }

    @Override
    public String toString() {
        return untyped + " of " + binding.type().getName();
    }

    private final class Converting implements EventBatchListener<Event> {

        private final EventBatchListener<TypedEvent<T>> listener;

        Converting(EventBatchListener<TypedEvent<T>> listener) {
            this.listener = listener;
        }

        @Override
        public void onBatch(List<Event> batch) throws Exception {
            List<TypedEvent<T>> events = TypedBatch.read(binding, batch);
            if (!events.isEmpty()) {
                listener.onBatch(events);
            }
        }

        @Override
        public void onCaughtUp() throws Exception {
            listener.onCaughtUp();
        }

        @Override
        public void onGap(Gap gap) throws Exception {
            listener.onGap(gap);
        }

        @Override
        public void onInterrupted() throws Exception {
            listener.onInterrupted();
        }

        @Override
        public void onResumed() throws Exception {
            listener.onResumed();
        }

        @Override
        public void onComplete(Completion completion) throws Exception {
            listener.onComplete(completion);
        }

        @Override
        public void onFailure(String log, Throwable failure) {
            listener.onFailure(log, failure);
        }
    }
}
