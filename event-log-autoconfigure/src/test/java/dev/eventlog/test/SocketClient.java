package dev.eventlog.test;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Reads the JSON that comes over a WebSocket, or reads nothing at all. */
public final class SocketClient implements AutoCloseable, WebSocket.Listener {

    /** Calls listeners at once: otherwise the end of the connection can overtake the status with which the server closes. */
    private static final HttpClient http =
            HttpClient.newBuilder().executor(Runnable::run).build();

    private static final JsonMapper json = new JsonMapper();

    private final boolean reads;
    private final BlockingQueue<JsonNode> messages = new LinkedBlockingQueue<>();
    private final StringBuilder text = new StringBuilder(); // used by the calls of this listener only
    private final CompletableFuture<Integer> closed = new CompletableFuture<>();
    private final WebSocket socket;

    private SocketClient(URI uri, boolean reads) {
        this.reads = reads;
        this.socket = http.newWebSocketBuilder()
                .connectTimeout(Duration.ofSeconds(10))
                .buildAsync(URI.create(uri.toString().replaceFirst("^http", "ws")), this)
                .join();
    }

    /**
     * Opens a connection.
     *
     * @param uri where, by HTTP
     * @return the client
     */
    public static SocketClient open(URI uri) {
        return new SocketClient(uri, true);
    }

    /**
     * Opens a connection from which nothing is ever read.
     *
     * @param uri where, by HTTP
     * @return the client
     */
    public static SocketClient stuck(URI uri) {
        return new SocketClient(uri, false);
    }

    @Override
    public void onOpen(WebSocket opened) {
        if (reads) {
            opened.request(Long.MAX_VALUE);
        }
    }

    @Override
    public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
        text.append(data);
        if (last) {
            messages.add(json.readTree(text.toString()));
            text.setLength(0);
        }
        return null;
    }

    @Override
    public @Nullable CompletionStage<?> onClose(WebSocket from, int status, String reason) {
        closed.complete(status);
        return null;
    }

    @Override
    public void onError(WebSocket from, Throwable failure) {
        closed.completeExceptionally(failure);
    }

    /**
     * Waits for the next message, past heartbeats.
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
     * Waits for the next message of a type, past all others.
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
        socket.sendText(message, true).join();
    }

    /** Closes as a browser does that leaves the page. */
    public void leave() {
        socket.sendClose(1001, "").join();
    }

    /** Breaks the connection. */
    @Override
    public void close() {
        socket.abort();
    }
}
