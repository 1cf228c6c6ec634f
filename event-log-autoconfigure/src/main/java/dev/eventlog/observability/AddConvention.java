package dev.eventlog.observability;

import io.micrometer.common.KeyValues;
import io.micrometer.observation.Observation.Context;
import io.micrometer.observation.ObservationConvention;

/**
 * Sets the name and the keys of {@link EventLogObservation#ADD}. A bean of this type replaces the one of the library,
 * which uses the default methods of this interface.
 */
public interface AddConvention extends ObservationConvention<AddContext> {

    @Override
    default String getName() {
        return "eventlog.add";
    }

    @Override
    default String getContextualName(AddContext context) {
        return "eventlog add";
    }

    @Override
    default KeyValues getLowCardinalityKeyValues(AddContext context) {
        return Keys.low(context.logPattern());
    }

    @Override
    default KeyValues getHighCardinalityKeyValues(AddContext context) {
        return Keys.high(context.log(), context.events(), context.ids());
    }

    @Override
    default boolean supportsContext(Context context) {
        return context instanceof AddContext;
    }
}
