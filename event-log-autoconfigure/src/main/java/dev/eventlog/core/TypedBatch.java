package dev.eventlog.core;

import dev.eventlog.Event;
import dev.eventlog.EventConversionException;
import dev.eventlog.TypedEvent;
import dev.eventlog.convert.EventBinding;
import dev.eventlog.follow.PartlyReadableException;
import java.util.ArrayList;
import java.util.List;

/** Converts the batches of followers. */
final class TypedBatch {

    private TypedBatch() {}

    /**
     * Converts a batch.
     *
     * @return the events with their values, without those that are left out
     * @throws EventConversionException if the first event does not fit, and the rule is to fail
     * @throws PartlyReadableException if a later event does not fit
     */
    static <T> List<TypedEvent<T>> read(EventBinding<T> binding, List<Event> batch) {
        List<TypedEvent<T>> events = new ArrayList<>(batch.size());
        for (int i = 0; i < batch.size(); i++) {
            try {
                if (i > 0 && binding.isStrict()) {
                    events.add(binding.bind(batch.get(i))); // if it does not fit, it comes again alone, and counts then
                } else {
                    binding.read(batch.get(i)).ifPresent(events::add);
                }
            } catch (EventConversionException unfit) {
                throw i == 0 ? unfit : new PartlyReadableException(i, unfit);
            }
        }
        return List.copyOf(events);
    }
}
