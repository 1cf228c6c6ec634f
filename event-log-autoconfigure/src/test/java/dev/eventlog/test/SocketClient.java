package dev.eventlog.test;

import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.springframework.web.reactive.socket.CloseStatus;
import org.springframework.web.reactive.socket.WebSocketSession;
import org.springframework.web.reactive.socket.client.ReactorNettyWebSocketClient;
import org.springframework.web.reactive.socket.client.WebSocketClient;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A WebSocket client that reads JSON, or nothing at all. Accepts messages up to 64 kB. It does not use the JDK's
 * client, whose end of the connection can overtake the closing status of the server.
 */
public final class SocketClient implements AutoCloseable {

    private static final WebSocketClient sockets = new ReactorNettyWebSocketClient();
    private static final JsonMapper json = new JsonMapper();

    private final boolean reads;
    private final BlockingQueue<JsonNode> messages = new LinkedBlockingQueue<>();
    private final CompletableFuture<Integer> closed = new CompletableFuture<>();
    private final CompletableFuture<WebSocketSession> session = new CompletableFuture<>();
    private final Disposable connection;

    private SocketClient(URI uri, boolean reads) {
        this.reads = reads;
        this.connection = sockets.execute(URI.create(uri.toString().replaceFirst("^http", "ws")), this::read)
                .subscribe(nothing -> {}, session::completeExceptionally);
        session.orTimeout(10, TimeUnit.SECONDS).join();
    }

    private Mono<Void> read(WebSocketSession opened) {
        session.complete(opened);
        opened.closeStatus().subscribe(status -> closed.complete(status.getCode()), closed::completeExceptionally);
        return reads
                ? opened.receive()
                        .doOnNext(message -> messages.add(json.readTree(message.getPayloadAsText())))
                        .then()
                : Mono.never();
    }

    /**
     * Opens a connection.
     *
     * @param uri the HTTP address
     * @return the client
     */
    public static SocketClient open(URI uri) {
        return new SocketClient(uri, true);
    }

    /**
     * Opens a connection without ever reading from it.
     *
     * @param uri the HTTP address
     * @return the client
     */
    public static SocketClient stuck(URI uri) {
        return new SocketClient(uri, false);
    }

    /**
     * Waits for the next message, and skips heartbeats.
     *
     * @return the message
     * @throws InterruptedException if interrupted
     */
    public JsonNode next() throws InterruptedException {
        while (true) {
            JsonNode message = messages.poll(10, TimeUnit.SECONDS);
            if (message == null) {
                throw new AssertionError("No message in 10 s");
            }
            if (!message.get("type").asString().equals("heartbeat")) {
                return message;
            }
        }
    }

    /**
     * Waits for the next message of a type, and skips all others.
     *
     * @param type the type
     * @return the message
     * @throws InterruptedException if interrupted
     */
    public JsonNode next(String type) throws InterruptedException {
        List<JsonNode> others = new ArrayList<>();
        while (true) {
            JsonNode message = messages.poll(10, TimeUnit.SECONDS);
            if (message == null) {
                throw new AssertionError("No " + type + " in 10 s, but " + others);
            }
            if (message.get("type").asString().equals(type)) {
                return message;
            }
            others.add(message);
        }
    }

    /**
     * Waits until the server closes.
     *
     * @return the status
     */
    public int closed() {
        return closed.orTimeout(10, TimeUnit.SECONDS).join();
    }

    /**
     * Sends a text.
     *
     * @param message the text
     */
    public void send(String message) {
        WebSocketSession opened = session.join();
        opened.send(Mono.just(opened.textMessage(message))).block();
    }

    /** Closes the connection like a browser that leaves the page. */
    public void leave() {
        session.join().close(CloseStatus.GOING_AWAY).block();
    }

    /** Breaks the connection. */
    @Override
    public void close() {
        connection.dispose();
    }
}
