package dev.eventlog.test;

import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.Gap;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Compares the calls of a listener with the final log: each event in order, or a gap. Events that are still in the log
 * are no gap, even if the log began again. Use it if Redis itself can lose events. Otherwise compare two lists.
 */
public final class Deliveries {

    private final NavigableMap<EventId, Event> inTheEnd = new TreeMap<>();
    private final Set<Event> delivered = new HashSet<>();
    private final Set<Event> excused = new HashSet<>();
    private final List<String> wrong = new ArrayList<>();
    private EventId cursor = EventId.MIN;
    private @Nullable Gap told;
    private int repeated;

    private Deliveries(List<Event> inTheEnd) {
        inTheEnd.forEach(event -> this.inTheEnd.put(event.id(), event));
    }

    /**
     * Checks all calls of a listener.
     *
     * @param who the name of the listener
     * @param listener the listener
     * @param inTheEnd the events of the log at the end, after the start of the listener
     * @param repeats the number of events that may come twice after the log began again
     */
    public static void assertComplete(String who, Collected<Event> listener, List<Event> inTheEnd, int repeats) {
        Deliveries deliveries = new Deliveries(inTheEnd);
        for (Object call : listener.calls()) {
            if (call instanceof Gap gap) {
                deliveries.told = gap;
            } else if (call instanceof Collected.Batch<?> batch) {
                batch.events().forEach(event -> deliveries.take((Event) event));
            }
        }
        String all = "%s: %d delivered, %d in the log, gaps: %s"
                .formatted(who, listener.count(), inTheEnd.size(), listener.gaps());
        assertThat(deliveries.wrong).as(all).isEmpty();
        assertThat(deliveries.leftOut()).as("left out of " + all).isEmpty();
        assertThat(deliveries.repeated).as("repeated of " + all).isLessThanOrEqualTo(repeats);
        assertThat(listener.failure()).isNull();
        assertThat(listener.overlapped()).isFalse();
    }

    private void take(Event event) {
        Gap gap = told;
        told = null;
        if (gap != null && !gap.firstAvailable().equals(event.id())) {
            wrong.add(gap + ", but it went on with " + event.id());
        }
        if (gap != null && gap.kind() == Gap.Kind.REMOVED) {
            excused.addAll(between(gap.lastSeen(), gap.firstAvailable()));
        }
        boolean beganAgain = gap != null && gap.kind() == Gap.Kind.BEGAN_AGAIN;
        if (!beganAgain && !event.id().isAfter(cursor)) {
            wrong.add(event.id() + " after " + cursor);
        }
        if (!delivered.add(event)) {
            repeated++;
        }
        cursor = event.id();
    }

    private Collection<Event> between(EventId after, EventId before) {
        return inTheEnd.subMap(after, false, before, false).values();
    }

    private List<Event> leftOut() {
        return inTheEnd.values().stream()
                .filter(event -> !delivered.contains(event) && !excused.contains(event))
                .toList();
    }
}
