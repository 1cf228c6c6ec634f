package dev.eventlog.convert;

import dev.eventlog.EventConversionException;
import dev.eventlog.EventLogOptions;
import dev.eventlog.EventUpcaster;
import dev.eventlog.UnreadableEventHandler;
import dev.eventlog.UnreadableEvents;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What the typed logs of an application have in common when they read events. Thread-safe. */
public final class EventBindings {

    private final EventFields fields;
    private final List<EventUpcaster> upcasters;
    private final @Nullable UnreadableEventHandler handler;
    private final Consumer<EventConversionException> unreadable;
    private final RareWarnings warnings = new RareWarnings(System::nanoTime);

    /**
     * Creates what the logs have in common.
     *
     * @param fields converts fields
     * @param upcasters change the fields of each event first, in this order
     * @param handler gets the events of logs that hand them over and have no handler of their own; null for none
     * @param unreadable is told of each event that does not fit its type
     */
    public EventBindings(
            EventFields fields,
            List<EventUpcaster> upcasters,
            @Nullable UnreadableEventHandler handler,
            Consumer<EventConversionException> unreadable) {
        this.fields = fields;
        this.upcasters = List.copyOf(upcasters);
        this.handler = handler;
        this.unreadable = unreadable;
    }

    /**
     * Returns how the events of a log are read.
     *
     * @param log the name of the log
     * @param type the type of its events
     * @param options say what happens to an event that does not fit the type
     * @param <T> that type
     * @return how they are read
     * @throws IllegalArgumentException if values of this type cannot be stored, or if events are to be handed over and
     *     nobody takes them
     */
    public <T> EventBinding<T> of(String log, Class<T> type, EventLogOptions options) {
        UnreadableEventHandler own = options.unreadableEventHandler();
        UnreadableEventHandler taker = own != null ? own : handler;
        if (options.unreadableEvents() == UnreadableEvents.HAND_OVER && taker == null) {
            throw new IllegalArgumentException("Log '" + log + "' hands over events that do not fit "
                    + type.getName()
                    + ", but nobody takes them: declare a bean of type UnreadableEventHandler, or pass a"
                    + " function to the option unreadableEvents");
        }
        return new EventBinding<>(this, log, type, fields.typed(type), options.unreadableEvents(), taker);
    }

    List<EventUpcaster> upcasters() {
        return upcasters;
    }

    void isUnreadable(EventConversionException failure) {
        unreadable.accept(failure);
    }

    boolean isWarningDue(String log) {
        return warnings.isDue(log);
    }
}
