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
 * Turns the publisher of a log, such as {@link dev.eventlog.ReadableEventLog#publisher(dev.eventlog.Tail) log.publisher(tail)}, into a
 * {@link Flux}. Needs {@code reactor-core}.
 *
 * <p>Each subscriber has a follower of its own, which begins when it subscribes; to cancel closes it. Signals come from
 * threads of the library: {@code publishOn} moves them.
 */
public final class EventFlux {

    private EventFlux() {}

    /**
     * The events one by one. One batch is fetched as soon as it is subscribed to, and the next when that is used up: no more
     * than a batch is ever held, however little is requested.
     *
     * @param publisher that of a log
     * @param <E> {@link dev.eventlog.Event} or {@link dev.eventlog.TypedEvent}
     * @return a flux of its events
     */
    public static <E> Flux<E> events(Flow.Publisher<List<E>> publisher) {
        return batches(publisher).concatMapIterable(batch -> batch, 1);
    }

    /**
     * Records a flux into a log, as {@link EventLog#record(Flow.Publisher, Consumer)}: subscribes to it here and now, whoever else
     * comes or goes.
     *
     * @param log the log
     * @param source gives the events, each as {@link EventLog#add(Map)} takes it
     * @return the recording, which runs
     * @throws dev.eventlog.EventLogException if it cannot begin; the source was not subscribed to then
     */
    public static Recording record(EventLog log, Publisher<? extends Map<String, ?>> source) {
        return record(log, source, options -> {});
    }

    /**
     * Records a flux into a log with options, as {@link EventLog#record(Flow.Publisher, Consumer)}.
     *
     * @param log the log
     * @param source gives the events, each as {@link EventLog#add(Map)} takes it
     * @param customizer changes the default options
     * @return the recording, which runs
     * @throws dev.eventlog.EventLogException if it cannot begin; the source was not subscribed to then
     */
    public static Recording record(
            EventLog log, Publisher<? extends Map<String, ?>> source, Consumer<RecordOptions.Builder> customizer) {
        return log.record(JdkFlowAdapter.publisherToFlowPublisher(source), customizer);
    }

    /**
     * Records a flux into a typed log with options, as {@link TypedEventLog#record(Flow.Publisher, Consumer)}.
     *
     * @param log the log
     * @param source gives the events
     * @param customizer changes the default options
     * @param <T> the type of the events
     * @return the recording, which runs
     * @throws dev.eventlog.EventLogException if it cannot begin; the source was not subscribed to then
     */
    public static <T> Recording record(
            TypedEventLog<T> log, Publisher<? extends T> source, Consumer<RecordOptions.Builder> customizer) {
        return log.record(JdkFlowAdapter.publisherToFlowPublisher(source), customizer);
    }

    /**
     * The batches as they come: each one requested is fetched when it is, and none before.
     *
     * @param publisher that of a log
     * @param <E> {@link dev.eventlog.Event} or {@link dev.eventlog.TypedEvent}
     * @return a flux of its batches
     */
    public static <E> Flux<List<E>> batches(Flow.Publisher<List<E>> publisher) {
        return JdkFlowAdapter.flowPublisherToFlux(publisher);
    }
}
