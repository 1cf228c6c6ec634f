package dev.eventlog.follow;

import dev.eventlog.EventId;

/** What a follower does with its position beside remembering it. Calls do not overlap. */
public interface Commit {

    /** Of a follower without a name: nothing. */
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

    /** What a listener does, or a recoverer in its place. */
    @FunctionalInterface
    interface Taking {
        /**
         * Takes a batch.
         *
         * @throws Exception what the listener or the recoverer throws
         */
        void run() throws Exception;
    }

    /** The position could not be stored now: to be tried again, later. */
    final class NotStoredException extends RuntimeException {

        private static final long serialVersionUID = 1L;

        /** Whether the application log has it already. */
        private final boolean said;

        /**
         * An exception about a position.
         *
         * @param message which position was not stored, and why
         * @param cause what storing it threw
         * @param said whether the application's log says so already
         */
        public NotStoredException(String message, Throwable cause, boolean said) {
            super(message, cause);
            this.said = said;
        }

        /** {@return whether the application's log says so already} */
        boolean isSaid() {
            return said;
        }
    }

    /** {@return whether the listener may be called now: whether the lease is held, where there is one} */
    boolean mayDeliver();

    /**
     * Has a batch taken, and its position stored.
     *
     * @param last the last event of the batch; if that was taken before, and not stored, it is only stored now
     * @param taking takes the batch
     * @return whether this was done; else another follower of that name has gone on
     * @throws NotStoredException if the position could not be stored: to be called again with the same
     * @throws Exception what the listener threw
     */
    boolean take(EventId last, Taking taking) throws Exception;
}
