package dev.eventlog;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How a log ended: nothing more comes after its last event. Immutable and thread-safe.
 *
 * @param kind how it ended
 * @param reason why, in the words of whoever ended it; null if nothing was said
 */
public record Completion(Kind kind, @Nullable String reason) {

    /** How a log ended. */
    public enum Kind {
        /** What it tells of is done. */
        DONE,
        /** What it tells of has failed. */
        FAILED,
        /** Somebody wanted it to stop. */
        CANCELLED,
        /** Nobody knows: somebody deleted what told it, or another program ended the log in a way of its own. */
        UNKNOWN
    }

    private static final Completion DONE = new Completion(Kind.DONE, null);

    /**
     * Checks the parts.
     *
     * @param kind how it ended
     * @param reason why; null if nothing was said
     */
    public Completion {
        Objects.requireNonNull(kind, "The kind of a completion must not be null");
    }

    /** {@return the completion of what is done} */
    public static Completion done() {
        return DONE;
    }

    /**
     * The completion of what has failed.
     *
     * @param reason why; null to say nothing
     * @return the completion
     */
    public static Completion failed(@Nullable String reason) {
        return new Completion(Kind.FAILED, reason);
    }

    /**
     * The completion of what somebody wanted to stop.
     *
     * @param reason why; null to say nothing
     * @return the completion
     */
    public static Completion cancelled(@Nullable String reason) {
        return new Completion(Kind.CANCELLED, reason);
    }

    /** {@return whether what the log tells of has failed} */
    public boolean isFailed() {
        return kind == Kind.FAILED;
    }

    /** {@return how the log ended as it is said in a sentence, such as "failed (out of memory)"} */
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
