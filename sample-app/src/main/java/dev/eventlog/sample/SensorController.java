package dev.eventlog.sample;

import dev.eventlog.AddOptions;
import dev.eventlog.EventId;
import dev.eventlog.EventPage;
import dev.eventlog.EventRange;
import dev.eventlog.Tail;
import dev.eventlog.TypedEvent;
import dev.eventlog.sse.EventLogSse;
import dev.eventlog.sse.EventStream;
import jakarta.validation.Valid;
import jakarta.validation.constraints.NotEmpty;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.PositiveOrZero;
import jakarta.validation.constraints.Size;
import java.net.URI;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.http.codec.ServerSentEvent;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;

/** HTTP endpoints to add, read, and follow the readings of sensors. */
@RestController
@RequestMapping("/api/sensors")
class SensorController {

    // No colon, which separates the parts of a log name, and no character that a URL must escape.
    private static final String NAME = "[A-Za-z0-9][A-Za-z0-9_-]{0,39}";
    private static final String NAME_MESSAGE =
            "must be 1 to 40 letters, digits, '-' or '_', and begin with a letter or digit";

    private static final String KEY = "[!-~]{1,100}";
    private static final String KEY_MESSAGE = "must be 1 to 100 visible ASCII characters";

    private final Sensors sensors;
    private final EventLogSse sse;

    SensorController(Sensors sensors, EventLogSse sse) {
        this.sensors = sensors;
        this.sse = sse;
    }

    record Added(EventId id) {}

    record AllAdded(List<EventId> ids) {}

    @GetMapping
    List<String> list() {
        return sensors.list();
    }

    /**
     * Adds a reading. A request with an {@code Idempotency-Key} can be repeated: the reading is added once, and each
     * response has the same id.
     */
    @PostMapping("/{sensor}/readings")
    ResponseEntity<Added> add(
            @PathVariable @Pattern(regexp = NAME, message = NAME_MESSAGE) String sensor,
            @RequestHeader(name = "Idempotency-Key", required = false)
                    @Pattern(regexp = KEY, message = KEY_MESSAGE)
                    @Nullable
                    String idempotencyKey,
            @RequestBody @Valid Reading reading) {
        EventId id = sensors.add(sensor, reading, options(idempotencyKey));
        return ResponseEntity.created(URI.create("/api/sensors/" + sensor + "/readings?from=" + id))
                .body(new Added(id));
    }

    /** Adds readings, all of them or none: if one is invalid, nothing is added. Can be repeated, as {@link #add}. */
    @PostMapping("/{sensor}/readings/batch")
    @ResponseStatus(HttpStatus.CREATED)
    AllAdded addAll(
            @PathVariable @Pattern(regexp = NAME, message = NAME_MESSAGE) String sensor,
            @RequestHeader(name = "Idempotency-Key", required = false)
                    @Pattern(regexp = KEY, message = KEY_MESSAGE)
                    @Nullable
                    String idempotencyKey,
            @RequestBody @NotEmpty @Size(max = 1000) List<@Valid @NotNull Reading> readings) {
        return new AllAdded(sensors.addAll(sensor, readings, options(idempotencyKey)));
    }

    private static AddOptions options(@Nullable String idempotencyKey) {
        return idempotencyKey == null ? AddOptions.none() : AddOptions.idempotent(idempotencyKey);
    }

    @GetMapping("/{sensor}/readings")
    List<ReadingEvent> read(
            @PathVariable @Pattern(regexp = NAME, message = NAME_MESSAGE) String sensor,
            @RequestParam(required = false) @PositiveOrZero @Nullable Long last,
            @RequestParam(required = false) @Nullable EventId from) {
        if (last != null && from != null) {
            throw ProblemAdvice.badRequest("last", "cannot be combined with 'from'");
        }
        Tail tail = last != null ? Tail.last(last) : from != null ? Tail.from(from) : Tail.all();
        return sensors.readings(sensor).read(tail).stream()
                .map(ReadingEvent::of)
                .toList();
    }

    /**
     * Returns a page of readings: {@code ?order=newest&limit=20} for the newest, and {@code &before=} with the id in
     * {@code next} for older ones.
     */
    // tag::code[]
    @GetMapping("/{sensor}/readings/page")
    EventPage<TypedEvent<Reading>> page(
            @PathVariable @Pattern(regexp = NAME, message = NAME_MESSAGE) String sensor, EventRange range) {
        return sensors.readings(sensor).read(range);
    }
    // end::code[]

    /** Streams the stored readings and then each new one, for programs. The page has a stream of its own. */
    @GetMapping(path = "/{sensor}/readings/stream", produces = MediaType.TEXT_EVENT_STREAM_VALUE)
    SseEmitter follow(@PathVariable @Pattern(regexp = NAME, message = NAME_MESSAGE) String sensor) {
        return sse.follow(EventStream.of(
                sensors.readings(sensor),
                Tail.all(),
                source -> source.body(event -> ServerSentEvent.builder(ReadingEvent.of(event))
                        .event("reading")
                        .build())));
    }
}
