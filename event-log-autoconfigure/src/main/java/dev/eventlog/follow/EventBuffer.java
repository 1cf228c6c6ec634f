package dev.eventlog.follow;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A bounded buffer of events in the order of their ids. It allocates memory as it fills. Not thread-safe. */
final class EventBuffer {

    private static final int LEAST = 2;

    private static final @Nullable Event[] NO_SLOTS = new Event[0];

    /** Has no room for events. */
    static final EventBuffer NONE = new EventBuffer(0);

    private final int capacity;
    private @Nullable Event[] slots = NO_SLOTS;
    private int head;
    private int size;

    EventBuffer(int capacity) {
        this.capacity = capacity;
    }

    int capacity() {
        return capacity;
    }

    int size() {
        return size;
    }

    boolean isFull() {
        return size == capacity;
    }

    void add(Event event) {
        if (size == slots.length) {
            @Nullable Event[] larger = new Event[Math.min(capacity, Math.max(LEAST, 2 * size))];
            for (int i = 0; i < size; i++) {
                larger[i] = at(i);
            }
            slots = larger;
            head = 0;
        }
        slots[(head + size++) % slots.length] = event;
    }

    Event removeOldest() {
        Event oldest = at(0);
        slots[head] = null;
        head = (head + 1) % slots.length;
        size--;
        return oldest;
    }

    Event at(int index) {
        Event event = slots[(head + index) % slots.length];
        if (event == null) {
            throw new IllegalStateException("No event at " + index + " of " + size);
        }
        return event;
    }

    /** {@return the index of the first event after an id} */
    int indexAfter(EventId id) {
        int low = 0;
        int high = size;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (at(middle).id().isAfter(id)) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return low;
    }

    List<Event> from(int from, int to) {
        List<Event> events = new ArrayList<>(to - from);
        for (int i = from; i < to; i++) {
            events.add(at(i));
        }
        return events;
    }
}
