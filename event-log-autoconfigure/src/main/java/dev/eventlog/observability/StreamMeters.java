package dev.eventlog.observability;

import dev.eventlog.sse.EventStreamStatistics;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.List;
import java.util.function.ToLongFunction;

/** Meters of the streams to web clients. They have no tag for the log, because one stream can send many logs. Thread-safe. */
final class StreamMeters implements MeterBinder {

    private final List<EventStreamStatistics> streams;

    StreamMeters(List<EventStreamStatistics> streams) {
        this.streams = streams;
    }

    @Override
    public void bindTo(MeterRegistry registry) {
        Gauge.builder("eventlog.web.streams", this, all -> all.sum(EventStreamStatistics::openStreams))
                .description("Open streams to web clients.")
                .register(registry);
        FunctionCounter.builder("eventlog.web.resumes", this, all -> all.sum(EventStreamStatistics::resumedStreams))
                .description("Streams to web clients that continued after an id of the client.")
                .register(registry);
        FunctionCounter.builder("eventlog.web.gaps", this, all -> all.sum(EventStreamStatistics::reportedGaps))
                .description("Gaps that were reported to web clients.")
                .register(registry);
    }

    private long sum(ToLongFunction<EventStreamStatistics> number) {
        return streams.stream().mapToLong(number).sum();
    }
}
