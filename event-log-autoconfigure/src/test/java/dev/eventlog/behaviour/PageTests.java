package dev.eventlog.behaviour;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.eventlog.AddOptions;
import dev.eventlog.Completion;
import dev.eventlog.Event;
import dev.eventlog.EventConversionException;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogCompletedException;
import dev.eventlog.EventLogException;
import dev.eventlog.Gap;
import dev.eventlog.Tail;
import dev.eventlog.TailPage;
import dev.eventlog.TypedEvent;
import dev.eventlog.TypedEventLog;
import dev.eventlog.test.Collected;
import dev.eventlog.test.LogTests;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/**
 * Reads logs page by page, logs that exist before their first event, and logs that are completed with several events.
 */
class PageTests extends LogTests {

    record Number(int n) {}

    @Test
    void logIsReadPageByPageToItsEnd() {
        EventLog log = newLog();
        log.addAll(events(0, 25));
        List<Integer> numbers = new ArrayList<>();

        TailPage<Event> page = log.page(Tail.all(), 10);
        numbers.addAll(numbers(page.events()));
        assertThat(page.atEnd()).isFalse();
        while (!page.atEnd()) {
            page = log.page(Tail.after(page.position()), 10);
            assertThat(page.gap()).isEmpty();
            numbers.addAll(numbers(page.events()));
        }

        assertThat(numbers).isEqualTo(range(0, 25));
        assertThat(page.completion()).isEmpty();
        TailPage<Event> nothing = log.page(Tail.after(page.position()), 10);
        assertThat(nothing).isEqualTo(log.page(Tail.newOnly(), 10));
        assertThat(nothing.position()).isEqualTo(page.position());
        assertThat(nothing.atEnd()).isTrue();
    }

    @Test
    void nextPageContinuesAfterThePage() {
        EventLog log = newLog();
        EventId id = log.addAll(events(0, 250)).get(0);
        // tag::pages[]
        TailPage<Event> page = log.page(Tail.after(id), 100);
        TailPage<Event> next = log.page(Tail.after(page.position()), 100);
        // end::pages[]
        assertThat(numbers(page.events())).isEqualTo(range(1, 101));
        assertThat(numbers(next.events())).isEqualTo(range(101, 201));
    }

    @Test
    void emptyPageHasThePositionOfTheEnd() {
        EventLog log = newLog();
        assertThat(log.page(Tail.all(), 10).exists()).isFalse();
        EventId last = log.addAll(events(0, 3)).get(2);

        TailPage<Event> end = log.page(Tail.newOnly(), 0);

        assertThat(end.exists()).isTrue();
        assertThat(end.events()).isEmpty();
        assertThat(end.position()).isEqualTo(last);
        assertThat(end.atEnd()).isTrue();
        assertThat(log.page(Tail.all(), 0).atEnd()).isFalse();
        assertThatIllegalArgumentException().isThrownBy(() -> log.page(Tail.all(), -1));
    }

    @Test
    void lastPageOfACompleteLogIsComplete() {
        EventLog log = newLog();
        List<EventId> ids = log.addAll(events(0, 12));
        log.cancel("enough");

        TailPage<Event> first = log.page(Tail.all(), 10);
        TailPage<Event> last = log.page(Tail.after(first.position()), 10);

        assertThat(first.completion()).contains(Completion.cancelled("enough"));
        assertThat(first.isLast()).isFalse();
        assertThat(numbers(last.events())).isEqualTo(range(10, 12));
        assertThat(last.isLast()).isTrue();
        assertThat(last.position()).isEqualTo(ids.get(11));
        TailPage<Event> again = log.page(Tail.after(last.position()), 10);
        assertThat(again.events()).isEmpty();
        assertThat(again.isLast()).isTrue();
        assertThat(again.position()).isEqualTo(ids.get(11));
        assertThat(log.page(Tail.newOnly(), 0).position()).isEqualTo(ids.get(11));
    }

