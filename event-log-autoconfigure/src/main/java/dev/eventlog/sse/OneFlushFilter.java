package dev.eventlog.sse;

import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferUtils;
import org.springframework.http.MediaType;
import org.springframework.http.codec.ServerSentEvent;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.http.server.reactive.ServerHttpResponseDecorator;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Flushes the events of a batch together. Spring WebFlux flushes each Server-Sent Event separately, which is the largest cost when
 * many clients catch up at the same time. The filter affects only requests that accept {@code text/event-stream}, and among those
 * only streams of event logs. Thread-safe.
 */
public final class OneFlushFilter implements WebFilter {

    private static final String BATCH = OneFlushFilter.class.getName();

    /** Creates the filter, as the auto-configuration does. */
    public OneFlushFilter() {}

    @Override
    public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
        return exchange.getRequest().getHeaders().getAccept().contains(MediaType.TEXT_EVENT_STREAM)
                ? chain.filter(exchange.mutate()
                        .response(new Response(exchange.getResponse(), exchange))
                        .build())
                : chain.filter(exchange);
    }

    /** Returns the messages of a batch. Each message tells the response to its request whether another one follows at once. */
    static Iterable<ServerSentEvent<String>> batch(
            List<ServerSentEvent<String>> messages, @Nullable ServerWebExchange exchange) {
        if (exchange == null || messages.size() < 2) {
            return messages;
        }
        Batch batch = (Batch) exchange.getAttributes().computeIfAbsent(BATCH, any -> new Batch());
        return () -> batch.of(messages.iterator());
    }

    /** The position of a stream within a batch. Only the sending thread uses it. */
    private static final class Batch {

        private volatile boolean goesOn;

        <T> Iterator<T> of(Iterator<T> all) {
            return new Iterator<>() {
                @Override
                public boolean hasNext() {
                    return all.hasNext();
                }

                @Override
                public T next() {
                    T next = all.next();
                    goesOn = all.hasNext();
                    return next;
                }
            };
        }
    }

    /** Flushes at the end of a batch. */
    private static final class Response extends ServerHttpResponseDecorator {

        private final ServerWebExchange exchange;

        Response(ServerHttpResponse response, ServerWebExchange exchange) {
            super(response);
            this.exchange = exchange;
        }

        @Override
        public Mono<Void> writeAndFlushWith(Publisher<? extends Publisher<? extends DataBuffer>> body) {
            return super.writeAndFlushWith(Flux.<Publisher<? extends DataBuffer>>from(body)
                    .bufferUntil(message -> !goesOn())
                    .map(batch -> DataBufferUtils.join(Flux.concat(batch))));
        }

        private boolean goesOn() {
            return exchange.getAttributes().get(BATCH) instanceof Batch batch && batch.goesOn;
        }
    }
}
