package dev.eventlog;

import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * On what terms events are added: once, however often it is asked; or only if nobody else has added since. Immutable and
 * thread-safe. Both are decided by Redis, in the script that adds the events: in one round trip, with nothing between the
 * decision and the adding.
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

    /** {@return options that ask for nothing: to add with these is to add without any} */
    public static AddOptions none() {
        return NONE;
    }

    /**
     * Adds once: a second add to the same log with the same key adds nothing, and answers the ids that the first one
     * answered. So an add whose outcome is not known can be repeated, by any process.
     *
     * <p>A key is remembered from the first add on for {@link EventLogOptions#idempotencyRetention()}, and not longer than
     * the log's ttl; a second add does not prolong that. It is remembered though its events have been trimmed or deleted
     * since, but not longer than the log itself: if that has been deleted, has expired or was lost, the add is a new one,
     * also if the log has begun again. From Redis 7 on that is noticed, unless the new log has already lost as many events
     * as the old one ever had. Redis 6.2 does not count events. There, a new log that holds its max-length of events is
     * taken for the old one, and a log that has lost the events of the key, and all before them, other than by its
     * max-length is taken for a new one.
     *
     * <p>The key says that it is the same add. The events are not compared, only their number.
     *
     * <p>Redis: within the script {@code GET}, {@code XINFO STREAM} and {@code SET} of one more key, which begins with the
     * log's and lies in its cluster slot; the second time {@code XRANGE} of one event. O(1).
     *
     * @param key names the add within its log: not blank, at most 1,000 characters
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
            // Java would send a question mark for half a surrogate pair: two keys would be one
            throw new IllegalArgumentException("The idempotency key '" + key + "' is not valid Unicode");
        }
        return new AddOptions(key, null);
    }

    /**
     * Adds only if the id given last in the log is still this one; otherwise nothing is added, and there is an
     * {@link UnexpectedLastIdException}. That is {@link EventLog#lastId()}: the id of the last event read, unless that one
     * was the last and has been deleted since.
     *
     * <p>Redis: {@code XINFO STREAM} within the script. O(1).
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
     * Both these options and others. The idempotency key is looked at first: an add that has been carried out is answered
     * with its ids, though its expected id is no longer the last one then.
     *
     * @param other the other options
     * @return options that ask for all that the two ask for
     * @throws IllegalArgumentException if the two ask for different idempotency keys or last ids
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

    /** {@return the key under which the add happens once, if there is one} */
    public Optional<String> idempotencyKey() {
        return Optional.ofNullable(idempotencyKey);
    }

    /** {@return the id that must be the last one, if one must; {@link EventId#MIN} if the log must not exist} */
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
