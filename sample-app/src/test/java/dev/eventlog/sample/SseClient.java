package dev.eventlog.sample;

import com.jayway.jsonpath.JsonPath;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Reads a stream of Server-Sent Events like a browser. */
final class SseClient implements AutoCloseable {

    private final BlockingQueue<Message> messages = new LinkedBlockingQueue<>();
    private final Stream<String> lines;

    record Message(@Nullable String id, @Nullable String event, String data) {}

    SseClient(URI uri, @Nullable String lastEventId) throws IOException, InterruptedException {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(10)).header("Accept", "text/event-stream");
        if (lastEventId != null) {
            request.header("Last-Event-ID", lastEventId);
        }
        HttpResponse<Stream<String>> response =
                HttpClient.newHttpClient().send(request.build(), HttpResponse.BodyHandlers.ofLines());
        if (response.statusCode() != 200) {
            throw new IOException("Status " + response.statusCode());
        }
        lines = response.body();
        Thread reader = new Thread(this::read, "sse-client");
        reader.setDaemon(true);
        reader.start();
    }

    private void read() {
        Map<String, String> fields = new HashMap<>();
        try {
            lines.forEach(line -> {
                int colon = line.indexOf(':');
                if (colon > 0) {
                    fields.put(line.substring(0, colon), line.substring(colon + 1));
                } else if (line.isEmpty() && fields.containsKey("data")) {
                    messages.add(new Message(fields.get("id"), fields.get("event"), fields.getOrDefault("data", "")));
                    fields.clear();
                }
            });
        } catch (UncheckedIOException closed) {
            // closed by this client, or by the server without a last chunk
        }
        messages.add(new Message(null, "closed", ""));
    }

    Message next() throws InterruptedException {
        Message message = messages.poll(10, TimeUnit.SECONDS);
        if (message == null) {
            throw new AssertionError("No message in 10 s");
        }
        return message;
    }

    /**
     * Returns the next reading with its own id, and skips messages of other kinds. The id on the wire covers all logs.
     */
    Message nextReading() throws InterruptedException {
        Message message = next("reading");
        return new Message(JsonPath.read(message.data(), "$.id"), message.event(), message.data());
    }

    Message next(String event) throws InterruptedException {
        while (true) {
            Message message = next();
            if (event.equals(message.event())) {
                return message;
            }
            if ("closed".equals(message.event())) {
                throw new AssertionError("The stream has ended");
            }
        }
    }

    @Override
    public void close() {
        lines.close();
    }
}
