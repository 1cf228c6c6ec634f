package dev.eventlog.follow;

import dev.eventlog.EventLogOptions;

/**
 * What a log loses by its old end as its options have it, which tells what became of events where Redis does not count them.
 *
 * @param maxLength the max-length; the largest number there is for none
 * @param byAge whether there is a max-age
 */
record Trimming(long maxLength, boolean byAge) {

    static Trimming of(EventLogOptions options) {
        return new Trimming(options.hasMaxLength() ? options.maxLength() : Long.MAX_VALUE, options.hasMaxAge());
    }

    /** {@return whether a log of so many events has lost none so, as trimming by a max-length always leaves that many} */
    boolean hasLostNoneOf(long length) {
        return maxLength < Long.MAX_VALUE && !byAge && length < maxLength;
    }
}
