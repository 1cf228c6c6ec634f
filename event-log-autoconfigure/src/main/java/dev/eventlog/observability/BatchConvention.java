package dev.eventlog.observability;

import io.micrometer.common.KeyValues;
import io.micrometer.observation.Observation.Context;
import io.micrometer.observation.ObservationConvention;

/**
 * Sets the name and the keys of {@link EventLogObservation#BATCH}. A bean of this type replaces the one of the library,
 * which uses the default methods of this interface.
 */
public interface BatchConvention extends ObservationConvention<BatchContext> {

    @Override
    default String getName() {
        return "eventlog.batch";
    }

    @Override
    default String getContextualName(BatchContext context) {
        return "eventlog batch";
    }

    @Override
    default KeyValues getLowCardinalityKeyValues(BatchContext context) {
        return Keys.low(context.logPattern());
    }

    @Override
    default KeyValues getHighCardinalityKeyValues(BatchContext context) {
        return Keys.high(context.log(), context.ids().size(), context.ids());
    }

    @Override
    default boolean supportsContext(Context context) {
        return context instanceof BatchContext;
    }
}
