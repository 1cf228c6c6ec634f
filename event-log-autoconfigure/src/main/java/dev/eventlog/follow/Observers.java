package dev.eventlog.follow;

import dev.eventlog.Completion;
import dev.eventlog.Event;
import dev.eventlog.EventBatchListener;
import dev.eventlog.EventConversionException;
import dev.eventlog.EventId;
import dev.eventlog.EventLogObserver;
import dev.eventlog.EventLogObserver.Add;
import dev.eventlog.EventLogObserver.Delivery;
import dev.eventlog.Gap;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/** All observers of the logs of a factory, as one. Without observers it costs nothing. Thread-safe. */
public final class Observers {

    private static final Log logger = LogFactory.getLog(Observers.class);

    private final List<EventLogObserver> innermostFirst;

    /**
     * Combines observers.
     *
     * @param outermostFirst the observers, in the order of their calls
     */
    public Observers(List<EventLogObserver> outermostFirst) {
        EventLogObserver[] reversed = new EventLogObserver[outermostFirst.size()];
        for (int i = 0; i < reversed.length; i++) {
            reversed[i] = outermostFirst.get(reversed.length - 1 - i);
        }
        this.innermostFirst = List.of(reversed);
    }

    /** {@return whether there are no observers} */
    public boolean isEmpty() {
        return innermostFirst.isEmpty();
    }

    /**
     * Adds events, observed.
     *
     * @param log the name of the log
     * @param events the fields of the events, as they are stored
     * @param add adds the events
     * @return the ids, in order
     */
    public List<EventId> add(String log, List<Map<String, String>> events, Add add) {
        Add whole = add;
        for (EventLogObserver observer : innermostFirst) {
            Add inner = whole;
            whole = those -> observer.onAdd(log, those, inner);
        }
        return whole.add(events);
    }

    private void deliver(String log, List<Event> batch, Delivery delivery) throws Exception {
        Delivery whole = delivery;
        for (EventLogObserver observer : innermostFirst) {
            Delivery inner = whole;
            whole = () -> observer.onBatch(log, batch, inner);
        }
        whole.deliver();
    }

    void reconnected(String log, Duration interruption) {
        tell(observer -> observer.onReconnect(log, interruption));
    }

    void followed(String log) {
        tell(observer -> observer.onFollow(log));
    }

    void ended(String log, @Nullable Throwable failure) {
        tell(observer -> observer.onEnd(log, failure));
    }

    /**
     * A typed log has read an event that does not fit its type.
     *
     * @param failure says which event, and why
     */
    public void unreadable(EventConversionException failure) {
        tell(observer -> observer.onUnreadable(failure));
    }

    private void missed(Gap gap) {
        tell(observer -> observer.onGap(gap));
    }

    private void completed(String log, Completion completion) {
        tell(observer -> observer.onComplete(log, completion));
    }

    private void tell(Consumer<EventLogObserver> news) {
        for (EventLogObserver observer : innermostFirst) {
            try {
                news.accept(observer);
            } catch (RuntimeException | Error failure) { // a failing observer must not stop the followers
                logger.warn(observer.getClass().getName() + " threw an exception", failure);
            }
        }
    }

    /** {@return the listener, observed} */
    EventBatchListener<Event> of(String log, EventBatchListener<Event> listener) {
        return isEmpty() ? listener : new Observed(log, listener);
    }

    private final class Observed implements EventBatchListener<Event> {

        private final String log;
        private final EventBatchListener<Event> listener;
        private @Nullable Gap told;
        private boolean toldCompletion;

        Observed(String log, EventBatchListener<Event> listener) {
            this.log = log;
            this.listener = listener;
        }

        @Override
        public void onBatch(List<Event> batch) throws Exception {
            deliver(log, batch, () -> listener.onBatch(batch));
        }

        @Override
        public void onCaughtUp() throws Exception {
            listener.onCaughtUp();
        }

        @Override
        @SuppressWarnings(
                "ReferenceEquality") // a call that is repeated brings the same one again: that is no other gap
        public void onGap(Gap gap) throws Exception {
            if (gap != told) {
                told = gap;
                missed(gap);
            }
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
            if (!toldCompletion) {
                toldCompletion = true;
                completed(log, completion);
            }
            listener.onComplete(completion);
        }

        @Override
        public void onFailure(String name, Throwable failure) {
            listener.onFailure(name, failure);
        }
    }
}
