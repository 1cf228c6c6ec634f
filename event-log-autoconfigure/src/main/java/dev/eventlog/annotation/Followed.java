package dev.eventlog.annotation;

import dev.eventlog.Follower;
import dev.eventlog.LogsFollower;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/** The follower of a listener: of one log, or of all logs of a pattern. */
sealed interface Followed {

    boolean isRunning();

    /** {@return the failure that ended it, or that ended it at one of its logs} */
    Optional<Throwable> failure();

    CompletionStage<Follower.EndReason> completion();

    void close();

    /**
     * The follower of one log.
     *
     * @param follower the follower
     */
    record OneLog(Follower follower) implements Followed {

        @Override
        public boolean isRunning() {
            return follower.isRunning();
        }

        @Override
        public Optional<Throwable> failure() {
            return Optional.empty(); // reported by the completion
        }

        @Override
        public CompletionStage<Follower.EndReason> completion() {
            return follower.completion();
        }

        @Override
        public void close() {
            follower.close();
        }
    }

    /**
     * The follower of all logs of a pattern.
     *
     * @param follower the follower
     */
    record Pattern(LogsFollower follower) implements Followed {

        @Override
        public boolean isRunning() {
            return follower.isRunning();
        }

        @Override
        public Optional<Throwable> failure() {
            return follower.failures().values().stream().findFirst();
        }

        @Override
        public CompletionStage<Follower.EndReason> completion() {
            return follower.completion();
        }

        @Override
        public void close() {
            follower.close();
        }
    }
}
