package dev.eventlog.reactor;

import java.util.List;
import java.util.concurrent.Flow;
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
