package dev.eventlog.sse;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Publisher;
import org.springframework.core.ResolvableType;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.http.MediaType;
import org.springframework.http.codec.ServerSentEvent;
import org.springframework.http.codec.ServerSentEventHttpMessageWriter;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.mock.http.server.reactive.MockServerHttpResponse;
import org.springframework.mock.web.server.MockServerWebExchange;
import org.springframework.web.server.ServerWebExchange;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Counts the writes and flushes of a response. */
class OneFlushFilterTests {

    private static final ResolvableType TYPE = ResolvableType.forClassWithGenerics(ServerSentEvent.class, String.class);

    /** The number of messages in each flush. */
    private final List<Integer> flushes = new ArrayList<>();

    private int buffers;

    @Test
    void batchIsWrittenAndFlushedOnce() {
        write(
                MediaType.TEXT_EVENT_STREAM,
                exchange -> Flux.just(messages(3), messages(1), messages(2))
                        .concatMapIterable(batch -> OneFlushFilter.batch(batch, exchange), 1));

        assertThat(flushes).containsExactly(3, 1, 2);
        assertThat(buffers).isEqualTo(3);
    }

    @Test
    void otherStreamsAreFlushedAsUsual() {
        write(MediaType.TEXT_EVENT_STREAM, exchange -> Flux.fromIterable(messages(3)));

        assertThat(flushes).containsExactly(1, 1, 1);
    }

    @Test
    void requestsForOtherTypesAreUnchanged() {
        write(
                MediaType.ALL,
                exchange ->
                        Flux.just(messages(2)).concatMapIterable(batch -> OneFlushFilter.batch(batch, exchange), 1));

        assertThat(flushes).containsExactly(1, 1);
    }

    private interface Source {
        Flux<ServerSentEvent<String>> of(ServerWebExchange exchange);
    }

    private void write(MediaType accepted, Source source) {
        MockServerWebExchange exchange = MockServerWebExchange.from(
                MockServerHttpRequest.get("/").accept(accepted).build());
        ServerWebExchange counting = exchange.mutate().response(new Counting()).build();
        new OneFlushFilter()
                .filter(
                        counting,
                        filtered -> new ServerSentEventHttpMessageWriter()
                                .write(
                                        source.of(filtered),
                                        TYPE,
                                        MediaType.TEXT_EVENT_STREAM,
                                        filtered.getResponse(),
                                        Map.of()))
                .block();
    }

    private static List<ServerSentEvent<String>> messages(int count) {
        List<ServerSentEvent<String>> messages = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            messages.add(ServerSentEvent.builder("n" + i).build());
        }
        return messages;
    }

    private final class Counting extends MockServerHttpResponse {

        @Override
        protected Mono<Void> writeAndFlushWithInternal(Publisher<? extends Publisher<? extends DataBuffer>> body) {
            return Flux.from(body)
                    .concatMap(group -> Flux.from(group)
                            .map(buffer -> {
                                buffers++;
                                return buffer.toString(StandardCharsets.UTF_8);
                            })
                            .collect(Collectors.joining()))
                    .doOnNext(text -> flushes.add(text.split("\n\n").length))
                    .then();
        }
    }
}
