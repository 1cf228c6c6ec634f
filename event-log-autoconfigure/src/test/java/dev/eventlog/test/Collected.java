package dev.eventlog.test;

import dev.eventlog.Completion;
import dev.eventlog.Event;
import dev.eventlog.EventBatchListener;
import dev.eventlog.Gap;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * A listener that records all its calls. Thread-safe, although callbacks of a follower never overlap. If they do,
 * {@link #overlapped()} reports it.
 *
 * @param <E> the type of its events
 */
public class Collected<E> implements EventBatchListener<E> {

    /** The entry in {@link #calls()} for a call of {@link #onCaughtUp()}. */
    public static final String CAUGHT_UP = "caught up";

    private final EventBatchListener<E> andThen;
    private final List<Object> calls = new CopyOnWriteArrayList<>();
    private final AtomicBoolean running = new AtomicBoolean();
    private volatile boolean overlapped;

    private Collected(EventBatchListener<E> andThen) {
        this.andThen = andThen;
    }

    /** {@return a listener for stored events} */
    public static Collected<Event> events() {
        return new Collected<>(batch -> {});
    }

    /**
     * Creates a listener with an additional action.
     *
     * @param andThen the action after each call
     * @param <E> the type of its events
     * @return the listener
     */
    public static <E> Collected<E> and(EventBatchListener<E> andThen) {
        return new Collected<>(andThen);
    }

    @Override
    public void onBatch(List<E> batch) throws Exception {
        call(new Batch<>(batch), () -> andThen.onBatch(batch));
    }

    @Override
    public void onCaughtUp() throws Exception {
        call(CAUGHT_UP, andThen::onCaughtUp);
    }

    @Override
    public void onComplete(Completion completion) throws Exception {
        call(completion, () -> andThen.onComplete(completion));
    }

    @Override
    public void onGap(Gap gap) throws Exception {
        call(gap, () -> andThen.onGap(gap));
    }

    @Override
    public void onFailure(String log, Throwable failure) {
        calls.add(new Failure(log, failure));
    }

    private void call(Object call, Callback callback) throws Exception {
        if (!running.compareAndSet(false, true)) {
            overlapped = true;
        }
        calls.add(call);
        try {
            callback.run();
        } finally {
            running.set(false);
        }
    }

    private interface Callback {
        void run() throws Exception;
    }

    /**
     * All calls in order, each as a {@link Batch}, {@link Gap}, {@link #CAUGHT_UP}, or {@link Failure}.
     *
     * @return the calls until now
     */
    public List<Object> calls() {
        return List.copyOf(calls);
    }

    /** {@return all batches} */
    @SuppressWarnings("unchecked")
    public List<List<E>> batches() {
        List<List<E>> batches = new ArrayList<>();
        for (Object call : calls) {
            if (call instanceof Batch<?> batch) {
                batches.add(((Batch<E>) batch).events());
            }
        }
        return batches;
    }

    /** {@return the events of all batches} */
    public List<E> all() {
        return batches().stream().flatMap(List::stream).toList();
    }

    /** {@return the number of events} */
    public int count() {
        return batches().stream().mapToInt(List::size).sum();
    }

    /** {@return all gaps} */
    public List<Gap> gaps() {
        return calls.stream().filter(Gap.class::isInstance).map(Gap.class::cast).toList();
    }

    /** {@return the number of calls of {@code onCaughtUp}} */
    public long caughtUp() {
        return calls.stream().filter(CAUGHT_UP::equals).count();
    }

    /** {@return the failure that ended the follower; null if there is none} */
    public @Nullable Throwable failure() {
        return calls.stream()
                .filter(Failure.class::isInstance)
                .map(call -> ((Failure) call).cause())
                .findFirst()
                .orElse(null);
    }

    /** {@return whether two calls overlapped} */
    public boolean overlapped() {
        return overlapped;
    }

    /**
     * A call of {@link EventBatchListener#onBatch}.
     *
     * @param events its events
     * @param <E> their type
     */
    public record Batch<E>(List<E> events) {}

    /**
     * A call of {@link EventBatchListener#onFailure}.
     *
     * @param log the log
     * @param cause the failure that ended the follower
     */
    public record Failure(String log, Throwable cause) {}
}
