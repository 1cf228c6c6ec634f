package dev.eventlog.test;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Reads a stream of Server-Sent Events without hiding any part of it. */
public final class SseClient implements AutoCloseable {

    /** The last message, whichever side ended the stream. */
    public static final Message CLOSED = new Message(List.of("closed"));

    private static final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build(); // requests no upgrade
    private final BlockingQueue<Message> messages = new LinkedBlockingQueue<>();
    private final HttpResponse<Stream<String>> response;

    /**
     * The lines between two empty lines.
     *
     * @param lines its lines
     */
    public record Message(List<String> lines) {

        /**
         * A field.
         *
         * @param name its name; nothing for a comment
         * @return its value; null if there is none
         */
        public @Nullable String field(String name) {
            List<String> values = lines.stream()
                    .filter(line -> line.startsWith(name + ":"))
                    .map(line -> line.substring(name.length() + 1))
                    .toList();
            return values.isEmpty() ? null : String.join("\n", values);
        }

        /** {@return its id} */
        public @Nullable String id() {
            return field("id");
        }

        /** {@return its name} */
        public @Nullable String name() {
            return field("event");
        }

        /** {@return its data; empty if there is none} */
        public String data() {
            String data = field("data");
            return data == null ? "" : data;
        }
    }

    /**
     * Opens a stream.
     *
     * @param uri the address
     * @param lastEventId the value of the header Last-Event-ID; null for none
     * @throws IOException if the answer is not a stream
     * @throws InterruptedException if interrupted
     */
    public SseClient(URI uri, @Nullable String lastEventId) throws IOException, InterruptedException {
        this(request(uri, lastEventId));
    }

    /**
     * Opens the stream of a user that has logged in.
     *
     * @param uri the address
     * @param cookie the cookie of the browser
     * @return the client
     * @throws IOException if the answer is not a stream
     * @throws InterruptedException if interrupted
     */
    public static SseClient withCookie(URI uri, String cookie) throws IOException, InterruptedException {
        return new SseClient(builder(uri).header("Cookie", cookie).build());
    }

    private SseClient(HttpRequest request) throws IOException, InterruptedException {
        response = http.send(request, HttpResponse.BodyHandlers.ofLines());
        if (response.statusCode() != 200) {
            throw new IOException("Status " + response.statusCode());
        }
        Thread reader = new Thread(this::read, "sse-client");
        reader.setDaemon(true);
        reader.start();
    }

    /**
     * Requests a stream that the server refuses.
     *
     * @param uri the address
     * @param lastEventId the value of the header Last-Event-ID; null for none
     * @return the answer
     * @throws IOException if there is none
     * @throws InterruptedException if interrupted
     */
    public static HttpResponse<String> refused(URI uri, @Nullable String lastEventId)
            throws IOException, InterruptedException {
        return http.send(request(uri, lastEventId), HttpResponse.BodyHandlers.ofString());
    }

    /**
     * Requests only the headers of a stream.
     *
     * @param uri the address
     * @return the answer
     * @throws IOException if there is none
     * @throws InterruptedException if interrupted
     */
    public static HttpResponse<String> head(URI uri) throws IOException, InterruptedException {
        return http.send(
                builder(uri).method("HEAD", HttpRequest.BodyPublishers.noBody()).build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private static HttpRequest.Builder builder(URI uri) {
        return HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(10)).header("Accept", "text/event-stream");
    }

    private static HttpRequest request(URI uri, @Nullable String lastEventId) {
        HttpRequest.Builder request = builder(uri);
        if (lastEventId != null) {
            request.header("Last-Event-ID", lastEventId);
        }
        return request.build();
    }

    private void read() {
        List<String> lines = new ArrayList<>();
        try {
            response.body().forEach(line -> {
                if (!line.isEmpty()) {
                    lines.add(line);
                } else {
                    messages.add(new Message(List.copyOf(lines)));
                    lines.clear();
                }
            });
        } catch (UncheckedIOException | IllegalStateException closed) {
            // closed by this client, perhaps before its first read, or by the server without a last chunk
        }
        messages.add(CLOSED);
    }

    /**
     * A header of the answer.
     *
     * @param name its name
     * @return its value; empty if there is none
     */
    public String header(String name) {
        return response.headers().firstValue(name).orElse("");
    }

    /**
     * Waits for the next message.
     *
     * @return the message
     * @throws InterruptedException if interrupted
     */
    public Message next() throws InterruptedException {
        Message message = messages.poll(10, TimeUnit.SECONDS);
        if (message == null) {
            throw new AssertionError("No message in 10 s");
        }
        return message;
    }

    /**
     * Waits for the next message with a name, and skips others.
     *
     * @param name its name
     * @return the message
     * @throws InterruptedException if interrupted
     */
    public Message next(String name) throws InterruptedException {
        while (true) {
            Message message = next();
            if (name.equals(message.name())) {
                return message;
            }
            if (message == CLOSED) {
                throw new AssertionError("The stream has ended");
            }
        }
    }

    /**
     * Waits for the next event of the log, and skips other messages.
     *
     * @return the message
     * @throws InterruptedException if interrupted
     */
    public Message nextEvent() throws InterruptedException {
        while (true) {
            Message message = next();
            if (message.name() == null && message.field("data") != null) {
                return message;
            }
            if (message == CLOSED) {
                throw new AssertionError("The stream has ended");
            }
        }
    }

    @Override
    public void close() {
        response.body().close();
    }
}
