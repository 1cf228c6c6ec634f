package dev.eventlog.durable;

import static dev.eventlog.durable.MemberState.BEGINNING;
import static dev.eventlog.durable.MemberState.FOLLOWED;
import static dev.eventlog.durable.MemberState.LEAVING;
import static dev.eventlog.durable.MemberState.OUT;
import static dev.eventlog.durable.MemberState.RETURNING;
import static dev.eventlog.durable.MemberState.WANTED;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.durable.MemberState.Signal;
import java.util.EnumMap;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class MemberStateTests {

    /** The table in the Javadoc: the signals that change a state. All other signals leave it unchanged. */
    private static final Map<MemberState, Map<Signal, MemberState>> TABLE = Map.of(
            WANTED,
            Map.of(Signal.BEGIN, BEGINNING, Signal.REMOVE, LEAVING),
            BEGINNING,
            Map.of(Signal.BEGUN, FOLLOWED, Signal.AWAY, WANTED, Signal.STOPPED, WANTED, Signal.REMOVE, LEAVING),
            FOLLOWED,
            Map.of(Signal.STOPPED, WANTED, Signal.REMOVE, LEAVING),
            LEAVING,
            Map.of(Signal.ADD, RETURNING, Signal.LEFT, OUT),
            RETURNING,
            Map.of(Signal.REMOVE, LEAVING, Signal.LEFT, WANTED),
            OUT,
            Map.of(Signal.ADD, WANTED));

    @ParameterizedTest
    @EnumSource
    void eachSignalLeadsToTheStateInTheTable(MemberState state) {
        Map<Signal, MemberState> expected = new EnumMap<>(Signal.class);
        Map<Signal, MemberState> actual = new EnumMap<>(Signal.class);
        for (Signal signal : Signal.values()) {
            expected.put(signal, requireNonNull(TABLE.get(state)).getOrDefault(signal, state));
            actual.put(signal, state.on(signal));
        }
        assertThat(actual).isEqualTo(expected);
    }
}
