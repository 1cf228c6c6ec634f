package dev.eventlog.sse;

import dev.eventlog.EventId;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.web.server.ResponseStatusException;

/**
 * Where a client is in each log of its stream, as the id of what it is sent. Of one log it is the id of the event; of several
 * {@code <mark>:<id>,<mark>:<id>}, in which a log's name is a short mark; of a pattern without a log {@code *}. A log that is not in
 * it has not begun for the client. Thread-safe.
 */
final class StreamCursor {

    /** Where clients say how far they have come. */
    static final String HEADER = "Last-Event-ID";

    /** The same, for a page that was reloaded: a new {@code EventSource} cannot send the header. */
    static final String PARAMETER = "lastEventId";

    private static final int MARK_LENGTH = 6;

    private static final Pattern MARK = Pattern.compile("[A-Za-z0-9_-]{" + MARK_LENGTH + "}");

    /** What a client has seen that follows a pattern no log fits. */
    private static final String NO_LOG = "*";

    private final boolean several;
    private final boolean hasPatterns;

    // Guarded by this.
    private final Map<String, EventId> positions = new LinkedHashMap<>(); // by mark
    private boolean partial; // of a pattern whose logs have not all begun for a client that has seen nothing

    private StreamCursor(boolean several, boolean hasPatterns) {
        this.several = several;
        this.hasPatterns = hasPatterns;
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
        StreamCursor cursor =
                new StreamCursor(stream.isOfSeveral(), !stream.patterns().isEmpty());
        if (text == null || text.isEmpty()) {
            cursor.partial = cursor.hasPatterns;
            return cursor;
        }
        try {
            if (!(cursor.hasPatterns && text.equals(NO_LOG))) {
                for (String part : text.split(",")) {
                    cursor.read(part, stream);
                }
            }
        } catch (IllegalArgumentException malformed) {
            throw new ResponseStatusException(HttpStatus.BAD_REQUEST, where + ": " + malformed.getMessage(), malformed);
        }
        if (!cursor.hasPatterns) { // else its logs are not known yet
            cursor.retain(
                    stream.sources().stream().map(source -> mark(source.name())).toList());
        }
        return cursor;
    }

    private void read(String part, EventStream stream) {
        int colon = part.indexOf(':');
        EventId position = EventId.parse(part.substring(colon + 1));
        if (colon < 0 && stream.sources().isEmpty()) {
            throw new IllegalArgumentException("'" + part + "' does not say its log: send the id as it was received");
        }
        String mark = colon < 0 ? mark(stream.sources().get(0).name()) : part.substring(0, colon);
        if (hasPatterns && !MARK.matcher(mark).matches()) {
            throw new IllegalArgumentException(
                    "'" + mark + "' does not stand for a log: send the id as it was received");
        }
        positions.put(mark, position);
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
    synchronized @Nullable EventId position(String mark) {
        return positions.get(mark);
    }

    /** {@return whether the client has seen nothing, and not all logs have begun: an id would leave out some} */
    synchronized boolean isPartial() {
        return partial;
    }

    /** All logs have begun that a pattern found at first. */
    synchronized void complete() {
        partial = false;
    }

    synchronized void moveTo(String mark, EventId position) {
        positions.put(mark, position);
    }

    synchronized void remove(String mark) {
        positions.remove(mark);
    }

    /** Forgets all logs but some. */
    synchronized void retain(Collection<String> marks) {
        positions.keySet().retainAll(marks);
    }

    /** {@return of how many logs it says where the client is} */
    synchronized int size() {
        return positions.size();
    }

    /** {@return the id to send; null if no log has begun} */
    synchronized @Nullable String text() {
        if (partial) {
            return null;
        }
        if (positions.isEmpty()) {
            return hasPatterns ? NO_LOG : null;
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
