package dev.eventlog.sse;

import dev.eventlog.EventId;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.web.server.ResponseStatusException;

/**
 * Where a client is in each log of its stream, as the id of what it is sent. Of one log it is the id of the event; of several
 * {@code <mark>:<id>,<mark>:<id>}, in which a log's name is a short mark. A log that is not in it has not begun for the client.
 * Guarded by its stream.
 */
final class StreamCursor {

    /** Where clients say how far they have come. */
    static final String HEADER = "Last-Event-ID";

    /** The same, for a page that was reloaded: a new {@code EventSource} cannot send the header. */
    static final String PARAMETER = "lastEventId";

    private static final int MARK_LENGTH = 6;

    private final boolean several;
    private final Map<String, EventId> positions = new LinkedHashMap<>(); // by mark

    private StreamCursor(boolean several) {
        this.several = several;
    }

    /**
     * {@return the cursor of a client}
     *
     * @param stream what the client is to be sent
     * @param text what it says; null or empty if nothing
     * @param where where it says that
     * @throws ResponseStatusException of status 400 if it is malformed
     */
    static StreamCursor of(EventStream stream, @Nullable String text, String where) {
        StreamCursor cursor = new StreamCursor(stream.sources().size() > 1);
        if (text == null || text.isEmpty()) {
            return cursor;
        }
        try {
            for (String part : text.split(",")) {
                int colon = part.indexOf(':');
                String mark = colon < 0 ? mark(stream.sources().get(0).name()) : part.substring(0, colon);
                cursor.positions.put(mark, EventId.parse(part.substring(colon + 1)));
            }
        } catch (IllegalArgumentException malformed) {
            throw new ResponseStatusException(HttpStatus.BAD_REQUEST, where + ": " + malformed.getMessage(), malformed);
        }
        cursor.positions
                .keySet()
                .retainAll(stream.sources().stream()
                        .map(source -> mark(source.name()))
                        .toList());
        return cursor;
    }

    /** {@return what stands for a log of that name: 36 bits of its hash} */
    static String mark(String name) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(name.getBytes(StandardCharsets.UTF_8));
            return Base64.getUrlEncoder()
                    .encodeToString(Arrays.copyOf(hash, MARK_LENGTH))
                    .substring(0, MARK_LENGTH);
        } catch (NoSuchAlgorithmException everyJavaHasIt) {
            throw new IllegalStateException(everyJavaHasIt);
        }
    }

    /** {@return where the client is in a log; null if it has not begun} */
    @Nullable
    EventId position(String mark) {
        return positions.get(mark);
    }

    void moveTo(String mark, EventId position) {
        positions.put(mark, position);
    }

    /** {@return the id to send; null if no log has begun} */
    @Nullable
    String text() {
        if (positions.isEmpty()) {
            return null;
        }
        if (!several) {
            return positions.values().iterator().next().toString();
        }
        StringBuilder text = new StringBuilder();
        positions.forEach((mark, position) ->
                text.append(text.isEmpty() ? "" : ",").append(mark).append(':').append(position));
        return text.toString();
    }
}