    @Test
    void pageHasTheGapBeforeItsFirstEvent() {
        EventLog log = newLog();
        List<EventId> ids = log.addAll(events(0, 5));
        redis.opsForStream().trim(log.name(), 2, false);

        TailPage<Event> page = log.page(Tail.after(ids.get(0)), 10);

        Gap gap = page.gap().orElseThrow();
        assertThat(gap.kind()).isEqualTo(Gap.Kind.REMOVED);
        assertThat(gap.lastSeen()).isEqualTo(ids.get(0));
        assertThat(gap.firstAvailable()).isEqualTo(ids.get(3));
        assertThat(gap.missed()).isIn(OptionalLong.empty(), OptionalLong.of(2));
        assertThat(numbers(page.events())).isEqualTo(range(3, 5));
        assertThat(log.page(Tail.after(ids.get(3).previous()), 10).gap()).isEmpty();
        assertThat(log.page(Tail.all(), 10).gap())
                .as("no position to compare with")
                .isEmpty();
        TailPage<Event> ahead = log.page(Tail.after(ids.get(4).next()), 10);
        assertThat(ahead.gap().orElseThrow().kind()).isEqualTo(Gap.Kind.BEGAN_AGAIN);
        assertThat(ahead.gap().orElseThrow().firstAvailable()).isEqualTo(EventId.MAX);
        assertThat(ahead.position()).isEqualTo(ids.get(4));
    }

    @Test
    void pagesEndAtTheMaxLength() {
        EventLog log = newLog();
        log.addAll(events(0, 3_000));
        EventLog limited = factory.create(log.name(), options -> options.maxLength(2_500));

        TailPage<Event> page = limited.page(Tail.all(), 100);

        assertThat(numbers(page.events())).isEqualTo(range(500, 600));
        assertThat(page.gap()).isEmpty();
        assertThat(page.atEnd()).isFalse();
    }

    @Test
    void pagesOfATypedLogHaveValues() {
        TypedEventLog<Number> log = factory.create(newName(), Number.class);
        log.addAll(List.of(new Number(1), new Number(2)));

        TailPage<TypedEvent<Number>> page = log.page(Tail.all(), 10);

        assertThat(page.events()).extracting(TypedEvent::value).containsExactly(new Number(1), new Number(2));
        log.untyped().add(Map.of("n", "many"));
        assertThatExceptionOfType(EventConversionException.class).isThrownBy(() -> log.page(Tail.all(), 10));
    }

    @Test
    void logCanExistBeforeItsFirstEvent() {
        EventLog log = newLog(options -> options.ttlAfterLastAdd(Duration.ofHours(1)));
        Collected<Event> before = Collected.events();
        closeLater(log.follow(Tail.all(), before));

        assertThat(log.createIfAbsent()).isTrue();

        assertThat(log.createIfAbsent()).isFalse();
        assertThat(log.exists()).isTrue();
        assertThat(log.size()).isZero();
        assertThat(redis.getExpire(log.name())).isPositive();
        assertThat(log.page(Tail.all(), 10).position()).isEqualTo(EventId.MIN);
        assertThat(log.page(Tail.all(), 10).exists()).isTrue();
        assertThat(redis.opsForStream().groups(log.name())).isEmpty();
        Collected<Event> after = Collected.events();
        closeLater(log.follow(Tail.all(), after));
        log.add(event(0), AddOptions.ifAbsent());
        await().until(() -> before.count() == 1 && after.count() == 1);
        assertThat(before.gaps()).isEmpty();
        assertThat(after.gaps()).isEmpty();
        assertThat(log.createIfAbsent()).isFalse();
        assertThat(log.size()).isOne();
    }

    @Test
    void logIsCompletedWithSeveralEventsOrWithNone() {
        EventLog log = newLog();
        log.add(event(0));

        List<EventId> ids = log.completeAll(events(1, 4));

        assertThat(numbers(log.read(Tail.all()))).isEqualTo(range(0, 4));
        assertThat(ids(log.read(Tail.all())).subList(1, 4)).isEqualTo(ids);
        assertThat(log.completion()).contains(Completion.done());
        assertThat(log.lastId()).contains(ids.get(2));
        assertThat(log.completeAll(events(1, 4))).as("repeated").isEqualTo(ids);
        assertThatExceptionOfType(EventLogCompletedException.class)
                .as("with other events")
                .isThrownBy(() -> log.completeAll(events(2, 5)));
        assertThat(log.completeAll(events(2, 4)))
                .as("with only the last events")
                .isEqualTo(ids.subList(1, 3));
        assertThat(log.completeAll(List.of())).isEmpty();
        EventLog empty = newLog();
        assertThat(empty.completeAll(List.of())).isEmpty();
        assertThat(empty.isComplete()).isTrue();
    }

    @Test
    void completionWithEventsAddsAllOfThemOrNothing() {
        EventLog log = newLog();
        addWithId(log, "18446744073709551615-18446744073709551612");

        assertThatExceptionOfType(EventLogException.class).isThrownBy(() -> log.completeAll(events(0, 3)));
        assertThat(log.isComplete()).isFalse();
        assertThat(log.size()).isOne();
        log.completeAll(events(0, 2));
        assertThat(log.size()).isEqualTo(3);
        assertThat(log.isComplete()).isTrue();
    }
}
