package dev.eventlog.follow;

import dev.eventlog.EventId;

/** Stores the position of a follower, if the follower has a name. Calls do not overlap. */
public interface Commit {

    /** For a follower without a name: stores nothing. */
    Commit NONE = new Commit() {
        @Override
        public boolean mayDeliver() {
            return true;
        }

        @Override
        public boolean take(EventId last, Taking taking) throws Exception {
            taking.run();
            return true;
        }
    };

    /** The call of a listener, or of a recoverer. */
    @FunctionalInterface
    interface Taking {
        /**
         * Processes a batch.
         *
         * @throws Exception if the listener or the recoverer throws
         */
        void run() throws Exception;
    }

    /** The position could not be stored. The follower tries again later. */
    final class NotStoredException extends RuntimeException {

        private static final long serialVersionUID = 1L;

        /** Whether the application log already has the failure. */
        private final boolean said;

        /**
         * Creates an exception about a position.
         *
         * @param message which position was not stored, and why
         * @param cause the failure
         * @param said whether the application log already has the failure
         */
        public NotStoredException(String message, Throwable cause, boolean said) {
            super(message, cause);
            this.said = said;
        }

        /** {@return whether the application log already has the failure} */
        boolean isSaid() {
            return said;
        }
    }

    /** {@return whether the listener may be called now, which requires the lease if there is one} */
    boolean mayDeliver();

    /**
     * Processes a batch and stores its position.
     *
     * @param last the last event of the batch; if the batch was processed before but not stored, it is only stored now
     * @param taking processes the batch
     * @return false if another follower with the same name has continued
     * @throws NotStoredException if the position could not be stored: call again with the same arguments
     * @throws Exception if the listener throws
     */
    boolean take(EventId last, Taking taking) throws Exception;
}
