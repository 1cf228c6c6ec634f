package dev.eventlog.observability;

import io.micrometer.common.KeyValues;
import io.micrometer.observation.Observation.Context;
import io.micrometer.observation.ObservationConvention;

/**
 * How {@link EventLogObservation#ADD} is named, and with what keys. A bean of this type replaces the library's, which is this
 * interface as it is.
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
