package dev.eventlog.redis;

import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A connection on which many logs are read: Redis says on it which of the keys that were read on it have changed since
 * ({@code CLIENT TRACKING}). A key is told once, and again only after it has been read again. Thread-safe.
 */
public interface SharedLine extends Line {

    /** Hears of what was read. Called by the driver's threads, which must not be held up. */
    interface Listener {

        /**
         * A key has changed, or is gone.
         *
         * @param key the key
         */
        void changed(String key);

        /** All keys are gone or replaced, perhaps as this server takes over the data of another. */
        void allChanged();

        /**
         * The connection is lost, or leads to where it is of no use.
         *
         * @param why why
         */
        void lost(RuntimeException why);
    }

    /** Redis, or the way to it, does not do what is needed: so it will not later. */
    final class UnfitException extends RuntimeException {

        private static final long serialVersionUID = 1L;

        UnfitException(String message, @Nullable Throwable cause) {
            super(message, cause);
        }
    }

    /**
     * Sends commands, in one go, and waits for nothing.
     *
     * @param commands what to send; none may block
     * @param replies takes a reply for each, as {@link Line#send} answers them, on a thread of the driver's; not called
     *     where the connection is lost meanwhile
     */
    void ask(List<RawCommand> commands, Consumer<List<@Nullable Object>> replies);

    /** {@return which life of which server this leads to; empty if that is not told} */
    String server();

    /** Asks whether it still leads there, without waiting. Where it does not, the listener is told that it is lost. */
    void check();

    /** {@return when anything was answered last, by {@link System#nanoTime()}} */
    long lastAnswer();

    /** Closes the connection, without waiting. Whoever waits for an answer gets none. */
    void close();
}
