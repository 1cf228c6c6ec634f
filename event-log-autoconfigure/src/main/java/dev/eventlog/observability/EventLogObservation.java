package dev.eventlog.observability;

import io.micrometer.common.docs.KeyName;
import io.micrometer.observation.Observation.Context;
import io.micrometer.observation.ObservationConvention;
import io.micrometer.observation.docs.ObservationDocumentation;

/** The observations of event logs. */
public enum EventLogObservation implements ObservationDocumentation {

    /** An add of one or more events. */
    ADD {
        @Override
        public Class<? extends ObservationConvention<? extends Context>> getDefaultConvention() {
            return AddConvention.class;
        }
    },

    /** A call of a listener with a batch. */
    BATCH {
        @Override
        public Class<? extends ObservationConvention<? extends Context>> getDefaultConvention() {
            return BatchConvention.class;
        }
    };

    @Override
    public KeyName[] getLowCardinalityKeyNames() {
        return Low.values();
    }

    @Override
    public KeyName[] getHighCardinalityKeyNames() {
        return High.values();
    }

    /** Low-cardinality keys. */
    public enum Low implements KeyName {

        /**
         * The first of {@code eventlog.observability.log-patterns} that matches the name of the log, or an asterisk.
         */
        LOG {
            @Override
            public String asString() {
                return "log";
            }
        }
    }

    /** High-cardinality keys. */
    public enum High implements KeyName {

        /** The name of the log. */
        NAME {
            @Override
            public String asString() {
                return "eventlog.name";
            }
        },

        /** The number of events. */
        EVENTS {
            @Override
            public String asString() {
                return "eventlog.events";
            }
        },

        /** The id of the first event; none if the add failed. */
        FIRST_ID {
            @Override
            public String asString() {
                return "eventlog.first.id";
            }
        },

        /** The id of the last event; none if the add failed. */
        LAST_ID {
            @Override
            public String asString() {
                return "eventlog.last.id";
            }
        }
    }
}
