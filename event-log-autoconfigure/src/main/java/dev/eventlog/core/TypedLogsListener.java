package dev.eventlog.core;

import dev.eventlog.Completion;
import dev.eventlog.Event;
import dev.eventlog.Gap;
import dev.eventlog.LogsListener;
import dev.eventlog.TypedEvent;
import dev.eventlog.convert.TypedFields;
import java.util.List;
import org.springframework.util.Assert;

/** Converts the events for a listener of many logs. */
final class TypedLogsListener<T> implements LogsListener<Event> {

    private final Class<T> type;
    private final TypedFields<T> fields;
    private final LogsListener<TypedEvent<T>> listener;

    TypedLogsListener(Class<T> type, TypedFields<T> fields, LogsListener<TypedEvent<T>> listener) {
        Assert.notNull(listener, "The listener of the logs must not be null");
        this.type = type;
        this.fields = fields;
        this.listener = listener;
    }

    @Override
    public void onBatch(String log, List<Event> batch) throws Exception {
        listener.onBatch(
                log,
                batch.stream()
                        .map(event -> RedisTypedEventLog.typed(log, event, type, fields))
                        .toList());
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
    public void onComplete(String log, Completion completion) throws Exception {
        listener.onComplete(log, completion);
    }

    @Override
    public void onFailure(String log, Throwable failure) {
        listener.onFailure(log, failure);
    }
}
