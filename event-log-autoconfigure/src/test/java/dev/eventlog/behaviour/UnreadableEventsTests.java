package dev.eventlog.behaviour;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.eventlog.Event;
import dev.eventlog.EventConversionException;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogFactory;
import dev.eventlog.EventLogOptions;
import dev.eventlog.EventPage;
import dev.eventlog.EventRange;
import dev.eventlog.EventUpcaster;
import dev.eventlog.Folded;
import dev.eventlog.Follower;
import dev.eventlog.LogPattern;
import dev.eventlog.LogsListener;
import dev.eventlog.Tail;
import dev.eventlog.TypedEvent;
import dev.eventlog.TypedEventLog;
import dev.eventlog.UnreadableEventHandler;
import dev.eventlog.UnreadableEvents;
import dev.eventlog.test.Collected;
import dev.eventlog.test.LogTests;
import dev.eventlog.test.RedisTest;
import dev.eventlog.test.TestApplication;
import dev.eventlog.test.TestSubscriber;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.core.annotation.Order;
import org.springframework.core.retry.RetryPolicy;

/** Events that cannot be converted to the type of their log: a reader fails, skips them, or hands them over. */
@RedisTest(properties = "eventlog.follow.poll-timeout=500ms")
@ExtendWith(OutputCaptureExtension.class)
class UnreadableEventsTests extends LogTests {

    sealed interface Purchase {
        record Placed(String customer) implements Purchase {}

        record Paid(int cents) implements Purchase {}
    }

    private static final Purchase ADA = new Purchase.Placed("Ada");
    private static final Purchase PAID = new Purchase.Paid(1980);
    private static final Map<String, String> BAD = Map.of("foo", "bar");
    private static final Consumer<EventLogOptions.Builder> SKIP =
            options -> options.unreadableEvents(UnreadableEvents.SKIP);

    private final List<Event> handedOver = new CopyOnWriteArrayList<>();

    /** {@return a log of four events; the second and the last are unreadable} */
    private TypedEventLog<Purchase> log(Consumer<EventLogOptions.Builder> options) {
        TypedEventLog<Purchase> log = factory.create(newName(), Purchase.class, options);
        log.add(ADA);
        log.untyped().add(BAD);
        log.add(PAID);
        log.untyped().add(BAD);
        return log;
    }

    private static List<Purchase> values(Collection<TypedEvent<Purchase>> events) {
        return events.stream().map(TypedEvent::value).toList();
    }

    private static EventId last(TypedEventLog<?> log) {
        return log.lastId().orElseThrow();
    }

    @Test
    void everyReadSkipsUnreadableEvents() {
        TypedEventLog<Purchase> log = log(SKIP);

        assertThat(values(log.read(Tail.all()))).containsExactly(ADA, PAID);
        assertThat(log.read(Tail.last(1))).isEmpty();
        assertThat(values(log.page(Tail.all(), 10).events())).containsExactly(ADA, PAID);
        assertThat(log.page(Tail.all(), 10).position()).isEqualTo(last(log));
        assertThat(log.fold(List.of(), UnreadableEventsTests::and))
                .isEqualTo(new Folded<>(List.of(ADA, PAID), last(log)));
        assertThat(log.untyped().read(Tail.all())).hasSize(4);
    }

    private static List<Purchase> and(List<Purchase> before, TypedEvent<Purchase> next) {
        List<Purchase> all = new ArrayList<>(before);
        all.add(next.value());
        return all;
    }

    @Test
    void nextPageContinuesAfterUnreadableEvents() {
        TypedEventLog<Purchase> log = log(SKIP);
        List<Purchase> all = new ArrayList<>();
        int pages = 0;
        EventRange range = EventRange.all().newestFirst().limit(1);
        for (EventPage<TypedEvent<Purchase>> page = log.read(range); ; page = log.read(range)) {
            all.addAll(values(page.events()));
            pages++;
            EventId next = page.next();
            if (next == null) {
                break;
            }
            range = EventRange.before(next).newestFirst().limit(1);
        }
        assertThat(all).containsExactly(PAID, ADA);
        assertThat(pages).isEqualTo(4);
    }

    @Test
    void updateDecidesWithoutUnreadableEvents() {
        TypedEventLog<Purchase> log = log(SKIP);
        log.update(List.<Purchase>of(), UnreadableEventsTests::and, orders -> {
            assertThat(orders).containsExactly(ADA, PAID);
            return List.of(ADA);
        });
        assertThat(values(log.read(Tail.all()))).containsExactly(ADA, PAID, ADA);
    }

