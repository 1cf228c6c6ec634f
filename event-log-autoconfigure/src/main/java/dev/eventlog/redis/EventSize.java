package dev.eventlog.redis;

import dev.eventlog.Event;
import java.util.List;
import java.util.Map;

/** The approximate size of events: in bytes on the wire, or in characters after decoding. */
public final class EventSize {

    /** The maximum size of a small event. Sending three such events again costs little. */
    static final int SMALL = 1_000;

    private EventSize() {}

    /**
     * {@return the size of an event}
     *
     * @param event the event
     */
    public static long of(Event event) {
        long size = 0;
        for (Map.Entry<String, String> field : event.fields().entrySet()) {
            size += field.getKey().length() + (long) field.getValue().length();
        }
        return size;
    }

    /**
     * {@return whether events are small; true if there are none yet}
     *
     * @param events the events
     */
    public static boolean areSmall(List<Event> events) {
        return areSmall(events.size(), events.stream().mapToLong(EventSize::of).sum());
    }

    static boolean areSmall(int events, long bytes) {
        return bytes <= (long) SMALL * events;
    }
}
