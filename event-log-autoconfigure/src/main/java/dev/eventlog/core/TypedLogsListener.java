package dev.eventlog.core;

import dev.eventlog.Completion;
import dev.eventlog.Event;
import dev.eventlog.Gap;
import dev.eventlog.LogsListener;
import dev.eventlog.TypedEvent;
import dev.eventlog.convert.EventBinding;
import java.util.List;
import java.util.function.Function;
import org.springframework.util.Assert;

/** Converts the events for a listener of many logs. */
final class TypedLogsListener<T> implements LogsListener<Event> {

    private final Function<String, EventBinding<T>> bindings;
    private final LogsListener<TypedEvent<T>> listener;

    /**
     * Creates a listener of stored events.
     *
     * @param bindings returns the conversion of the events of a log, by its name
     * @param listener gets the events
     */
    TypedLogsListener(Function<String, EventBinding<T>> bindings, LogsListener<TypedEvent<T>> listener) {
        Assert.notNull(listener, "The listener of the logs must not be null");
        this.bindings = bindings;
        this.listener = listener;
    }

    @Override
    public void onBatch(String log, List<Event> batch) throws Exception {
        List<TypedEvent<T>> events = TypedBatch.read(bindings.apply(log), batch);
        if (!events.isEmpty()) {
            listener.onBatch(log, events);
        }
    }

    @Override
    public void onCaughtUp(String log) throws Exception {
        listener.onCaughtUp(log);
    }

    @Override
    public void onGap(Gap gap) throws Exception {
        listener.onGap(gap);
    }

    @Override
    public void onInterrupted() {
        listener.onInterrupted();
    }

    @Override
    public void onResumed() {
        listener.onResumed();
    }

    @Override
    public void onComplete(String log, Completion completion) throws Exception {
        listener.onComplete(log, completion);
    }

    @Override
    public void onFailure(String log, Throwable failure) {
        listener.onFailure(log, failure);
    }
}
