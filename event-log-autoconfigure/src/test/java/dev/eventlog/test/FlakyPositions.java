package dev.eventlog.test;

import dev.eventlog.EventId;
import dev.eventlog.EventPositions;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Positions that can be unavailable. */
public final class FlakyPositions implements EventPositions {

    /** The number of positions that could not be stored. */
    public final AtomicInteger refused = new AtomicInteger();

    /** Whether positions cannot be stored. */
    public volatile boolean away;

    private @Nullable EventId stored;

    @Override
    public synchronized Optional<EventId> load(String name, String log) {
        return Optional.ofNullable(stored);
    }

    @Override
    public synchronized boolean store(String name, String log, @Nullable EventId before, EventId position) {
        if (away) {
            refused.incrementAndGet();
            throw new IllegalStateException("away");
        }
        if (!Objects.equals(stored, before)) {
            return false;
        }
        stored = position;
        return true;
    }
}
