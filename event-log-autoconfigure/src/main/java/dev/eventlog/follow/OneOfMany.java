package dev.eventlog.follow;

import dev.eventlog.Completion;
import dev.eventlog.Event;
import dev.eventlog.EventBatchListener;
import dev.eventlog.Gap;
import dev.eventlog.LogsListener;
import java.util.List;

/** Calls the listener of many logs for one of the logs. */
final class OneOfMany implements EventBatchListener<Event> {

    private final String log;
    private final LogPlace place;
    private final LogsListener<Event> listener;
    private final LogsInterruption interruption;

    OneOfMany(String log, LogPlace place, LogsListener<Event> listener, LogsInterruption interruption) {
        this.log = log;
        this.place = place;
        this.listener = listener;
        this.interruption = interruption;
    }

    @Override
    public void onBatch(List<Event> batch) throws Exception {
        listener.onBatch(log, batch);
    }

    @Override
    public void onCaughtUp() throws Exception {
        if (!place.hasCaughtUp()) {
            listener.onCaughtUp(log);
            place.caughtUp();
        }
    }

    @Override
    public void onGap(Gap gap) throws Exception {
        listener.onGap(gap);
    }

    @Override
    public void onInterrupted() {
        interruption.begins(this, Runnable::run);
    }

    @Override
    public void onResumed() {
        interruption.ends(this, Runnable::run);
    }

    @Override
    public void onComplete(Completion completion) throws Exception {
        listener.onComplete(log, completion);
    }

    @Override
    public void onFailure(String name, Throwable failure) {
        listener.onFailure(name, failure);
    }
}
