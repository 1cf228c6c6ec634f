package dev.eventlog.behaviour;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogFactory;
import dev.eventlog.EventPage;
import dev.eventlog.EventRange;
import dev.eventlog.ReadableEventLog;
import dev.eventlog.Tail;
import dev.eventlog.TypedEvent;
import dev.eventlog.TypedEventLog;
import dev.eventlog.test.Generated;
import dev.eventlog.test.LogTests;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** Reads ranges of a log in pages, from either end. */
class EventRangeTests extends LogTests {

    @Test
    void chatIsReadBackwardPageByPage() {
        EventLog chat = newLog();
        List<EventId> ids = chat.addAll(events(0, 50));

        EventPage<Event> newest = chat.read(EventRange.all().newestFirst().limit(20));
        assertThat(numbers(newest.events())).isEqualTo(reversed(range(30, 50)));
        assertThat(newest.next()).isEqualTo(ids.get(30));
        EventPage<Event> older =
                chat.read(EventRange.before(ids.get(30)).newestFirst().limit(20));
        assertThat(numbers(older.events())).isEqualTo(reversed(range(10, 30)));
        EventPage<Event> oldest =
                chat.read(EventRange.before(ids.get(10)).newestFirst().limit(10));
        assertThat(numbers(oldest.events())).isEqualTo(reversed(range(0, 10)));
        assertThat(oldest.hasMore()).isFalse();
    }

    @Test
    void nextRangeContinuesAfterThePage() {
        EventLog chat = newLog();
        chat.addAll(events(0, 50));
        // tag::pages[]
        EventRange range = EventRange.all().newestFirst().limit(20);
        EventPage<Event> newest = chat.read(range);

        EventPage<Event> older = chat.read(range.next(newest).orElseThrow());
        boolean more = older.hasMore();
        // end::pages[]
        assertThat(numbers(older.events())).isEqualTo(reversed(range(10, 30)));
        assertThat(more).isTrue();
    }

    @Test
    void rangesReturnTheirPartOfTheLog() {
        EventLog log = newLog();
        List<EventId> ids = log.addAll(events(0, 30));
        EventId third = ids.get(3);
        EventId tenth = ids.get(10);

        assertThat(numbers(log.read(EventRange.all()).events())).isEqualTo(range(0, 30));
        assertThat(numbers(log.read(EventRange.after(tenth)).events())).isEqualTo(range(11, 30));
        assertThat(numbers(log.read(EventRange.before(tenth)).events())).isEqualTo(range(0, 10));
        assertThat(numbers(log.read(EventRange.between(third, tenth)).events())).isEqualTo(range(4, 10));
        assertThat(log.read(EventRange.between(third, third.next())).events()).isEmpty();
        assertThat(log.read(EventRange.before(EventId.MIN)).events()).isEmpty();
        assertThat(log.read(EventRange.after(EventId.MAX)).events()).isEmpty();
        assertThat(newLog().read(EventRange.all()).events()).isEmpty();
    }

    @Test
    void rangeOfMomentsSelectsByTheTimeInTheIds() {
        EventLog log = newLog();
        List.of("1000-0", "1000-7", "2000-0", "2001-0", "3000-0").forEach(id -> addWithId(log, id));

        assertThat(ids(log, EventRange.since(Instant.ofEpochMilli(1000)))).hasSize(5);
        assertThat(ids(log, EventRange.since(Instant.ofEpochMilli(1000).plusNanos(1))))
                .containsExactly("2000-0", "2001-0", "3000-0");
        assertThat(ids(log, EventRange.until(Instant.ofEpochMilli(2000)))).containsExactly("1000-0", "1000-7");
        assertThat(ids(log, EventRange.until(Instant.ofEpochMilli(2000).plusNanos(1))))
                .containsExactly("1000-0", "1000-7", "2000-0");
        assertThat(ids(log, EventRange.between(Instant.ofEpochMilli(2000), Instant.ofEpochMilli(3000))))
                .containsExactly("2000-0", "2001-0");
        assertThat(ids(log, EventRange.since(Instant.MIN))).hasSize(5);
        assertThat(ids(log, EventRange.until(Instant.MAX))).hasSize(5);
        assertThat(ids(log, EventRange.until(Instant.EPOCH))).isEmpty();
        assertThat(ids(log, EventRange.since(Instant.MAX))).isEmpty();
    }

