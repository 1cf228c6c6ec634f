package dev.eventlog.sse;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.springframework.util.ClassUtils;
import org.springframework.web.socket.TextMessage;
import org.springframework.web.socket.WebSocketSession;
import org.springframework.web.socket.adapter.standard.StandardWebSocketSession;

/** Sends texts over a WebSocket of a servlet container. */
interface SocketOutput {

    /** Whether the container knows Jakarta WebSocket, with which no thread waits for a client. */
    boolean STANDARD = ClassUtils.isPresent("jakarta.websocket.SendHandler", SocketOutput.class.getClassLoader());

    /**
     * Sends texts, in order. The caller waits for the result before it sends more.
     *
     * @param sent called with null when all have gone to the network, or with the reason why nothing more can be sent
     */
    void send(List<String> texts, Consumer<@Nullable Throwable> sent);

    /**
     * {@return the output of a session}
     *
     * @param threads waits for a client if the session has no other way to send
     * @param timeout how long a client may leave a text unread
     */
    static SocketOutput of(WebSocketSession session, Executor threads, Duration timeout) {
        return STANDARD && session instanceof StandardWebSocketSession standard
                ? new StandardOutput(standard, timeout)
                : (List<String> texts, Consumer<@Nullable Throwable> sent) ->
                        threads.execute(() -> sendAll(session, texts, sent));
    }

    private static void sendAll(WebSocketSession session, List<String> texts, Consumer<@Nullable Throwable> sent) {
        try {
            for (String text : texts) {
                session.sendMessage(new TextMessage(text));
            }
        } catch (IOException | RuntimeException gone) {
            sent.accept(gone);
            return;
        }
        sent.accept(null);
    }
}
