package dev.eventlog.follow;

import static dev.eventlog.follow.FollowerState.BACKING_OFF_COMMIT;
import static dev.eventlog.follow.FollowerState.BACKING_OFF_LEASE;
import static dev.eventlog.follow.FollowerState.BACKING_OFF_LISTENER;
import static dev.eventlog.follow.FollowerState.BACKING_OFF_REDIS;
import static dev.eventlog.follow.FollowerState.BACKING_OFF_THREAD;
import static dev.eventlog.follow.FollowerState.CLOSING;
import static dev.eventlog.follow.FollowerState.ENDED;
import static dev.eventlog.follow.FollowerState.IDLE;
import static dev.eventlog.follow.FollowerState.RUNNING;
import static dev.eventlog.follow.FollowerState.RUNNING_AGAIN;
import static dev.eventlog.follow.FollowerState.RUNNING_ANEW;
import static dev.eventlog.follow.FollowerState.SCHEDULED;
import static java.util.Map.entry;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.follow.FollowerState.Signal;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class FollowerStateTests {

    private static final Map<Signal, FollowerState> FROM_RUNNING = Map.of(
            Signal.SHARE_USED, SCHEDULED,
            Signal.LISTENER, BACKING_OFF_LISTENER,
            Signal.REDIS, BACKING_OFF_REDIS,
            Signal.COMMIT, BACKING_OFF_COMMIT,
            Signal.LEASE, BACKING_OFF_LEASE,
            Signal.END, CLOSING);

    private static final Map<Signal, FollowerState> FROM_BACKING_OFF =
            Map.of(Signal.TIME, SCHEDULED, Signal.END, CLOSING);

    /** The table in the Javadoc: the signals that change a state. All other signals leave it unchanged. */
    private static final Map<FollowerState, Map<Signal, FollowerState>> TABLE = Map.ofEntries(
            entry(IDLE, Map.of(Signal.WAKE, SCHEDULED, Signal.AGAIN, SCHEDULED, Signal.END, CLOSING)),
            entry(SCHEDULED, Map.of(Signal.THREAD, RUNNING, Signal.REJECTED, BACKING_OFF_THREAD, Signal.END, CLOSING)),
            entry(
                    RUNNING,
                    and(
                            FROM_RUNNING,
                            Map.of(Signal.WAKE, RUNNING_AGAIN, Signal.AGAIN, RUNNING_ANEW, Signal.NOTHING_DUE, IDLE))),
            entry(RUNNING_AGAIN, and(FROM_RUNNING, Map.of(Signal.AGAIN, RUNNING_ANEW, Signal.NOTHING_DUE, RUNNING))),
            entry(RUNNING_ANEW, and(FROM_RUNNING, Map.of(Signal.REDIS, SCHEDULED, Signal.NOTHING_DUE, RUNNING))),
            entry(BACKING_OFF_LISTENER, FROM_BACKING_OFF),
            entry(BACKING_OFF_REDIS, and(FROM_BACKING_OFF, Map.of(Signal.AGAIN, SCHEDULED))),
            entry(BACKING_OFF_COMMIT, FROM_BACKING_OFF),
            entry(BACKING_OFF_LEASE, FROM_BACKING_OFF),
            entry(BACKING_OFF_THREAD, FROM_BACKING_OFF),
            entry(CLOSING, Map.of(Signal.RETURNED, ENDED)),
            entry(ENDED, Map.of()));

    private static Map<Signal, FollowerState> and(Map<Signal, FollowerState> some, Map<Signal, FollowerState> others) {
        Map<Signal, FollowerState> both = new EnumMap<>(some);
        both.putAll(others);
        return both;
    }

    @ParameterizedTest
    @EnumSource
    void eachSignalLeadsToTheStateInTheTable(FollowerState state) {
        Map<Signal, FollowerState> expected = new EnumMap<>(Signal.class);
        Map<Signal, FollowerState> actual = new EnumMap<>(Signal.class);
        for (Signal signal : Signal.values()) {
            expected.put(signal, requireNonNull(TABLE.get(state)).getOrDefault(signal, state));
            actual.put(signal, state.on(signal));
        }
        assertThat(actual).isEqualTo(expected);
    }

    @Test
    void onlyRunningStatesHaveAThread() {
        assertThat(EnumSet.allOf(FollowerState.class).stream().filter(FollowerState::isRunning))
                .containsExactly(RUNNING, RUNNING_AGAIN, RUNNING_ANEW);
    }

    @Test
    void everyWaitEndsInTime() {
        assertThat(EnumSet.allOf(FollowerState.class).stream().filter(FollowerState::isBackingOff))
                .containsExactly(
                        BACKING_OFF_LISTENER,
                        BACKING_OFF_REDIS,
                        BACKING_OFF_COMMIT,
                        BACKING_OFF_LEASE,
                        BACKING_OFF_THREAD)
                .allMatch(state -> state.on(Signal.TIME) == SCHEDULED);
    }

    @Test
    void endedStateIsFinal() {
        assertThat(EnumSet.allOf(FollowerState.class).stream().filter(FollowerState::isOver))
                .containsExactly(CLOSING, ENDED)
                .allSatisfy(state -> {
                    for (Signal signal : Signal.values()) {
                        assertThat(state.on(signal).isOver()).isTrue();
                    }
                });
    }
}
