package dev.eventlog.redis;

/** A reply is none that Redis gives. */
final class MixedUpReplyException extends IllegalStateException {

    private static final long serialVersionUID = 1L;

    MixedUpReplyException(String what) {
        super(
                "The entries of a stream came as Redis does not send them: " + what
                        + ". Is something between this application and Redis that changes replies, or has the driver such a fault?");
    }
}
