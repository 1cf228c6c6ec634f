package dev.eventlog.follow;

import dev.eventlog.EventLogOptions;

/**
 * How a log loses old events according to its options. It explains missing events if Redis does not count them.
 *
 * @param maxLength the max-length; {@link Long#MAX_VALUE} for none
 * @param byAge whether there is a max-age
 */
record Trimming(long maxLength, boolean byAge) {

    static Trimming of(EventLogOptions options) {
        return new Trimming(options.hasMaxLength() ? options.maxLength() : Long.MAX_VALUE, options.hasMaxAge());
    }

    /** {@return whether a log of this length has lost no events by trimming, because trimming always leaves max-length events} */
    boolean hasLostNoneOf(long length) {
        return maxLength < Long.MAX_VALUE && !byAge && length < maxLength;
    }
}
