package dev.eventlog.sse;

import jakarta.websocket.RemoteEndpoint;
import jakarta.websocket.SendHandler;
import jakarta.websocket.SendResult;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.springframework.web.socket.adapter.standard.StandardWebSocketSession;

/** Sends by the container's own means, which call back, so that no thread waits for a client. */
final class StandardOutput implements SocketOutput {

    private final RemoteEndpoint.Async remote;

    StandardOutput(StandardWebSocketSession session, Duration timeout) {
        this.remote = session.getNativeSession().getAsyncRemote();
        remote.setSendTimeout(timeout.toMillis());
    }

    @Override
    public void send(List<String> texts, Consumer<@Nullable Throwable> sent) {
        new Sending(texts.iterator(), sent).goOn();
    }

    private final class Sending implements SendHandler {

        private final Iterator<String> texts;
        private final Consumer<@Nullable Throwable> sent;
        private final AtomicInteger calls = new AtomicInteger();

        Sending(Iterator<String> texts, Consumer<@Nullable Throwable> sent) {
            this.texts = texts;
            this.sent = sent;
        }

        /** A loop, because the container may call back before {@code sendText} returns. */
        void goOn() {
            if (calls.getAndIncrement() != 0) {
                return;
            }
            do {
                if (!texts.hasNext()) {
                    sent.accept(null);
                    return;
                }
                try {
                    remote.sendText(texts.next(), this);
                } catch (RuntimeException gone) {
                    sent.accept(gone);
                    return;
                }
            } while (calls.decrementAndGet() != 0);
        }

        @Override
        public void onResult(SendResult result) {
            if (result.isOK()) {
                goOn();
            } else {
                sent.accept(result.getException());
            }
        }
    }
}
