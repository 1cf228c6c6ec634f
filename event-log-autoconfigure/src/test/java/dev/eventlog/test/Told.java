package dev.eventlog.test;

import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.Gap;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The calls of a listener as one sequence: the numbers of the events of {@link LogTests#event}, and the gaps between
 * them. As text, for example, {@code 1..5, REMOVED, 9..60}.
 */
public final class Told {

    private final List<Object> sequence;

    private Told(List<Object> sequence) {
        this.sequence = sequence;
    }

    /**
     * Reads the calls of a listener, and checks what holds for every listener: each gap is between the two events that
     * it names, no two gaps are adjacent, callbacks never overlap, and nothing failed.
     *
     * @param listener the listener
     * @return the sequence of its calls
     */
    public static Told to(Collected<Event> listener) {
        List<Object> sequence = new ArrayList<>();
        EventId last = null;
        Gap gap = null;
        for (Object call : listener.calls()) {
            if (call instanceof Gap next) {
                assertThat(gap).as("adjacent gaps: %s", next).isNull();
                gap = next;
                sequence.add(next);
            } else if (call instanceof Collected.Batch<?> batch) {
                for (Object each : batch.events()) {
                    Event event = (Event) each;
                    assertPlace(gap, last, event.id());
                    gap = null;
                    last = event.id();
                    sequence.add(Integer.valueOf(event.fields().getOrDefault("n", "-1")));
                }
            }
        }
        assertThat(listener.failure()).isNull();
        assertThat(listener.overlapped()).isFalse();
        return new Told(sequence);
    }

    private static void assertPlace(@Nullable Gap gap, @Nullable EventId before, EventId after) {
        if (gap != null) {
            assertThat(gap.firstAvailable()).as("what comes after %s", gap).isEqualTo(after);
            if (before != null) {
                assertThat(gap.lastSeen()).as("what came before %s", gap).isEqualTo(before);
            }
        }
    }

    /**
     * Returns whether a listener has received an event.
     *
     * @param listener the listener
     * @param number the number of an event
     * @return whether the listener received the event
     */
    public static boolean has(Collected<Event> listener, int number) {
        return LogTests.numbers(listener.all()).contains(number);
    }

    /**
     * Waits for an event.
     *
     * @param listener the listener that is to get it
     * @param number its number
     */
    public static void awaitLast(Collected<Event> listener, int number) {
        LogTests.await()
                .untilAsserted(() -> assertThat(LogTests.numbers(listener.all()))
                        .as(() -> "not yet in " + to(listener))
                        .contains(number));
    }

    /**
     * Checks the whole sequence.
     *
     * @param alternatives the allowed sequences, in the form of {@link #toString()}
     * @return this
     */
    public Told assertIs(String... alternatives) {
        assertThat(toString()).isIn(Arrays.asList(alternatives));
        return this;
    }

    /**
     * Checks that the number of each gap is exact or absent.
     *
     * @param missed the number of missed events for each gap; -1 if no number can be right
     */
    public void assertMissed(long... missed) {
        List<Gap> gaps = gaps();
        assertThat(gaps).as(toString()).hasSize(missed.length);
        for (int i = 0; i < missed.length; i++) {
            assertThat(gaps.get(i).missed())
                    .as("the number of %s", gaps.get(i))
                    .isIn(OptionalLong.empty(), missed[i] < 0 ? OptionalLong.empty() : OptionalLong.of(missed[i]));
        }
    }

    /**
     * Checks that each event in a range of numbers came once and in order, or that a gap in its place reports it as
     * removed. The number of a gap is exact or absent, and does not count retracted events. A gap without missing
     * events is an error.
     *
     * @param first the first event that the follower requested
     * @param last the last event of the log
     */
    public void assertWhole(int first, int last) {
        assertWhole(first, last, Set.of(), Set.of(), false);
    }

    /**
     * Does the same as {@link #assertWhole(int, int)} if events were retracted.
     *
     * @param first the first event that the follower requested
     * @param last the last event of the log
     * @param before the events that were retracted before the start, which must not be delivered
     * @param since the events that were retracted after the start, which may have been delivered
     * @param unsure whether Redis may be unable to prove that nothing is missing, so that a gap without a number is allowed
     */
    public void assertWhole(int first, int last, Set<Integer> before, Set<Integer> since, boolean unsure) {
        int next = first;
        Gap gap = null;
        for (Object each : sequence) {
            if (each instanceof Gap told) {
                gap = told;
                continue;
            }
            int number = (Integer) each;
            assertThat(number).as("%d after %d in %s", number, next - 1, this).isGreaterThanOrEqualTo(next);
            assertThat(before)
                    .as("retracted before the start, but delivered in %s", this)
                    .doesNotContain(number);
            List<Integer> lost = LogTests.range(next, number).stream()
                    .filter(missing -> !before.contains(missing) && !since.contains(missing))
                    .toList();
            assertGap(gap, lost, unsure);
            gap = null;
            next = number + 1;
        }
        assertThat(next).as("the end of %s", this).isEqualTo(last + 1);
    }

    private void assertGap(@Nullable Gap gap, List<Integer> lost, boolean unsure) {
        if (!lost.isEmpty()) {
            assertThat(gap).as("no gap for %s in %s", lost, this).isNotNull();
        }
        if (gap != null) {
            assertThat(gap.kind()).as("%s", this).isEqualTo(Gap.Kind.REMOVED);
            assertThat(!lost.isEmpty() || (unsure && gap.missed().isEmpty()))
                    .as("%s stands for nothing in %s", gap, this)
                    .isTrue();
            assertThat(gap.missed().orElse(lost.size()))
                    .as("the number of %s, for %s in %s", gap, lost, this)
                    .isEqualTo(lost.size());
        }
    }

    /** {@return the gaps, in order} */
    public List<Gap> gaps() {
        return sequence.stream()
                .filter(Gap.class::isInstance)
                .map(Gap.class::cast)
                .toList();
    }

    /** {@return the numbers of the events and the gaps, in order} */
    public List<Object> sequence() {
        return List.copyOf(sequence);
    }

    @Override
    public String toString() {
        List<int[]> runs = new ArrayList<>();
        List<String> text = new ArrayList<>();
        for (Object each : sequence) {
            if (each instanceof Gap gap) {
                drain(runs, text);
                text.add(gap.kind().name());
            } else {
                int number = (Integer) each;
                if (!runs.isEmpty() && runs.get(runs.size() - 1)[1] + 1 == number) {
                    runs.get(runs.size() - 1)[1] = number;
                } else {
                    runs.add(new int[] {number, number});
                }
            }
        }
        drain(runs, text);
        return String.join(", ", text);
    }

    private static void drain(List<int[]> runs, List<String> text) {
        text.addAll(runs.stream()
                .map(run -> run[0] == run[1] ? Integer.toString(run[0]) : run[0] + ".." + run[1])
                .collect(Collectors.toList()));
        runs.clear();
    }
}
