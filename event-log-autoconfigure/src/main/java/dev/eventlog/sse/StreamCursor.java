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
import org.springframework.util.ConcurrentLruCache;
import org.springframework.web.server.ResponseStatusException;

/**
 * The position of a client in each log of its stream, written as the id of each message. For one log it is the id of the event.
 * For several logs it is {@code <mark>:<id>,<mark>:<id>}, where a mark is a short hash of a log's name. For a pattern without
 * logs it is {@code *}. A log that is missing in the id has not begun for the client. Thread-safe.
 */
final class StreamCursor {

    /** The header with the position of a client. */
    static final String HEADER = "Last-Event-ID";

    /** The parameter with the position, for a reloaded page: a new {@code EventSource} cannot send the header. */
    static final String PARAMETER = "lastEventId";

    private static final int MARK_LENGTH = 6;

    /** Many clients follow the same logs, and all of them may connect at once. */
    private static final ConcurrentLruCache<String, String> MARKS = new ConcurrentLruCache<>(1_000, StreamCursor::hash);

    private static final Pattern MARK = Pattern.compile("[A-Za-z0-9_-]{" + MARK_LENGTH + "}");

    /** The position of a client that follows a pattern without matching logs. */
    private static final String NO_LOG = "*";

    private final boolean several;
    private final boolean hasPatterns;
    private final boolean resumed;

    // Guarded by this.
    private final Map<String, EventId> positions = new LinkedHashMap<>(); // by mark
    private boolean partial; // the client is new, and not all logs of its pattern have begun

    private StreamCursor(boolean several, boolean hasPatterns, boolean resumed) {
        this.several = several;
        this.hasPatterns = hasPatterns;
        this.resumed = resumed;
    }

    /**
     * {@return the cursor of a client}
     *
     * @param stream what the client follows
     * @param text the position that the client sent; null or empty for none
     * @param where where the client sent it, for the error message
     * @throws ResponseStatusException with the status 400 if the position is malformed
     */
    static StreamCursor of(EventStream stream, @Nullable String text, String where) {
        boolean resumed = text != null && !text.isEmpty();
        StreamCursor cursor =
                new StreamCursor(stream.isOfSeveral(), !stream.patterns().isEmpty(), resumed);
        if (text == null || text.isEmpty()) {
            cursor.partial = cursor.hasPatterns;
            return cursor;
        }
        try {
            if (!(cursor.hasPatterns && text.equals(NO_LOG))) {
                for (String part : text.split(",", -1)) {
                    cursor.read(part, stream);
                }
            }
        } catch (IllegalArgumentException malformed) {
            throw new ResponseStatusException(HttpStatus.BAD_REQUEST, where + ": " + malformed.getMessage(), malformed);
        }
        if (!cursor.hasPatterns) { // with patterns, the logs are not known yet
            cursor.retain(
                    stream.sources().stream().map(EventStream.Source::mark).toList());
        }
        return cursor;
    }

    private void read(String part, EventStream stream) {
        int colon = part.indexOf(':');
        EventId position = EventId.parse(part.substring(colon + 1));
        if (colon < 0 && stream.sources().isEmpty()) {
            throw new IllegalArgumentException("'" + part + "' has no log: send the id unchanged");
        }
        String mark = colon < 0 ? stream.sources().get(0).mark() : part.substring(0, colon);
        if (hasPatterns && !MARK.matcher(mark).matches()) {
            throw new IllegalArgumentException("'" + mark + "' does not identify a log: send the id unchanged");
        }
        positions.put(mark, position);
    }

    /** {@return the mark of the log with this name: 36 bits of the hash of the name} */
    static String mark(String name) {
        return MARKS.get(name);
    }

    private static String hash(String name) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(name.getBytes(StandardCharsets.UTF_8));
            return Base64.getUrlEncoder()
                    .encodeToString(Arrays.copyOf(hash, MARK_LENGTH))
                    .substring(0, MARK_LENGTH);
        } catch (NoSuchAlgorithmException everyJavaHasIt) {
            throw new IllegalStateException(everyJavaHasIt);
        }
    }

    /** {@return whether the client has sent its position} */
    boolean isResumed() {
        return resumed;
    }

    /** {@return the position of the client in a log; null if the log has not begun} */
    synchronized @Nullable EventId position(String mark) {
        return positions.get(mark);
    }

    /** {@return whether the client is new and not all logs have begun: an id would leave out some of them} */
    synchronized boolean isPartial() {
        return partial;
    }

    /** All logs of the first search of a pattern have begun. */
    synchronized void complete() {
        partial = false;
    }

    synchronized void moveTo(String mark, EventId position) {
        positions.put(mark, position);
    }

    synchronized void remove(String mark) {
        positions.remove(mark);
    }

    /** Forgets all logs except these. */
    synchronized void retain(Collection<String> marks) {
        positions.keySet().retainAll(marks);
    }

    /** {@return the number of logs with a position} */
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
