package dev.eventlog.redis;

/** A reply that Redis never sends. */
final class MixedUpReplyException extends IllegalStateException {

    private static final long serialVersionUID = 1L;

    MixedUpReplyException(String what) {
        super("A reply with stream entries is not one that Redis sends: " + what
                + ". Something between this application and Redis, or the driver, may have changed it.");
    }
}
