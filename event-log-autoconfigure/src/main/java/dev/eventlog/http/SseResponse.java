package dev.eventlog.http;

import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.HttpStatusCode;
import org.springframework.util.LinkedMultiValueMap;
import org.springframework.util.MultiValueMap;
import org.springframework.web.context.request.async.AsyncRequestNotUsableException;
import org.springframework.web.context.request.async.AsyncWebRequest;
import org.springframework.web.context.request.async.DeferredResult;
import org.springframework.web.context.request.async.WebAsyncManager;
import org.springframework.web.context.request.async.WebAsyncUtils;
import org.springframework.web.servlet.ModelAndView;
import org.springframework.web.servlet.function.ServerResponse;

/**
 * Sends a stream to a client of a servlet container when the container can write. No thread waits for a client, and the log is
 * read as fast as the client reads. Thread-safe.
 */
final class SseResponse implements ServerResponse {

    private static final Log logger = LogFactory.getLog(SseResponse.class);

    /** How long the container may take to end the request of a client that has disconnected. */
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private final HttpHeaders headers;
    private final LiveStream stream;
    private final Duration timeout;

    SseResponse(HttpHeaders headers, LiveStream stream, Duration timeout) {
        this.headers = headers;
        this.stream = stream;
        this.timeout = timeout;
    }

    @Override
    public HttpStatusCode statusCode() {
        return HttpStatus.OK;
    }

    @Override
    public HttpHeaders headers() {
        return headers;
    }

    @Override
    public MultiValueMap<String, Cookie> cookies() {
        return new LinkedMultiValueMap<>();
    }

    @Override
    public @Nullable ModelAndView writeTo(HttpServletRequest request, HttpServletResponse response, Context context)
            throws IOException {
        response.setStatus(HttpServletResponse.SC_OK);
        headers.forEach((name, values) -> values.forEach(value -> response.addHeader(name, value)));
        DeferredResult<ServerResponse> result = new DeferredResult<>(timeout.toMillis());
        result.onCompletion(stream::cancel);
        WebAsyncManager async = WebAsyncUtils.getAsyncManager(request);
        AsyncWebRequest asyncRequest = WebAsyncUtils.createAsyncWebRequest(request, response);
        async.setAsyncWebRequest(asyncRequest);
        try {
            async.startDeferredResultProcessing(result);
        } catch (Exception refused) {
            stream.cancel();
            throw new IOException("No thread is available to send the stream", refused);
        }
        Writer writer = new Writer(response.getOutputStream(), result);
        writer.begin();
        stream.subscribe(writer);
        return null;
    }

    /** Writes the chunks in order, each after the previous one has gone to the network. */
    private final class Writer implements Flow.Subscriber<String> {

        private final ServletOutputStream out;
        private final DeferredResult<ServerResponse> result;

        // Guarded by this.
        private byte @Nullable [] waiting;
        private boolean flushDue = true; // for the headers
        private boolean asked;
        private boolean last;
        private boolean over;
        private Flow.@Nullable Subscription subscription;

        Writer(ServletOutputStream out, DeferredResult<ServerResponse> result) {
            this.out = out;
            this.result = result;
        }

        void begin() {
            out.setWriteListener(new WriteListener() {
                @Override
                public void onWritePossible() {
                    goOn();
                }

                @Override
                public void onError(Throwable failure) {
                    disconnected(failure);
                }
            });
        }

        @Override
        public void onSubscribe(Flow.Subscription given) {
            synchronized (this) {
                subscription = given;
            }
            goOn();
        }

        @Override
        public void onNext(String chunk) {
            synchronized (this) {
                asked = false;
                waiting = chunk.getBytes(StandardCharsets.UTF_8);
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

        private void goOn() {
            Flow.Subscription ask = null;
            boolean done = false;
            try {
                synchronized (this) {
                    if (!over && writeWhatIsDue()) {
                        done = last;
                        over = last;
                        ask = last || asked ? null : subscription;
                        asked |= ask != null;
                    }
                }
            } catch (IOException | IllegalStateException gone) {
                disconnected(gone);
                return;
            }
            if (done) {
                result.setResult(null);
            } else if (ask != null) {
                ask.request(1);
            }
        }

        /** {@return whether everything has gone to the network} */
        private boolean writeWhatIsDue() throws IOException {
            while (out.isReady()) {
                byte[] next = waiting;
                if (next != null) {
                    waiting = null;
                    flushDue = true;
                    out.write(next);
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
         * error page, and log that this failed.
         */
        private void disconnected(Throwable gone) {
            if (stops(gone)) {
                CompletableFuture.delayedExecutor(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)
                        .execute(() -> fail(gone));
            }
        }

        /** The client reads nothing. */
        @Override
        public void onError(Throwable failure) {
            if (stops(failure)) {
                fail(failure);
            }
        }

        private boolean stops(Throwable failure) {
            synchronized (this) {
                if (over) {
                    return false;
                }
                over = true;
            }
            logger.debug("A client of an event log has disconnected", failure);
            stream.cancel();
            return true;
        }

        private void fail(Throwable failure) {
            if (!result.isSetOrExpired()) {
                result.setErrorResult(
                        new AsyncRequestNotUsableException("The client has disconnected: " + failure.getMessage()));
            }
        }
    }
}
