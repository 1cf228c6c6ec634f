package dev.eventlog.convert;

import dev.eventlog.EventConversionException;
import dev.eventlog.EventLogOptions;
import dev.eventlog.EventUpcaster;
import dev.eventlog.UnreadableEventHandler;
import dev.eventlog.UnreadableEvents;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The settings that all typed logs of an application share when they read events. Thread-safe. */
public final class EventBindings {

    private final EventFields fields;
    private final List<EventUpcaster> upcasters;
    private final @Nullable UnreadableEventHandler handler;
    private final Consumer<EventConversionException> unreadable;
    private final RareWarnings warnings = new RareWarnings(System::nanoTime);

    /**
     * Creates the shared settings.
     *
     * @param fields converts fields
     * @param upcasters change the fields of each event first, in this order
     * @param handler receives the events of logs that hand them over and have no handler of their own; null for none
     * @param unreadable receives the exception for each event that does not fit its type
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
     * Returns the conversion of the events of a log.
     *
     * @param log the name of the log
     * @param type the type of its events
     * @param options the options with the rule for events that do not fit the type
     * @param <T> that type
     * @return the conversion
     * @throws IllegalArgumentException if values of this type cannot be stored, or if the rule is to hand over events
     *     and there is no handler
     */
    public <T> EventBinding<T> of(String log, Class<T> type, EventLogOptions options) {
        UnreadableEventHandler own = options.unreadableEventHandler();
        UnreadableEventHandler taker = own != null ? own : handler;
        if (options.unreadableEvents() == UnreadableEvents.HAND_OVER && taker == null) {
            throw new IllegalArgumentException("Log '" + log + "' hands over events that do not fit "
                    + type.getName()
                    + ", but there is no handler: declare a bean of type UnreadableEventHandler, or pass a"
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
