package dev.eventlog.sse;

import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.context.SmartLifecycle;
import tools.jackson.databind.json.JsonMapper;

/** Starts and stops all streams of an application, and counts them, for any web stack. Thread-safe. */
abstract class WebStreams implements SmartLifecycle, DisposableBean, EventStreamStatistics {

    private final Streams streams;

    WebStreams(JsonMapper json, SseSettings settings, @Nullable EventStreamAccess access) {
        this.streams = new Streams(json, settings, access);
    }

    Streams streams() {
        return streams;
    }

    @Override
    public int openStreams() {
        return streams.opened();
    }

    @Override
    public long resumedStreams() {
        return streams.resumed();
    }

    @Override
    public long reportedGaps() {
        return streams.gaps();
    }

    @Override
    public void start() {
        streams.start();
    }

    /** Ends all streams, without waiting for their clients. */
    @Override
    public void stop() {
        stop(() -> {});
    }

    /** Ends all streams at the same time, and calls back when the last of them has ended. */
    @Override
    public void stop(Runnable callback) {
        streams.stop(callback);
    }

    @Override
    public boolean isRunning() {
        return streams.isRunning();
    }

    /** Stops the timer of the heartbeats. */
    @Override
    public void destroy() {
        streams.destroy();
    }
}
