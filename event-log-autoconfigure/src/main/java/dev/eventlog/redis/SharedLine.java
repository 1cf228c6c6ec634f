package dev.eventlog.redis;

import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A connection on which many logs are read. Redis reports on it which of the keys that were read on it have changed since
 * ({@code CLIENT TRACKING}). It reports a key once, and again only after the key has been read again. Thread-safe.
 */
public interface SharedLine extends Line {

    /** Gets the reports. Called by the driver's threads, so it must not block. */
    interface Listener {

        /**
         * A key has changed, or is gone.
         *
         * @param key the key
         */
        void changed(String key);

        /** All keys are gone or replaced, perhaps because this server takes over the data of another one. */
        void allChanged();

        /**
         * The connection is lost, or leads to a server that is of no use.
         *
         * @param why the reason
         */
        void lost(RuntimeException why);
    }

    /** Redis, or the connection to it, does not support shared lines, and will not later either. */
    final class UnfitException extends RuntimeException {

        private static final long serialVersionUID = 1L;

        UnfitException(String message, @Nullable Throwable cause) {
            super(message, cause);
        }
    }

    /**
     * Commands whose replies are needed together.
     *
     * @param commands the commands; none may block
     * @param replies gets a reply for each command, as from {@link Line#send}, on a thread of the driver; not called if the
     *         connection is lost in the meantime
     */
    record Question(List<RawCommand> commands, Consumer<List<@Nullable Object>> replies) {}

    /**
     * Sends questions in one write, without waiting.
     *
     * @param questions the questions, at least one
     */
    void ask(List<Question> questions);

    /** {@return the identity of the server and its run; empty if unknown} */
    String server();

    /**
     * Checks, without waiting, whether the connection still leads to the same server. If not, the listener is told that it is
     * lost.
     */
    void check();

    /** {@return the time of the last answer, by {@link System#nanoTime()}} */
    long lastAnswer();

    /** Closes the connection, without waiting. Pending questions get no answer. */
    void close();
}
