package dev.eventlog;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How a log was completed. No event can follow a completion. Immutable and thread-safe.
 *
 * @param kind how it ended
 * @param reason the reason as the writer gave it; null for none
 */
public record Completion(Kind kind, @Nullable String reason) {

    /** How a log ended. */
    public enum Kind {
        /** The activity behind the log is done. */
        DONE,
        /** The activity behind the log has failed. */
        FAILED,
        /** Somebody asked the activity behind the log to stop. */
        CANCELLED,
        /** Unknown: somebody deleted the closing entry, or another program completed the log in its own way. */
        UNKNOWN
    }

    private static final Completion DONE = new Completion(Kind.DONE, null);

    /**
     * Checks the parts.
     *
     * @param kind how it ended
     * @param reason the reason; null for none
     */
    public Completion {
        Objects.requireNonNull(kind, "The kind of a completion must not be null");
    }

    /** {@return a completion of the kind {@link Kind#DONE}, without a reason} */
    public static Completion done() {
        return DONE;
    }

    /**
     * Returns a completion of the kind {@link Kind#FAILED}.
     *
     * @param reason the reason; null for none
     * @return the completion
     */
    public static Completion failed(@Nullable String reason) {
        return new Completion(Kind.FAILED, reason);
    }

    /**
     * Returns a completion of the kind {@link Kind#CANCELLED}.
     *
     * @param reason the reason; null for none
     * @return the completion
     */
    public static Completion cancelled(@Nullable String reason) {
        return new Completion(Kind.CANCELLED, reason);
    }

    /** {@return whether the kind is {@link Kind#FAILED}} */
    public boolean isFailed() {
        return kind == Kind.FAILED;
    }

    /** {@return the completion as text, for example "failed (out of memory)"} */
    @Override
    public String toString() {
        String said = switch (kind) {
            case DONE -> "done";
            case FAILED -> "failed";
            case CANCELLED -> "cancelled";
            case UNKNOWN -> "completed in an unknown way";
        };
        return reason == null ? said : said + " (" + reason + ")";
    }
}
