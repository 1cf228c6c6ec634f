package dev.eventlog;

import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Options of an add: add only once, however often the call is repeated, or add only if nobody else has added in the
 * meantime. Immutable and thread-safe. Redis checks both in the script that adds the events, in one round trip. No
 * other command runs between the check and the add.
 *
 * <pre>{@code
 * log.add(event, AddOptions.idempotent("order-17-paid"));
 * log.add(event, AddOptions.ifLast(lastRead));
 * log.add(event, AddOptions.idempotent("order-17-paid").and(AddOptions.ifLast(lastRead)));
 * }</pre>
 */
public final class AddOptions {

    private static final int LONGEST_KEY = 1_000;

    private static final AddOptions NONE = new AddOptions(null, null);

    private final @Nullable String idempotencyKey;
    private final @Nullable EventId lastId;

    private AddOptions(@Nullable String idempotencyKey, @Nullable EventId lastId) {
        this.idempotencyKey = idempotencyKey;
        this.lastId = lastId;
    }

    /** {@return options without any condition: an add with these options is a plain add} */
    public static AddOptions none() {
        return NONE;
    }

    /**
     * Adds once: a second add to the same log with the same key adds nothing and returns the ids of the first add. So
     * any process can repeat an add whose outcome is unknown.
     *
     * <p>Redis remembers a key for {@link EventLogOptions#idempotencyRetention()} after the first add, but no longer
     * than the ttl of the log. A second add does not extend this time. Redis remembers the key even if its events have
     * been trimmed or deleted, but no longer than the log itself: if the log was deleted, has expired, or was lost, the
     * add is a new one, even if the log has begun again. On Redis 7 and later, this is exact unless the new log has already
     * lost as many events as the old log ever had. Redis 6.2 does not count events. There, a new log that holds its
     * max-length of events is mistaken for the old one. A log that lost the events of the key and all events before
     * them, other than by its max-length, is mistaken for a new one.
     *
     * <p>The key identifies the add. The events are not compared, only their number.
     *
     * <p>Redis: {@code GET}, {@code XINFO STREAM}, and {@code SET} in the script, for one more key, which begins with
     * the key of the log and is in the same cluster slot. A repeated add also needs {@code XRANGE} of one event. O(1).
     *
     * @param key identifies the add within its log: not blank, at most 1,000 characters
     * @return the options
     * @throws IllegalArgumentException if the key is blank, too long, or not valid Unicode
     */
    public static AddOptions idempotent(String key) {
        if (key == null || key.isBlank()) {
            throw new IllegalArgumentException("An idempotency key must not be blank, but is '" + key + "'");
        }
        if (key.length() > LONGEST_KEY) {
            throw new IllegalArgumentException("An idempotency key must have at most %,d characters, but '%s…' has %,d"
                    .formatted(LONGEST_KEY, key.substring(0, 50), key.length()));
        }
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(key)) {
            // Java sends a question mark for half a surrogate pair, so two different keys would become the same
            throw new IllegalArgumentException("The idempotency key '" + key + "' is not valid Unicode");
        }
        return new AddOptions(key, null);
    }

    /**
     * Adds only if the last id of the log is the expected one. Otherwise nothing is added, and the add throws an
     * {@link UnexpectedLastIdException}. The last id is {@link EventLog#lastId()}: the id of the newest event, even if
     * that event has been deleted.
     *
     * <p>Redis: {@code XINFO STREAM} in the script, O(1).
     *
     * @param lastId the id; {@link EventId#MIN} for a log that does not exist yet
     * @return the options
     * @throws IllegalArgumentException if the id is null
     */
    public static AddOptions ifLast(EventId lastId) {
        if (lastId == null) {
            throw new IllegalArgumentException(
                    "AddOptions.ifLast(null): the id must not be null; a log that does not exist yet has EventId.MIN");
        }
        return new AddOptions(null, lastId);
    }

    /**
     * Adds only if the log does not exist yet: the same as {@link #ifLast} with {@link EventId#MIN}. A stream that exists
     * but never had an event counts as not existing.
     *
     * @return the options
     */
    public static AddOptions ifAbsent() {
        return ifLast(EventId.MIN);
    }

    /**
     * Combines these options with others. The idempotency key is checked first: an add that was already done returns
     * its ids, although its expected id is no longer the last one.
     *
     * @param other the other options
     * @return options with the conditions of both
     * @throws IllegalArgumentException if the two have different idempotency keys or expected last ids
     */
    public AddOptions and(AddOptions other) {
        return new AddOptions(
                either("idempotency keys", idempotencyKey, other.idempotencyKey),
                either("expected last ids", lastId, other.lastId));
    }

    private static <T> @Nullable T either(String what, @Nullable T one, @Nullable T other) {
        if (one != null && other != null && !one.equals(other)) {
            throw new IllegalArgumentException(
                    "An add cannot have two " + what + ": '" + one + "' and '" + other + "'");
        }
        return one != null ? one : other;
    }

    /** {@return the idempotency key, if there is one} */
    public Optional<String> idempotencyKey() {
        return Optional.ofNullable(idempotencyKey);
    }

    /** {@return the expected last id, if there is one; {@link EventId#MIN} if the log must not exist} */
    public Optional<EventId> expectedLastId() {
        return Optional.ofNullable(lastId);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof AddOptions that
                && Objects.equals(idempotencyKey, that.idempotencyKey)
                && Objects.equals(lastId, that.lastId);
    }

    @Override
    public int hashCode() {
        return Objects.hash(idempotencyKey, lastId);
    }

    @Override
    public String toString() {
        return "idempotency key " + (idempotencyKey != null ? "'" + idempotencyKey + "'" : "none")
                + ", expected last id " + (lastId != null ? lastId : "any");
    }
}
