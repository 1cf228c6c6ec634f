package dev.eventlog.annotation;

import dev.eventlog.Follower;
import dev.eventlog.LogsFollower;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/** What a listener follows by: one log, or all logs of a pattern. */
sealed interface Followed {

    boolean isRunning();

    /** {@return why some or all of it is no longer followed} */
    Optional<Throwable> failure();

    CompletionStage<Follower.EndReason> completion();

    void close();

    /**
     * One log.
     *
     * @param follower its follower
     */
    record OneLog(Follower follower) implements Followed {

        @Override
        public boolean isRunning() {
            return follower.isRunning();
        }

        @Override
        public Optional<Throwable> failure() {
            return Optional.empty(); // of which the completion tells
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
     * All logs of a pattern.
     *
     * @param follower their follower
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
