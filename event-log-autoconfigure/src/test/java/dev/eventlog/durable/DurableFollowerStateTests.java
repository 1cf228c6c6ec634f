package dev.eventlog.durable;

import static dev.eventlog.durable.DurableFollowerState.ENDED;
import static dev.eventlog.durable.DurableFollowerState.FOLLOWING;
import static dev.eventlog.durable.DurableFollowerState.LEAVING;
import static dev.eventlog.durable.DurableFollowerState.RELEASING;
import static dev.eventlog.durable.DurableFollowerState.RELEASING_AGAIN;
import static dev.eventlog.durable.DurableFollowerState.RELEASING_FOR_GOOD;
import static dev.eventlog.durable.DurableFollowerState.RESUMING;
import static dev.eventlog.durable.DurableFollowerState.RESUMING_LATER;
import static dev.eventlog.durable.DurableFollowerState.WAITING;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.durable.DurableFollowerState.Signal;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class DurableFollowerStateTests {

    /** The table in the Javadoc: the signals that change a state. All other signals leave it unchanged. */
    private static final Map<DurableFollowerState, Map<Signal, DurableFollowerState>> TABLE = Map.of(
            WAITING,
            Map.of(Signal.GRANTED, RESUMING, Signal.END, LEAVING),
            RESUMING,
            Map.of(
                    Signal.BEGUN,
                    FOLLOWING,
                    Signal.AWAY,
                    RESUMING_LATER,
                    Signal.REVOKED,
                    RELEASING,
                    Signal.END,
                    RELEASING_FOR_GOOD),
            RESUMING_LATER,
            Map.of(Signal.TIME, RESUMING, Signal.REVOKED, WAITING, Signal.END, LEAVING),
            FOLLOWING,
            Map.of(Signal.STOPPED, RESUMING, Signal.REVOKED, RELEASING, Signal.END, RELEASING_FOR_GOOD),
            RELEASING,
            Map.of(Signal.STOPPED, WAITING, Signal.GRANTED, RELEASING_AGAIN, Signal.END, RELEASING_FOR_GOOD),
            RELEASING_AGAIN,
            Map.of(Signal.STOPPED, RESUMING, Signal.REVOKED, RELEASING, Signal.END, RELEASING_FOR_GOOD),
            RELEASING_FOR_GOOD,
            Map.of(Signal.STOPPED, LEAVING),
            LEAVING,
            Map.of(Signal.LEFT, ENDED),
            ENDED,
            Map.of());

    @ParameterizedTest
    @EnumSource
    void eachSignalLeadsToTheStateInTheTable(DurableFollowerState state) {
        Map<Signal, DurableFollowerState> expected = new EnumMap<>(Signal.class);
        Map<Signal, DurableFollowerState> actual = new EnumMap<>(Signal.class);
        for (Signal signal : Signal.values()) {
            expected.put(signal, requireNonNull(TABLE.get(state)).getOrDefault(signal, state));
            actual.put(signal, state.on(signal));
        }
        assertThat(actual).isEqualTo(expected);
    }

    @Test
    void nothingIsDeliveredWithoutTheLeaseOrAfterTheEnd() {
        assertThat(EnumSet.allOf(DurableFollowerState.class).stream().filter(DurableFollowerState::mayDeliver))
                .containsExactly(RESUMING, FOLLOWING);
    }

    @Test
    void endedStateIsFinal() {
        for (DurableFollowerState state : EnumSet.of(RELEASING_FOR_GOOD, LEAVING, ENDED)) {
            for (Signal signal : Signal.values()) {
                assertThat(state.on(signal).isOver())
                        .as("%s, %s", state, signal)
                        .isTrue();
            }
        }
    }
}
