package dev.eventlog.testing.memory;

import dev.eventlog.testing.memory.Reply.Failure;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * All keys and their values: {@code String}, {@code Map} for a hash, {@link Scores} for a sorted set,
 * {@link StreamValue} for a stream. One command at a time holds the lock. Callers of all methods except {@link #locked}
 * must hold it.
 */
final class Keyspace {

    /** A sorted set. */
    static final class Scores extends HashMap<String, Double> {
        private static final long serialVersionUID = 1;
    }

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition change = lock.newCondition();
    private final TreeMap<String, Object> values = new TreeMap<>();
    private final Map<String, Long> expiries = new HashMap<>();
    private final Consumer<@Nullable String> changes;
    private String replicationId = newReplicationId();

    /** Creates a keyspace that reports each changed key to a consumer, or null for all keys. */
    Keyspace(Consumer<@Nullable String> changes) {
        this.changes = changes;
    }

    private static String newReplicationId() {
        byte[] id = new byte[20];
        new SecureRandom().nextBytes(id);
        return HexFormat.of().formatHex(id);
    }

    <T extends @Nullable Object> T locked(Supplier<T> work) {
        lock.lock();
        try {
            return work.get();
        } finally {
            lock.unlock();
        }
    }

    /** {@return whether there was a change in time} Other commands run in the meantime. */
    @SuppressWarnings("WaitNotInLoop") // the caller checks whether this is the change that it waits for
    boolean awaitChange(Duration atMost) {
        try {
            return change.await(atMost.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException closed) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    void wakeAll() {
        change.signalAll();
    }

    long now() {
        return System.currentTimeMillis();
    }

    String replicationId() {
        return replicationId;
    }

    void becomeAnotherServer() {
        replicationId = newReplicationId();
    }

    void changed(String key) {
        changes.accept(key);
        change.signalAll();
    }

    Set<String> keys() {
        removeExpired();
        return new TreeSet<>(values.keySet());
    }

    void removeExpired() {
        long now = now();
        List<String> due = new ArrayList<>();
        expiries.forEach((key, at) -> {
            if (at <= now) {
                due.add(key);
            }
        });
        due.forEach(this::remove);
    }

    @Nullable
    Object value(String key) {
        Long expiry = expiries.get(key);
        if (expiry != null && expiry <= now()) {
            remove(key);
        }
        return values.get(key);
    }

    <T> @Nullable T value(String key, Class<T> type) {
        Object value = value(key);
        if (value != null && !type.isInstance(value)) {
            throw new Failure("WRONGTYPE Operation against a key holding the wrong kind of value");
        }
        return type.cast(value);
    }

    <T> T valueOrNew(String key, Class<T> type, Function<String, T> creation) {
        T value = value(key, type);
        if (value == null) {
            value = creation.apply(key);
            values.put(key, value);
        }
        return value;
    }

    /** Sets a value, and removes the expiry of its key. */
    void put(String key, Object value) {
        values.put(key, value);
        expiries.remove(key);
        changed(key);
    }

    boolean remove(String key) {
        expiries.remove(key);
        boolean was = values.remove(key) != null;
        if (was) {
            changed(key);
        }
        return was;
    }

    void clear() {
        values.clear();
        expiries.clear();
        changes.accept(null);
        change.signalAll();
    }

    @Nullable
    Long expiry(String key) {
        return expiries.get(key);
    }

    void expireAt(String key, @Nullable Long at) {
        if (at == null) {
            expiries.remove(key);
        } else if (at <= now()) {
            remove(key);
        } else {
            expiries.put(key, at);
        }
    }
}