    @Test
    void followerAndItsPositionSkipUnreadableEvents() {
        TypedEventLog<Purchase> log = log(SKIP);
        Collected<TypedEvent<Purchase>> listener = Collected.and(batch -> {});
        Follower follower = closeLater(log.follow(Tail.all(), listener, options -> options.batchSize(1)));
        await().until(() -> listener.caughtUp() == 1);
        assertThat(values(listener.all())).containsExactly(ADA, PAID);
        assertThat(listener.batches()).as("no call without an event").doesNotContain(List.of());
        assertThat(follower.position()).isEqualTo(last(log));

        EventId bad = log.untyped().add(BAD);
        await().until(() -> follower.position().equals(bad));
        log.add(ADA);
        await().until(() -> listener.count() == 3);
    }

    @Test
    void namedFollowerStoresThePositionAfterUnreadableEvents() {
        TypedEventLog<Purchase> log = log(SKIP);
        Collected<TypedEvent<Purchase>> listener = Collected.and(batch -> {});
        Follower follower = log.follow(Tail.all(), listener, options -> options.named("unreadable"));
        await().until(() -> listener.count() == 2);
        await().until(() -> follower.position().equals(last(log)));
        follower.close();

        Collected<TypedEvent<Purchase>> after = Collected.and(batch -> {});
        closeLater(log.follow(Tail.all(), after, options -> options.named("unreadable")));
        log.add(ADA);
        await().until(() -> after.count() == 1);
        assertThat(values(after.all())).containsExactly(ADA);
    }

    @Test
    void subscriberReceivesTheNextReadableEventForItsRequest() {
        String name = newName();
        TypedEventLog<Purchase> log = newFactory("eventlog.follow.batch-size=2").create(name, Purchase.class, SKIP);
        log.add(ADA);
        log.untyped().addAll(List.of(BAD, BAD, BAD, BAD, BAD, BAD));
        log.add(PAID);
        TestSubscriber<TypedEvent<Purchase>> subscriber = new TestSubscriber<>();
        subscriber.to(log.publisher(Tail.all()));
        subscriber.request(1);
        await().until(() -> subscriber.batches().size() == 1);
        subscriber.request(1);
        await().until(() -> subscriber.batches().size() == 2);
        assertThat(values(subscriber.all())).containsExactly(ADA, PAID);
        subscriber.cancel();
    }

    @Test
    void streamSkipsUnreadableEvents() {
        TypedEventLog<Purchase> log = log(SKIP);
        try (Stream<TypedEvent<Purchase>> stream = log.stream(Tail.all(), Duration.ofMillis(500))) {
            assertThat(values(stream.toList())).containsExactly(ADA, PAID);
        }
    }

    @Test
    void eachOfManyLogsHasTheRuleForItsName() {
        String prefix = newName();
        EventLogFactory configured = newFactory(
                "eventlog.overrides[0].pattern=" + prefix + ":skipped", "eventlog.overrides[0].unreadable-events=skip");
        List<String> names = List.of(prefix + ":skipped", prefix + ":failing");
        names.forEach(name -> {
            deleteLater(name);
            EventLog stored = factory.create(name);
            stored.add(BAD);
            factory.create(name, Purchase.class).add(ADA);
        });
        for (boolean byPattern : List.of(true, false)) {
            List<String> delivered = new CopyOnWriteArrayList<>();
            Map<String, Throwable> failures = new ConcurrentHashMap<>();
            LogsListener<TypedEvent<Purchase>> listener = new LogsListener<>() {
                @Override
                public void onBatch(String log, List<TypedEvent<Purchase>> batch) {
                    assertThat(batch).isNotEmpty();
                    batch.forEach(event -> delivered.add(log));
                }

                @Override
                public void onFailure(String log, Throwable failure) {
                    failures.put(log, failure);
                }
            };
            closeLater(
                    byPattern
                            ? configured.follow(LogPattern.of(prefix + ":*"), Purchase.class, Tail.all(), listener)
                            : configured.follow(names, Purchase.class, Tail.all(), listener));
            await().until(() -> delivered.size() == 1 && failures.size() == 1);
            assertThat(delivered).containsExactly(prefix + ":skipped");
            assertThat(failures.get(prefix + ":failing")).isInstanceOf(EventConversionException.class);
        }
    }

