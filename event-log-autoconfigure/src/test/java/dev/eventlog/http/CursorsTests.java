package dev.eventlog.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.EventId;
import dev.eventlog.Tail;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CursorsTests {

    private static final Instant NOW = Instant.parse("2024-10-09T00:01:05Z"); // in the fourth interval

    private static long next(@Nullable String given) {
        return Long.parseLong(Cursors.next(given, NOW, new Random(1)));
    }

    @Test
    void cursorIsTheNumberOfTheCurrentInterval() {
        assertThat(next(null)).isEqualTo(3);
        assertThat(next("2")).isEqualTo(3);
        assertThat(next("of another server")).isEqualTo(3);
    }

    @ParameterizedTest
    @ValueSource(longs = {3, 4, 1_000_000})
    void cursorAlwaysIncreases(long given) {
        assertThat(next(Long.toString(given))).isBetween(given + 1, given + 180);
    }

    @Test
    void offsetsSortAsTextLikeTheirIds() {
        List<EventId> ids = List.of(
                EventId.MIN,
                new EventId(9, 10),
                new EventId(10, 9),
                new EventId(1_700_000_000_000L, 0),
                new EventId(-1, 0),
                EventId.MAX);

        assertThat(ids.stream().map(Offsets::text)).isSorted().allMatch(text -> text.length() == 41);
        for (EventId id : ids) {
            assertThat(Offsets.tail(List.of(Offsets.text(id)))).isEqualTo(Tail.after(id));
        }
    }
}
