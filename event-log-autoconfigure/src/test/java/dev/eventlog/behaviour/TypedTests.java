package dev.eventlog.behaviour;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.eventlog.Event;
import dev.eventlog.EventConversionException;
import dev.eventlog.EventId;
import dev.eventlog.Follower;
import dev.eventlog.LoggedEvent;
import dev.eventlog.ReadableEventLog;
import dev.eventlog.Tail;
import dev.eventlog.TypedEvent;
import dev.eventlog.TypedEventLog;
import dev.eventlog.test.Collected;
import dev.eventlog.test.LogTests;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class TypedTests extends LogTests {

    record Place(String city, double latitude) {}

    enum Quality {
        GOOD,
        POOR
    }

    record Reading(
            String sensor,
            BigDecimal temperature,
            int count,
            boolean valid,
            Quality quality,
            Instant taken,
            Place place,
            List<Place> others,
            Map<String, List<Integer>> raw,
            @Nullable String note) {}

    @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "kind")
    sealed interface Move {}

    record Step(int length) implements Move {}

    record Turn(double angle, String direction) implements Move {}

    private static Reading reading(int number) {
        return new Reading(
                "42",
                new BigDecimal("19.80").add(BigDecimal.valueOf(number)),
                number,
                number % 2 == 0,
                Quality.POOR,
                Instant.parse("2010-01-01T00:00:00.123456789Z").plusSeconds(number),
                new Place("Seattle", 47.6),
                List.of(new Place("{\"city\":1}", 0), new Place("", -1.5)),
                Map.of("raw", List.of(1, 2, number)),
                number % 3 == 0 ? null : "null");
    }

    @Test
    void recordIsReadBackEqual() {
        TypedEventLog<Reading> log = factory.create(newName(), Reading.class);
        EventId first = log.add(reading(0));
        List<EventId> ids = log.addAll(List.of(reading(1), reading(2)));
        assertThat(log.read(Tail.all()))
                .containsExactly(
                        new TypedEvent<>(first, reading(0)),
                        new TypedEvent<>(ids.get(0), reading(1)),
                        new TypedEvent<>(ids.get(1), reading(2)));
        assertThat(log.read(Tail.last(1))).extracting(TypedEvent::value).containsExactly(reading(2));
        assertThat(log.read(Tail.after(first))).hasSize(2);
        assertThat(log.size()).isEqualTo(3);
        assertThat(log.lastId()).hasValue(ids.get(1));
        assertThat(log.exists()).isTrue();
        assertThat(log.delete()).isTrue();
    }

    @Test
    void fieldsOfAValueAreThoseThatAnAddStores() {
        TypedEventLog<Reading> log = factory.create(newName(), Reading.class);
        log.add(reading(0));
        Map<String, String> fields = log.fields(reading(0));
        assertThat(log.untyped().read(Tail.all())).extracting(Event::fields).containsExactly(fields);
        log.untyped().add(fields);
        assertThat(log.read(Tail.all())).extracting(TypedEvent::value).containsExactly(reading(0), reading(0));
    }

    record Loose(@Nullable String customer) {}

    record Strict(@JsonProperty(required = true) String customer) {}

    @Test
    void eventWithoutAnyFieldOfItsTypeFitsUnlessAPropertyIsRequired() {
        String name = newName();
        factory.create(name).add(Map.of("foo", "bar"));
        assertThat(factory.create(name, Loose.class).read(Tail.all()))
                .extracting(TypedEvent::value)
                .containsExactly(new Loose(null));
        TypedEventLog<Strict> strict = factory.create(name, Strict.class);
        assertThatExceptionOfType(EventConversionException.class).isThrownBy(() -> strict.read(Tail.all()));
    }

    @Test
    void readingCodeAcceptsBothKindsOfLogs() {
        TypedEventLog<Step> typed = factory.create(newName(), Step.class, options -> options.maxLength(7));
        EventId id = typed.add(new Step(1));
        assertThat(readings(typed))
                .isEqualTo(readings(typed.untyped()))
                .startsWith(7L, 1L, id, true, id, id.timestamp());
    }

    private <E extends LoggedEvent> List<Object> readings(ReadableEventLog<E> log) {
        E first = log.read(Tail.all()).get(0);
        Collected<E> listener = Collected.and(batch -> {});
        closeLater(log.follow(Tail.all(), listener));
        await().until(() -> listener.caughtUp() == 1);
        assertThat(listener.all()).containsExactly(first);
        try (Stream<E> stream = log.stream(Tail.all())) {
            assertThat(stream.findFirst()).hasValue(first);
        }
        return List.of(
                log.options().maxLength(),
                log.size(),
                log.lastId().orElseThrow(),
                log.exists(),
                first.id(),
                first.timestamp(),
                log.name());
    }

    @Test
    void eachPropertyThatIsNotNullIsStoredAsAField() {
        TypedEventLog<Reading> log = factory.create(newName(), Reading.class);
        log.add(reading(3));
        log.add(reading(4));
        List<Event> stored = log.untyped().read(Tail.all());
        assertThat(log.untyped().name()).isEqualTo(log.name());
        assertThat(stored.get(0).fields())
                .containsEntry("sensor", "42")
                .containsEntry("temperature", "22.80")
                .containsEntry("count", "3")
                .containsEntry("valid", "false")
                .containsEntry("quality", "POOR")
                .containsEntry("taken", "2010-01-01T00:00:03.123456789Z")
                .containsEntry("place", "{\"city\":\"Seattle\",\"latitude\":47.6}")
                .containsEntry("raw", "{\"raw\":[1,2,3]}")
                .doesNotContainKey("note");
        assertThat(stored.get(1).fields()).containsEntry("note", "null");
        assertThat(log.read(Tail.all())).extracting(TypedEvent::value).containsExactly(reading(3), reading(4));
    }

    @Test
    void memberOfASealedInterfaceIsReadBackAsItsType() throws Exception {
        TypedEventLog<Move> log = factory.create(newName(), Move.class);
        Collected<TypedEvent<Move>> listener = Collected.and(batch -> {});
        closeLater(log.follow(Tail.all(), listener));
        List<Move> moves = List.of(new Step(3), new Turn(90.5, "left"), new Step(-1));
        log.add(moves.get(0));
        log.addAll(moves.subList(1, 3));

        assertThat(log.read(Tail.all())).extracting(TypedEvent::value).isEqualTo(moves);
        await().until(() -> listener.count() == 3);
        assertThat(listener.all()).extracting(TypedEvent::value).isEqualTo(moves);
        assertThat(log.untyped().read(Tail.all()))
                .allSatisfy(event -> assertThat(event.fields()).containsKey("kind"));
    }

    @Test
    void plainTextOfOtherProgramsIsReadAsTheType() {
        record Simple(int sensor, double temperature, boolean valid, String text) {}
        TypedEventLog<Simple> log = factory.create(newName(), Simple.class);
        log.untyped().add(Map.of("sensor", "7", "temperature", "19.8", "valid", "true", "text", "12"));
        assertThat(log.read(Tail.all())).extracting(TypedEvent::value).containsExactly(new Simple(7, 19.8, true, "12"));
    }

    @Test
    void typedLogCanBeFollowed() {
        TypedEventLog<Reading> log = factory.create(newName(), Reading.class);
        log.addAll(List.of(reading(0), reading(1)));
        Collected<TypedEvent<Reading>> listener = Collected.and(batch -> {});
        Follower follower = closeLater(log.follow(Tail.last(1), listener));
        await().until(() -> listener.caughtUp() == 1);
        EventId last = log.add(reading(2));
        await().until(() -> listener.count() == 2);
        assertThat(listener.all()).extracting(TypedEvent::value).containsExactly(reading(1), reading(2));
        await().until(() -> follower.position().equals(last));
        assertThat(listener.all().get(1).timestamp()).isEqualTo(last.timestamp());
    }

    @Test
    void readOfAnUnreadableEventFails() {
        TypedEventLog<Step> log = factory.create(newName(), Step.class);
        log.add(new Step(1));
        EventId foreign = log.untyped().add(Map.of("length", "not a number"));
        assertThatExceptionOfType(EventConversionException.class)
                .isThrownBy(() -> log.read(Tail.all()))
                .withMessageContaining(log.name())
                .withMessageContaining(foreign.toString())
                .withMessageContaining("not a number")
                .satisfies(ex -> {
                    assertThat(ex.log()).isEqualTo(log.name());
                    assertThat(ex.id()).isEqualTo(foreign);
                    assertThat(ex.fields()).containsExactly(Map.entry("length", "not a number"));
                    assertThat(ex.getCause()).isNotNull();
                });
        assertThat(log.untyped().read(Tail.all())).hasSize(2);
    }

    @Test
    void unreadableEventEndsAFollower() {
        TypedEventLog<Step> log = factory.create(newName(), Step.class);
        EventId first = log.add(new Step(1));
        Collected<TypedEvent<Step>> listener = Collected.and(batch -> {});
        Follower follower = closeLater(log.follow(Tail.all(), listener));
        await().until(() -> follower.position().equals(first));
        EventId foreign = log.untyped().add(Map.of("length", "not a number"));
        log.add(new Step(2));

        assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(() -> follower.completion().toCompletableFuture().get(5, TimeUnit.SECONDS))
                .satisfies(thrown -> assertThat(thrown.getCause())
                        .isInstanceOfSatisfying(EventConversionException.class, ex -> {
                            assertThat(ex.log()).isEqualTo(log.name());
                            assertThat(ex.id()).isEqualTo(foreign);
                            assertThat(ex.fields()).containsEntry("length", "not a number");
                        }));
        await().until(() -> listener.failure() instanceof EventConversionException);
        assertThat(follower.isRunning()).isFalse();
        assertThat(follower.position()).isEqualTo(first);
        assertThat(listener.all()).extracting(TypedEvent::value).containsExactly(new Step(1));
    }

    @Test
    void typeThatIsNotAnObjectIsRefused() {
        for (Class<?> type : List.of(List.class, int[].class, String.class)) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> factory.create("unused", type))
                    .withMessageContaining(type.getName());
        }
    }

    @Test
    void eventWithoutPropertiesIsRefused() {
        record Optionals(@Nullable String only) {}
        TypedEventLog<Optionals> log = factory.create(newName(), Optionals.class);
        assertThatIllegalArgumentException().isThrownBy(() -> log.add(new Optionals(null)));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> log.addAll(List.of(new Optionals("a"), new Optionals(null))))
                .withMessageContaining("2 of 2");
        assertThat(log.exists()).isFalse();
    }
}
