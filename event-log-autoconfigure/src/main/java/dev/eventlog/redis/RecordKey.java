package dev.eventlog.redis;

/**
 * The key of the record of an add that is to happen once. It begins with the log's key, so that what is permitted or looked
 * for by that beginning is the record too, and is hashed like it, so that a cluster has both in one slot.
 */
final class RecordKey {

    private RecordKey() {}

    static String of(String log, String key, String idempotencyKey) {
        int open = key.indexOf('{');
        int close = key.indexOf('}', open + 1);
        if (open >= 0 && close > open + 1) {
            return key + ":once:" + idempotencyKey; // it has a hash tag, by which all of this is hashed
        }
        if (open >= 0 || close >= 0) {
            throw new IllegalArgumentException("Log '" + log + "' cannot have idempotent adds: its key '" + key
                    + "' has a brace but no {hash tag}, so no other key can share its cluster slot."
                    + " Choose a name without braces, or with a hash tag.");
        }
        return key + ":once:{" + key + "}:" + idempotencyKey;
    }
}