    @Test
    void functionReceivesUnreadableEvents() {
        List<EventConversionException> failures = new CopyOnWriteArrayList<>();
        TypedEventLog<Purchase> log = log(options -> options.unreadableEvents((event, failure) -> {
            handedOver.add(event);
            failures.add(failure);
        }));
        assertThat(values(log.read(Tail.all()))).containsExactly(ADA, PAID);
        assertThat(handedOver).hasSize(2).extracting(Event::fields).containsOnly(BAD);
        assertThat(failures).hasSize(2).allSatisfy(failure -> {
            assertThat(failure.log()).isEqualTo(log.name());
            assertThat(failure.fields()).isEqualTo(BAD);
        });
    }

    @Test
    void beanNamedByAPropertyReceivesUnreadableEvents() {
        TypedEventLog<Purchase> log = log(SKIP);
        UnreadableEventHandler handler = (event, failure) -> handedOver.add(event);
        ConfigurableApplicationContext application = closeLater(TestApplication.startWith(
                UnreadableEventHandler.class, handler, "eventlog.unreadable-events=hand-over"));
        Collected<TypedEvent<Purchase>> listener = Collected.and(batch -> {});
        closeLater(TestApplication.factory(application)
                .create(log.name(), Purchase.class)
                .follow(Tail.all(), listener));
        await().until(() -> listener.caughtUp() == 1);
        assertThat(values(listener.all())).containsExactly(ADA, PAID);
        assertThat(handedOver).extracting(Event::fields).containsExactly(BAD, BAD);
    }

