package dev.eventlog.convert;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** Limits warnings to one a minute for each log. Thread-safe. */
final class RareWarnings {

    private static final long INTERVAL = TimeUnit.MINUTES.toNanos(1);

    private final LongSupplier nanoTime;
    private final Map<String, Long> warned = new LinkedHashMap<>(); // guarded by this; oldest first

    RareWarnings(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    synchronized boolean isDue(String log) {
        long now = nanoTime.getAsLong();
        Iterator<Long> times = warned.values().iterator();
        while (times.hasNext() && now - times.next() >= INTERVAL) {
            times.remove();
        }
        return warned.putIfAbsent(log, now) == null;
    }
}
