package dev.eventlog.redis;

/**
 * The key of the record of an idempotent add. It begins with the log's key, so that permissions and searches by this prefix
 * include the record. It has the same hash slot as the log, so that both are on one node of a cluster.
 */
final class RecordKey {

    private RecordKey() {}

    static String of(String log, String key, String idempotencyKey) {
        int open = key.indexOf('{');
        int close = key.indexOf('}', open + 1);
        if (open >= 0 && close > open + 1) {
            return key + ":once:"
                    + idempotencyKey; // the key has a hash tag, which determines the slot of the whole text
        }
        if (open >= 0 || close >= 0) {
            throw new IllegalArgumentException("Log '" + log + "' cannot have idempotent adds: its key '" + key
                    + "' has a brace but no {hash tag}, so no other key can share its cluster slot."
                    + " Choose a name without braces, or with a hash tag.");
        }
        return key + ":once:{" + key + "}:" + idempotencyKey;
    }
}