    @Test
    void handOverWithoutAHandlerIsRefused() {
        assertThatExceptionOfType(RuntimeException.class)
                .isThrownBy(() -> newApplication("eventlog.unreadable-events=hand-over"))
                .withStackTraceContaining("eventlog.unreadable-events")
                .withStackTraceContaining("needs a bean of type UnreadableEventHandler");
        assertThatExceptionOfType(RuntimeException.class)
                .isThrownBy(() -> newApplication(
                        "eventlog.overrides[0].pattern=a*", "eventlog.overrides[0].unreadable-events=hand-over"))
                .withStackTraceContaining("eventlog.overrides[0].unreadable-events");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> log(options -> options.unreadableEvents(UnreadableEvents.HAND_OVER)))
                .withMessageContaining("UnreadableEventHandler");
    }

    @Test
    void exceptionOfTheHandlerIsThrownAndRetried() {
        AtomicInteger calls = new AtomicInteger();
        IllegalStateException full = new IllegalStateException("full");
        TypedEventLog<Purchase> log = log(options -> options.unreadableEvents((event, failure) -> {
            if (calls.incrementAndGet() <= 2) {
                throw full;
            }
            handedOver.add(event);
        }));
        assertThatExceptionOfType(IllegalStateException.class)
                .isThrownBy(() -> log.read(Tail.all()))
                .isSameAs(full);

        Collected<TypedEvent<Purchase>> listener = Collected.and(batch -> {});
        closeLater(log.follow(
                Tail.all(),
                listener,
                options -> options.retry(RetryPolicy.builder()
                        .maxRetries(3)
                        .delay(Duration.ofMillis(10))
                        .build())));
        await().until(() -> listener.caughtUp() == 1);
        assertThat(values(listener.all())).containsExactly(ADA, PAID);
        assertThat(handedOver).hasSize(2);
    }

    @Test
    void readFailsByDefaultAfterTheEventsBeforeAnUnreadableOne() {
        TypedEventLog<Purchase> log = log(options -> {});
        assertThatExceptionOfType(EventConversionException.class).isThrownBy(() -> log.read(Tail.all()));
        assertThatExceptionOfType(EventConversionException.class)
                .isThrownBy(() -> log.fold(List.of(), UnreadableEventsTests::and));
        List<TypedEvent<Purchase>> before = new ArrayList<>();
        try (Stream<TypedEvent<Purchase>> stream = log.stream(Tail.all())) {
            assertThatExceptionOfType(EventConversionException.class).isThrownBy(() -> stream.forEach(before::add));
        }
        assertThat(values(before)).containsExactly(ADA);
    }

    @Test
    void failingFollowerReceivesTheEventsBeforeUnreadableEvents() {
        TypedEventLog<Purchase> log = log(options -> {});
        EventId ada = log.read(EventRange.all().limit(1)).events().get(0).id();
        Collected<TypedEvent<Purchase>> listener = Collected.and(batch -> {});
        Follower follower = closeLater(log.follow(Tail.all(), listener));
        await().until(() -> !follower.isRunning());
        assertThat(values(listener.all())).containsExactly(ADA);
        assertThat(follower.position()).isEqualTo(ada);
        assertThat(listener.failure())
                .isInstanceOf(EventConversionException.class)
                .hasMessageContaining(BAD.toString());
    }

    @Test
    void recovererReceivesOnlyTheUnreadableEvent() {
        TypedEventLog<Purchase> log = log(options -> {});
        Collected<TypedEvent<Purchase>> listener = Collected.and(batch -> {});
        closeLater(log.follow(
                Tail.all(),
                listener,
                options -> options.recoverer((name, batch, failure) -> handedOver.addAll(batch))));
        await().until(() -> listener.caughtUp() == 1);
        log.add(ADA);
        await().until(() -> listener.count() == 3);
        assertThat(values(listener.all())).containsExactly(ADA, PAID, ADA);
        assertThat(handedOver).extracting(Event::fields).containsExactly(BAD, BAD);
    }

    @Test
    void failedNamedFollowerStoredThePositionBeforeAnUnreadableEvent() {
        TypedEventLog<Purchase> log = log(options -> {});
        Collected<TypedEvent<Purchase>> listener = Collected.and(batch -> {});
        Follower follower = log.follow(Tail.all(), listener, options -> options.named("failing"));
        await().until(() -> !follower.isRunning());
        assertThat(values(listener.all())).containsExactly(ADA);
        Collected<Event> untyped = Collected.events();
        closeLater(log.untyped().follow(Tail.all(), untyped, options -> options.named("failing")));
        await().until(() -> untyped.count() == 3);
    }

    @Test
    void eventIsConvertedByTheRuleOrStrictly() {
        TypedEventLog<Purchase> log = log(SKIP);
        List<Event> stored = log.untyped().read(Tail.all());
        assertThat(log.typedIfReadable(stored.get(0))).map(TypedEvent::value).contains(ADA);
        assertThat(log.typedIfReadable(stored.get(1))).isEmpty();
        assertThatExceptionOfType(EventConversionException.class).isThrownBy(() -> log.typed(stored.get(1)));
    }

    @Test
    void unreadableEventsAreCountedEachTimeAndLoggedOnce(CapturedOutput output) {
        TypedEventLog<Purchase> log = log(SKIP);
        SimpleMeterRegistry meters = new SimpleMeterRegistry();
        ConfigurableApplicationContext application = closeLater(TestApplication.startWith(
                MeterRegistry.class, meters, "eventlog.observability.log-patterns=" + log.name()));
        TypedEventLog<Purchase> counted = TestApplication.factory(application).create(log.name(), Purchase.class, SKIP);
        for (int i = 0; i < 3; i++) {
            assertThat(counted.read(Tail.all())).hasSize(2);
        }
        assertThat(meters.get("eventlog.events.unreadable")
                        .tag("log", log.name())
                        .counter()
                        .count())
                .isEqualTo(6);
        EventId bad = log.untyped().read(Tail.all()).get(1).id();
        assertThat(output.getAll().lines().filter(line -> line.contains("does not fit") && line.contains(log.name())))
                .singleElement()
                .asString()
                .contains("WARN", "Event " + bad, "skipped")
                .doesNotContain("bar");
    }

    /** A follower reads the events before it first, in a batch of their own. */
    @Test
    void isCountedOnceByAFollowerThatEndsThere() {
        TypedEventLog<Purchase> log = log(options -> {});
        SimpleMeterRegistry meters = new SimpleMeterRegistry();
        ConfigurableApplicationContext application = closeLater(TestApplication.startWith(
                MeterRegistry.class, meters, "eventlog.observability.log-patterns=" + log.name()));
        Follower follower = TestApplication.factory(application)
                .create(log.name(), Purchase.class)
                .follow(Tail.all(), Collected.and(batch -> {}));
        await().until(() -> !follower.isRunning());
        assertThat(meters.get("eventlog.events.delivered")
                        .tag("log", log.name())
                        .counter()
                        .count())
                .isEqualTo(1);
        assertThat(meters.get("eventlog.events.unreadable")
                        .tag("log", log.name())
                        .counter()
                        .count())
                .isEqualTo(1);
        assertThat(meters.get("eventlog.failures")
                        .tags("log", log.name(), "kind", "batch")
                        .counter()
                        .count())
                .isEqualTo(1);
        assertThat(meters.get("eventlog.callback")
                        .tag("log", log.name())
                        .timer()
                        .count())
                .isEqualTo(2);
    }

    record Renamed(
            String customer,
            @Nullable String city,
            @Nullable Optional<String> note) {}

    record Numbered(int number, String text) {}

    @Test
    void unknownFieldsAreIgnoredAndJacksonDecidesAboutMissingOnes() {
        TypedEventLog<Renamed> log = factory.create(newName(), Renamed.class);
        log.untyped().add(Map.of("customer", "Ada", "color", "red"));
        assertThat(log.read(Tail.all()))
                .extracting(TypedEvent::value)
                .containsExactly(new Renamed("Ada", null, Optional.empty()));

        TypedEventLog<Numbered> primitive = factory.create(newName(), Numbered.class);
        primitive.untyped().add(Map.of("text", "no number"));
        assertThatExceptionOfType(EventConversionException.class)
                .as("Jackson 3 requires a value for a number")
                .isThrownBy(() -> primitive.read(Tail.all()))
                .withMessageContaining("number");
        ConfigurableApplicationContext lenient =
                newApplication("spring.jackson.deserialization.fail-on-null-for-primitives=false");
        assertThat(TestApplication.factory(lenient)
                        .create(primitive.name(), Numbered.class)
                        .read(Tail.all()))
                .extracting(TypedEvent::value)
                .containsExactly(new Numbered(0, "no number"));

        ConfigurableApplicationContext strict =
                newApplication("spring.jackson.deserialization.fail-on-unknown-properties=true");
        assertThatExceptionOfType(EventConversionException.class)
                .isThrownBy(() -> TestApplication.factory(strict)
                        .create(log.name(), Renamed.class)
                        .read(Tail.all()))
                .withMessageContaining("color");
    }

    @Test
    void upcasterChangesTheStoredFieldsFirst() {
        EventLog stored = newLog();
        stored.add(Map.of("name", "Ada"));
        stored.add(Map.of("customer", "Bob"));
        EventUpcaster renames = (log, type, fields) -> {
            assertThat(log).isEqualTo(stored.name());
            assertThat(type).isEqualTo(Renamed.class);
            if (!fields.containsKey("name")) {
                return fields;
            }
            Map<String, String> now = new HashMap<>(fields);
            now.put("customer", String.valueOf(now.remove("name")));
            return now;
        };
        TypedEventLog<Renamed> log = upcasting(renames).create(stored.name(), Renamed.class);
        assertThat(log.read(Tail.all()))
                .extracting(event -> event.value().customer())
                .containsExactly("Ada", "Bob");
        Collected<TypedEvent<Renamed>> listener = Collected.and(batch -> {});
        closeLater(log.follow(Tail.all(), listener));
        await().until(() -> listener.count() == 2);
        assertThat(listener.all().get(0).value().customer()).isEqualTo("Ada");
        assertThat(log.untyped().read(Tail.all()).get(0).fields()).isEqualTo(Map.of("name", "Ada"));
    }

    @Test
    void eventThatAnUpcasterCannotReadIsUnreadable() {
        EventLog stored = newLog();
        stored.add(Map.of("customer", "Ada"));
        stored.add(Map.of("customer", "Bob"));
        EventUpcaster refusing = (log, type, fields) -> {
            if ("Ada".equals(fields.get("customer"))) {
                throw new IllegalArgumentException("too old");
            }
            return fields;
        };
        EventLogFactory upcasting = upcasting(refusing);
        assertThat(upcasting.create(stored.name(), Renamed.class, SKIP).read(Tail.all()))
                .extracting(event -> event.value().customer())
                .containsExactly("Bob");
        assertThatExceptionOfType(EventConversionException.class)
                .isThrownBy(() -> upcasting.create(stored.name(), Renamed.class).read(Tail.all()))
                .withMessageContaining("too old");
    }

    private EventLogFactory upcasting(EventUpcaster upcaster) {
        return TestApplication.factory(closeLater(TestApplication.startWith(EventUpcaster.class, upcaster)));
    }

    @Test
    void upcastersAreAppliedInOrderEachToTheResultOfThePrevious() {
        EventLog stored = newLog();
        stored.add(Map.of("customer", "Ada"));
        ConfigurableApplicationContext application = closeLater(
                TestApplication.startWith(Upcasters.class, new Upcasters(), "spring.main.lazy-initialization=false"));
        assertThat(TestApplication.factory(application)
                        .create(stored.name(), Renamed.class)
                        .read(Tail.all()))
                .extracting(event -> event.value().customer())
                .containsExactly("Ada, first, second");
    }

    static class Upcasters {

        @Bean
        @Order(2)
        EventUpcaster second() {
            return appending(", second");
        }

        @Bean
        @Order(1)
        EventUpcaster first() {
            return appending(", first");
        }

        private static EventUpcaster appending(String text) {
            return (log, type, fields) -> Map.of("customer", fields.get("customer") + text);
        }
    }
}
