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
 * Holds what a listener was told against the log as it stands in the end: each event in order, or a gap told. What the log
 * still holds is no gap, also if it began again. For where Redis itself may lose events; elsewhere two lists are to be equal.
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
     * Checks all that a listener was told.
     *
     * @param who whose listener it is
     * @param listener the listener
     * @param inTheEnd the events after its start that the log holds in the end
     * @param repeats how many events it may have got twice, after it was told that the log began again
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
