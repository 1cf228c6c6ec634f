package dev.eventlog.sse;

import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.springframework.http.codec.ServerSentEvent;

/**
 * Writes a stream to a client of a servlet container whenever the container can write, so that no thread waits for a client.
 * Requests more from the stream as soon as the previous data has gone to the network. Thread-safe.
 */
final class ServletWriter implements Flow.Subscriber<List<ServerSentEvent<String>>> {

    private static final Log logger = LogFactory.getLog(ServletWriter.class);

    /** The maximum number of the application's own messages that wait for a client that reads nothing. */
    private static final int MOST_WAITING = 1_000;

    /** How long the container may take to end the request of a client that has disconnected. */
    private static final long MILLIS_TO_END = 2_000;

    private final ServletOutputStream out;
    private final ClientStream<ServerSentEvent<String>> stream;
    private final Runnable completed;
    private final Consumer<Throwable> failed;

    // Guarded by this.
    private final Queue<byte[]> waiting = new ArrayDeque<>();
    private boolean flushDue;
    private boolean asked;
    private boolean last;
    private boolean over;

    /**
     * Creates a writer that does not write yet.
     *
     * @param completed called when everything has been written
     * @param failed called when nothing more can be written
     */
    ServletWriter(
            ServletOutputStream out,
            ClientStream<ServerSentEvent<String>> stream,
            Runnable completed,
            Consumer<Throwable> failed) {
        this.out = out;
        this.stream = stream;
        this.completed = completed;
        this.failed = failed;
    }

    void begin() {
        out.setWriteListener(new WriteListener() {
            @Override
            public void onWritePossible() {
                goOn();
            }

            @Override
            public void onError(Throwable gone) {
                disconnected(gone);
            }
        });
        stream.subscribe(this);
    }

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
        goOn();
    }

    @Override
    public void onNext(List<ServerSentEvent<String>> messages) {
        StringBuilder text = new StringBuilder();
        messages.forEach(message -> text.append(SseFormat.wire(message)));
        synchronized (this) {
            asked = false;
            waiting.add(text.toString().getBytes(StandardCharsets.UTF_8));
        }
        goOn();
    }

    /** Sends an additional message. */
    void write(String text) throws IOException {
        synchronized (this) {
            if (over || waiting.size() >= MOST_WAITING) {
                throw new EOFException("The client is gone, or reads nothing");
            }
            waiting.add(text.getBytes(StandardCharsets.UTF_8));
        }
        goOn();
    }

    @Override
    public void onComplete() {
        synchronized (this) {
            last = true;
        }
        goOn();
    }

    /** The client reads nothing. */
    @Override
    public void onError(Throwable failure) {
        if (stops(failure)) {
            failed.accept(failure);
        }
    }

    private void goOn() {
        boolean all;
        boolean ask;
        try {
            synchronized (this) {
                all = !over && writeWhatIsDue();
                ask = all && !asked && !last;
                asked |= ask;
                all &= last;
                over |= all;
            }
        } catch (IOException | IllegalStateException gone) {
            disconnected(gone);
            return;
        }
        if (ask) {
            stream.request(1);
        } else if (all) {
            completed.run();
        }
    }

    /** {@return whether everything has gone to the network} */
    private boolean writeWhatIsDue() throws IOException {
        while (out.isReady()) {
            byte[] next = waiting.poll();
            if (next != null) {
                out.write(next);
                flushDue = true;
            } else if (flushDue) {
                flushDue = false;
                out.flush();
            } else {
                return true;
            }
        }
        return false;
    }

    /**
     * The container ends the request by itself. If the request ended here at the same moment, the container would try to send an
     * error page, and Spring would log that this failed.
     */
    private void disconnected(Throwable gone) {
        if (stops(gone)) {
            CompletableFuture.delayedExecutor(MILLIS_TO_END, TimeUnit.MILLISECONDS)
                    .execute(() -> failed.accept(gone));
        }
    }

    private boolean stops(Throwable failure) {
        synchronized (this) {
            if (over) {
                return false;
            }
            over = true;
        }
        logger.debug("A client of event logs is gone", failure);
        stream.cancel();
        return true;
    }
}
