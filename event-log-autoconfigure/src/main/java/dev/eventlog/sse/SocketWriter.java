package dev.eventlog.sse;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.web.socket.CloseStatus;
import org.springframework.web.socket.WebSocketSession;

/**
 * Writes a stream to a client of a WebSocket in a servlet container. Requests more from the stream as soon as the previous messages
 * have gone to the network, and closes the connection after the last one. Thread-safe.
 */
final class SocketWriter implements Flow.Subscriber<List<SocketMessage>> {

    private static final Log logger = LogFactory.getLog(SocketWriter.class);

    private final WebSocketSession session;
    private final SocketOutput output;
    private final ClientStream<SocketMessage> stream;
    private final Executor threads;

    // Guarded by this.
    private boolean sending;
    private boolean last;
    private int closes = SocketMessage.NORMAL;

    /**
     * Creates a writer.
     *
     * @param threads runs what may block
     */
    SocketWriter(WebSocketSession session, SocketOutput output, ClientStream<SocketMessage> stream, Executor threads) {
        this.session = session;
        this.output = output;
        this.stream = stream;
        this.threads = threads;
    }

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
        subscription.request(1);
    }

    @Override
    public void onNext(List<SocketMessage> messages) {
        synchronized (this) {
            sending = true;
            if (!messages.isEmpty()) {
                closes = messages.get(messages.size() - 1).closes();
            }
        }
        output.send(messages.stream().map(SocketMessage::text).toList(), this::sent);
    }

    private void sent(@Nullable Throwable failure) {
        boolean all;
        synchronized (this) {
            sending = false;
            all = last;
        }
        if (failure != null) {
            onError(failure);
        } else if (all) {
            closeNormally();
        } else {
            stream.request(1);
        }
    }

    @Override
    public void onComplete() {
        boolean all;
        synchronized (this) {
            last = true;
            all = !sending;
        }
        if (all) {
            closeNormally();
        }
    }

    private void closeNormally() {
        int status;
        synchronized (this) {
            status = closes;
        }
        close(session, new CloseStatus(status), threads);
    }

    @Override
    public void onError(Throwable failure) {
        logger.debug("A client of event logs is gone, or reads nothing", failure);
        stream.cancel();
        close(session, new CloseStatus(SocketMessage.READS_NOTHING), threads);
    }

    /** On another thread, because a container waits for the client to take the message that closes the connection. */
    static void close(WebSocketSession session, CloseStatus status, Executor threads) {
        threads.execute(() -> {
            try {
                session.close(status);
            } catch (IOException | IllegalStateException gone) {
                logger.debug("The connection of a client of event logs has already been closed", gone);
            }
        });
    }
}
