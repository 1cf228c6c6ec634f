package dev.eventlog.sample;

import dev.eventlog.EventBatchListener;
import dev.eventlog.Gap;
import dev.eventlog.TypedEvent;
import java.io.IOException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.http.MediaType;
import org.springframework.web.servlet.mvc.method.annotation.ResponseBodyEmitter.DataWithMediaType;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;

/**
 * What one client gets: readings, each with its id in the log, and by name {@code sensor} (there is one of that name),
 * {@code caught-up}, {@code gap}, {@code end} (reconnect to go on) and {@code failed} (do not).
 */
class ReadingStream implements EventBatchListener<TypedEvent<Reading>> {

    private static final Logger logger = LoggerFactory.getLogger(ReadingStream.class);

    private final SseEmitter emitter = new SseEmitter(0L); // 0: never times out
    private volatile boolean sending;

    ReadingStream() {
        send(SseEmitter.event().reconnectTime(1000).build());
    }

    SseEmitter emitter() {
        return emitter;
    }

    @Override
    public void onBatch(List<TypedEvent<Reading>> batch) {
        // One write and one flush for all of them.
        Set<DataWithMediaType> parts = new LinkedHashSet<>();
        for (TypedEvent<Reading> event : batch) {
            parts.addAll(SseEmitter.event()
                    .id(event.id().toString())
                    .data(ReadingEvent.of(event), MediaType.APPLICATION_JSON)
                    .build());
        }
        send(parts);
    }

    void sendSensors(List<TypedEvent<Sensors.Sensor>> batch) {
        for (TypedEvent<Sensors.Sensor> event : batch) {
            send(SseEmitter.event().name("sensor").data(event.value().name()).build());
        }
    }

    @Override
    public void onCaughtUp() {
        send(SseEmitter.event().name("caught-up").data("").build());
    }

    @Override
    public void onGap(Gap gap) {
        send(SseEmitter.event()
                .name("gap")
                .data(MissedReadings.of(gap), MediaType.APPLICATION_JSON)
                .build());
    }

    @Override
    public void onFailure(String log, Throwable failure) {
        logger.warn("A client's stream of log '{}' has failed: {}", log, failure.toString());
    }

    void end(@Nullable Throwable failure) {
        send(SseEmitter.event()
                .name(failure == null ? "end" : "failed")
                .data(failure == null ? "The server is shutting down" : String.valueOf(failure.getMessage()))
                .build());
        emitter.complete();
    }

    void sendHeartbeat() {
        // Not to one that is being sent to: it may be slow, and the others would have to wait for it.
        if (!sending) {
            send(SseEmitter.event().comment("").build());
        }
    }

    private void send(Set<DataWithMediaType> parts) {
        sending = true;
        try {
            emitter.send(parts);
        } catch (IOException | IllegalStateException gone) {
            // The client has closed the connection. The server notices too, and its onCompletion ends the followers.
            logger.debug("A client has gone: {}", gone.toString());
        } finally {
            sending = false;
        }
    }

    record MissedReadings(
            Gap.Kind kind, String firstAvailable, @Nullable Long missed) {

        static MissedReadings of(Gap gap) {
            return new MissedReadings(
                    gap.kind(),
                    gap.firstAvailable().toString(),
                    gap.missed().isPresent() ? gap.missed().getAsLong() : null);
        }
    }
}
