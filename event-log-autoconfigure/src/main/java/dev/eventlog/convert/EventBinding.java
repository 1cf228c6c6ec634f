package dev.eventlog.convert;

import dev.eventlog.Event;
import dev.eventlog.EventConversionException;
import dev.eventlog.EventUpcaster;
import dev.eventlog.TypedEvent;
import dev.eventlog.UnreadableEventHandler;
import dev.eventlog.UnreadableEvents;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Converts the stored events of one log to typed events, and applies the rule for events that do not fit the type. No
 * other class does this. Thread-safe.
 *
 * @param <T> the type
 */
public final class EventBinding<T> {

    private static final Log logger = LogFactory.getLog(EventBinding.class);

    private final EventBindings shared;
    private final String log;
    private final Class<T> type;
    private final TypedFields<T> fields;
    private final UnreadableEvents rule;
    private final @Nullable UnreadableEventHandler handler;

    EventBinding(
            EventBindings shared,
            String log,
            Class<T> type,
            TypedFields<T> fields,
            UnreadableEvents rule,
            @Nullable UnreadableEventHandler handler) {
        this.shared = shared;
        this.log = log;
        this.type = type;
        this.fields = fields;
        this.rule = rule;
        this.handler = handler;
    }

    /** {@return the type} */
    public Class<T> type() {
        return type;
    }

    /** {@return the conversion of values to fields} */
    public TypedFields<T> fields() {
        return fields;
    }

    /**
     * Converts an event, without applying the rule.
     *
     * @param event the event as stored
     * @return the event with its value
     * @throws EventConversionException if it does not fit the type
     */
    public TypedEvent<T> bind(Event event) {
        try {
            return new TypedEvent<>(event.id(), fields.fromFields(upcast(event.fields())));
        } catch (RuntimeException failure) {
            throw new EventConversionException(log, event, type, failure);
        }
    }

    private Map<String, String> upcast(Map<String, String> stored) {
        Map<String, String> now = stored;
        for (EventUpcaster upcaster : shared.upcasters()) {
            now = Collections.unmodifiableMap(Objects.requireNonNull(
                    upcaster.upcast(log, type, now),
                    () -> "The upcaster " + upcaster.getClass().getName() + " returned null"));
        }
        return now;
    }

    /** {@return whether the rule is to fail} */
    public boolean isStrict() {
        return rule == UnreadableEvents.FAIL;
    }

    /**
     * Converts an event by the rule of the log.
     *
     * @param event the event as stored
     * @return the event with its value; empty if it does not fit the type and is left out
     * @throws EventConversionException if it does not fit the type, and the rule is to fail
     */
    public Optional<TypedEvent<T>> read(Event event) {
        try {
            return Optional.of(bind(event));
        } catch (EventConversionException unfit) {
            shared.isUnreadable(unfit);
            if (rule == UnreadableEvents.FAIL) {
                throw unfit;
            }
            if (shared.isWarningDue(log)) {
                warn(event, unfit);
            }
            if (rule == UnreadableEvents.HAND_OVER) {
                Objects.requireNonNull(handler).handle(event, unfit);
            }
            return Optional.empty();
        }
    }

    /** Does not log the fields, which may be large or confidential. */
    private void warn(Event event, EventConversionException unfit) {
        logger.warn("Event " + event.id() + " of log '" + log + "' does not fit " + type.getName() + " and is "
                + (rule == UnreadableEvents.SKIP ? "skipped" : "handed over")
                + ", as eventlog.unreadable-events or the options of the log say. Further such events of"
                + " this log are counted, but not logged for one minute");
        logger.debug("Why event " + event.id() + " of log '" + log + "' does not fit", unfit);
    }

    /**
     * Converts events by the rule of the log.
     *
     * @param events the events as stored
     * @return the events with their values, without those that are left out; unmodifiable
     * @throws EventConversionException if one of them does not fit the type, and the rule is to fail
     */
    public List<TypedEvent<T>> readAll(List<Event> events) {
        return events.stream().map(this::read).flatMap(Optional::stream).toList();
    }
}