    private static List<String> ids(EventLog log, EventRange range) {
        return log.read(range).events().stream()
                .map(event -> event.id().toString())
                .toList();
    }

    @Test
    void tailSinceAMomentStartsAtThatTime() {
        EventLog log = newLog();
        List.of("1000-0", "1000-7", "2000-0").forEach(id -> addWithId(log, id));

        assertThat(log.read(Tail.since(Instant.ofEpochMilli(1001)))).hasSize(1);
        assertThat(log.read(Tail.since(Instant.ofEpochMilli(1000)))).hasSize(3);
        assertThat(log.read(Tail.since(Instant.ofEpochMilli(2001)))).isEmpty();
        assertThat(log.read(Tail.since(Instant.MIN))).hasSize(3);
        assertThat(log.read(Tail.since(Instant.MAX))).isEmpty();

        List<EventId> followed = Collections.synchronizedList(new ArrayList<>());
        closeLater(log.follow(Tail.since(Instant.ofEpochMilli(1001)), batch -> followed.addAll(ids(batch))));
        EventId more = log.add(event(1));
        await().until(() -> followed.size() == 2);
        assertThat(followed).containsExactly(new EventId(2000, 0), more);
    }

    @Test
    @SuppressWarnings("NullAway") // the test passes null on purpose
    void invalidRangesAreRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> EventRange.all().limit(0))
                .withMessageContaining("1 or more")
                .withMessageContaining("0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> EventRange.between(new EventId(5, 0), new EventId(5, 0)))
                .withMessageContaining("must be above the first");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> EventRange.between(Instant.EPOCH, Instant.EPOCH))
                .withMessageContaining("must be after the first");
        assertThatIllegalArgumentException().isThrownBy(() -> EventRange.after(null));
        assertThatIllegalArgumentException().isThrownBy(() -> EventRange.before(null));
        assertThatIllegalArgumentException().isThrownBy(() -> EventRange.since(null));
        assertThatIllegalArgumentException().isThrownBy(() -> Tail.since(null)).withMessageContaining("Tail.all()");
        assertThatIllegalArgumentException().isThrownBy(() -> newLog().read((EventRange) null));
    }

    /** Compares each read with the same read of a list. */
    @Test
    void anyRangeReturnsTheSameAsAList() {
        EventLogFactory inPages = newFactory("eventlog.read.page-size=7");
        Generated.tries(60, any -> {
            String name = newName();
            int count = any.between(0, 300);
            List<EventId> ids = factory.create(name).addAll(events(0, count));
            long maxLength = any.of(0, 1, 5, 40, 150, 290);
            EventLog log = any.of(factory, inPages).create(name, options -> options.maxLength(maxLength));
            List<EventId> kept = maxLength == 0 ? ids : ids.subList(Math.max(0, count - (int) maxLength), ids.size());
            EventRange range = new EventRange(
                    bound(any, ids, EventId.MIN),
                    bound(any, ids, EventId.MAX),
                    any.of(EventRange.Order.values()),
                    any.of(1, 2, 20, 64, 65, 100, 500));
            List<EventId> wanted = new ArrayList<>(kept.stream()
                    .filter(id -> !range.oldest().isAfter(id) && !id.isAfter(range.newest()))
                    .toList());
            if (range.order() == EventRange.Order.NEWEST_FIRST) {
                Collections.reverse(wanted);
            }

            List<EventId> read = new ArrayList<>();
            int pages = 0;
            for (Optional<EventRange> next = Optional.of(range); next.isPresent(); pages++) {
                EventPage<Event> page = log.read(next.get());
                assertThat(page.events()).hasSizeLessThanOrEqualTo(range.limit());
                read.addAll(ids(page.events()));
                assertThat(page.hasMore()).as("%s of %s", range, wanted.size()).isEqualTo(read.size() < wanted.size());
                next = next.get().next(page);
                assertThat(next.isPresent()).isEqualTo(page.hasMore());
            }
            assertThat(read).as("%s of %s, at most %s", range, count, maxLength).isEqualTo(wanted);
            assertThat(pages).isEqualTo(Math.max(1, (wanted.size() + range.limit() - 1) / range.limit()));
        });
    }

    private static EventId bound(Generated any, List<EventId> ids, EventId none) {
        return ids.isEmpty() || any.random().nextInt(3) == 0
                ? none
                : any.from(
                        () -> any.of(ids.toArray(EventId[]::new)),
                        () -> any.of(ids.toArray(EventId[]::new)).next(),
                        () -> any.of(ids.toArray(EventId[]::new)).previous());
    }

    /** The max-length of the reading handle is far below the length of the log and far above a page. */
    @Test
    void maxLengthOfManyPagesLimitsTheRange() {
        EventLog whole = newLog();
        for (int i = 0; i < 10; i++) {
            whole.addAll(events(i * 1_000, (i + 1) * 1_000));
        }
        EventLog most = factory.create(whole.name(), options -> options.maxLength(9_500));
        EventLog few = factory.create(whole.name(), options -> options.maxLength(2_500));

        assertThat(numbers(most.read(EventRange.all().limit(3)).events())).isEqualTo(range(500, 503));
        assertThat(numbers(few.read(EventRange.all().limit(3)).events())).isEqualTo(range(7_500, 7_503));
        assertThat(numbers(few.read(EventRange.all().newestFirst().limit(5_000)).events()))
                .isEqualTo(reversed(range(7_500, 10_000)));
        assertThat(numbers(few.read(EventRange.all().limit(5_000)).events())).isEqualTo(range(7_500, 10_000));
    }

    @Test
    void closingEntryOfACompleteLogIsNotAnEvent() {
        EventLog log = newLog(options -> options.maxLength(5));
        log.addAll(events(0, 7));
        log.complete();

        for (int limit : new int[] {2, 4, 5, 6}) {
            EventPage<Event> forwards = log.read(EventRange.all().limit(limit));
            EventPage<Event> backwards = log.read(EventRange.all().newestFirst().limit(limit));
            assertThat(numbers(forwards.events())).isEqualTo(range(2, Math.min(7, 2 + limit)));
            assertThat(numbers(backwards.events())).isEqualTo(reversed(range(Math.max(2, 7 - limit), 7)));
            assertThat(forwards.hasMore()).isEqualTo(limit < 5);
            assertThat(backwards.hasMore()).isEqualTo(limit < 5);
        }
    }

    @Test
    void largeEventsAreReadInSeveralReplies() {
        EventLog log = newLog();
        String large = "x".repeat(400_000);
        for (int i = 0; i < 8; i++) {
            log.add(Map.of("n", i, "large", large));
        }

        assertThat(numbers(log.read(EventRange.all()).events())).isEqualTo(range(0, 8));
        assertThat(numbers(log.read(EventRange.all().newestFirst()).events())).isEqualTo(reversed(range(0, 8)));
    }

    @Test
    void pageHasNoHoleWhileTheLogIsTrimmed() {
        String name = newName();
        EventLog writer = factory.create(name, options -> options.maxLength(100));
        EventLog reader = newFactory("eventlog.read.page-size=5").create(name);
        AtomicBoolean stop = new AtomicBoolean();
        CompletableFuture<Void> writing = CompletableFuture.runAsync(() -> {
            for (int i = 0; !stop.get(); i += 50) {
                writer.addAll(events(i, i + 50));
            }
        });
        closeLater(() -> stop.set(true));
        await().until(() -> writer.size() > 0);

        int early = 0;
        long end = System.nanoTime() + Duration.ofSeconds(2).toNanos();
        while (System.nanoTime() < end) {
            EventPage<Event> page = reader.read(EventRange.all().limit(150));
            List<Integer> numbers = numbers(page.events());
            assertThat(numbers).isEqualTo(range(numbers.get(0), numbers.get(0) + numbers.size()));
            early += page.hasMore() && numbers.size() < 150 ? 1 : 0;
        }
        stop.set(true);
        writing.join();
        assertThat(early).as("pages that end early").isPositive();
    }

    record Temperature(double celsius) {}

    @Test
    void pagesOfATypedLogHaveValues() {
        TypedEventLog<Temperature> log = factory.create(newName(), Temperature.class);
        List<EventId> ids = log.addAll(List.of(new Temperature(1), new Temperature(2), new Temperature(3)));
        ReadableEventLog<TypedEvent<Temperature>> readable = log;

        EventPage<TypedEvent<Temperature>> page = readable.read(EventRange.all().limit(2));
        assertThat(page.events()).extracting(TypedEvent::value).containsExactly(new Temperature(1), new Temperature(2));
        assertThat(page.next()).isEqualTo(ids.get(1));
    }

    private static List<Integer> reversed(List<Integer> numbers) {
        List<Integer> reversed = new ArrayList<>(numbers);
        Collections.reverse(reversed);
        return reversed;
    }
}
