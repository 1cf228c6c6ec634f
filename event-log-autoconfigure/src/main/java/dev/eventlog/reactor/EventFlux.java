package dev.eventlog.reactor;

import dev.eventlog.EventLog;
import dev.eventlog.RecordOptions;
import dev.eventlog.Recording;
import dev.eventlog.TypedEventLog;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Flow;
import java.util.function.Consumer;
import org.reactivestreams.Publisher;
import reactor.adapter.JdkFlowAdapter;
import reactor.core.publisher.Flux;

/**
 * Converts the publisher of a log, such as {@link dev.eventlog.ReadableEventLog#publisher(dev.eventlog.Tail)
 * log.publisher(tail)}, to a {@link Flux}, and records publishers into logs. Needs {@code reactor-core}.
 *
 * <p>Each subscriber has its own follower, which starts when the subscriber subscribes. Cancelling closes it. Signals
 * come from threads of the library. Use {@code publishOn} to move them.
 */
public final class EventFlux {

    private EventFlux() {}

    /**
     * Returns the events one by one. The first batch is fetched when somebody subscribes, and each further batch when
     * the one before is used up, so at most one batch is in memory, however little is requested.
     *
     * @param publisher the publisher of a log
     * @param <E> {@link dev.eventlog.Event} or {@link dev.eventlog.TypedEvent}
     * @return a flux of its events
     */
    public static <E> Flux<E> events(Flow.Publisher<List<E>> publisher) {
        return batches(publisher).concatMapIterable(batch -> batch, 1);
    }

    /**
     * Records a publisher into a log, as {@link EventLog#record(Flow.Publisher, Consumer)}. It subscribes at once,
     * independently of the caller.
     *
     * @param log the log
     * @param source emits the events, each in the form that {@link EventLog#add(Map)} accepts
     * @return the running recording
     * @throws dev.eventlog.EventLogException if it cannot start; nobody has subscribed to the source
     */
    public static Recording record(EventLog log, Publisher<? extends Map<String, ?>> source) {
        return record(log, source, options -> {});
    }

    /**
     * Records a publisher into a log with options, as {@link EventLog#record(Flow.Publisher, Consumer)}.
     *
     * @param log the log
     * @param source emits the events, each in the form that {@link EventLog#add(Map)} accepts
     * @param customizer changes the default options
     * @return the running recording
     * @throws dev.eventlog.EventLogException if it cannot start; nobody has subscribed to the source
     */
    public static Recording record(
            EventLog log, Publisher<? extends Map<String, ?>> source, Consumer<RecordOptions.Builder> customizer) {
        return log.record(JdkFlowAdapter.publisherToFlowPublisher(source), customizer);
    }

    /**
     * Records a publisher into a typed log with options, as {@link TypedEventLog#record(Flow.Publisher, Consumer)}.
     *
     * @param log the log
     * @param source emits the events
     * @param customizer changes the default options
     * @param <T> the type of the events
     * @return the running recording
     * @throws dev.eventlog.EventLogException if it cannot start; nobody has subscribed to the source
     */
    public static <T> Recording record(
            TypedEventLog<T> log, Publisher<? extends T> source, Consumer<RecordOptions.Builder> customizer) {
        return log.record(JdkFlowAdapter.publisherToFlowPublisher(source), customizer);
    }

    /**
     * Returns the batches. Each batch is fetched when it is requested, and not earlier.
     *
     * @param publisher the publisher of a log
     * @param <E> {@link dev.eventlog.Event} or {@link dev.eventlog.TypedEvent}
     * @return a flux of its batches
     */
    public static <E> Flux<List<E>> batches(Flow.Publisher<List<E>> publisher) {
        return JdkFlowAdapter.flowPublisherToFlux(publisher);
    }
}
