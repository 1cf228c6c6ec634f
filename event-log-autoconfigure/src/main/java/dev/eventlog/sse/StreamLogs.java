package dev.eventlog.sse;

import dev.eventlog.EventId;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/** The logs that a stream reads: those that it names, and those that its patterns find. Thread-safe. */
final class StreamLogs {

    private static final Log logger = LogFactory.getLog(ClientStream.class);

    private final ClientStream<?> stream;
    private final Streams streams;
    private final StreamClient client;
    private final StreamCursor cursor;
    private final DueSignals signals;
    private final List<SourceReader> named = new ArrayList<>();
    private final List<PatternReader> patterns = new ArrayList<>();
    private final List<SourceReader> all = new CopyOnWriteArrayList<>(); // including the logs that patterns found
    private boolean closed; // guarded by this

    StreamLogs(
            ClientStream<?> stream,
            Streams streams,
            EventStream description,
            StreamClient client,
            StreamCursor cursor,
            DueSignals signals) {
        this.stream = stream;
        this.streams = streams;
        this.client = client;
        this.cursor = cursor;
        this.signals = signals;
        for (EventStream.Source<?> source : description.sources()) {
            EventId resumed = cursor.position(source.mark());
            named.add(new SourceReader(stream, source, false, resumed, streams.recovery()));
        }
        for (EventStream.SourcePattern pattern : description.patterns()) {
            patterns.add(new PatternReader(stream, this, streams, pattern, client));
        }
        all.addAll(named);
        named.forEach(signals::expect);
        patterns.forEach(signals::expect);
    }

    /** {@return whether the client may follow the logs} May block. */
    boolean mayFollow() {
        return named.stream().allMatch(source -> streams.mayFollow(client, source.log()))
                && patterns.stream().allMatch(PatternReader::mayFollow);
    }

    /** {@return whether the client may still follow the logs} Leaves out refused logs of patterns. May block. */
    boolean mayStillFollow() {
        try {
            boolean may = mayFollow();
            if (may) {
                patterns.forEach(PatternReader::checkAccess);
            }
            return may;
        } catch (RuntimeException unknown) {
            logger.error(
                    "Denying a client access to event logs, because EventStreamAccess threw an exception", unknown);
            return false;
        }
    }

    void start() {
        named.forEach(SourceReader::start);
        patterns.forEach(PatternReader::start);
    }

    /** Stops reading, and adds no more logs. */
    void close() {
        synchronized (this) {
            closed = true;
        }
        all.forEach(SourceReader::close);
        patterns.forEach(PatternReader::close);
    }

    /**
     * A pattern has found a log.
     *
     * @param source what to send from the log
     * @param pattern the pattern
     * @param atFirst whether this is the first search of the pattern
     * @return the reader of the log; null if the stream already has the log, is full, or ends
     */
    @Nullable
    SourceReader add(EventStream.Source<?> source, PatternReader pattern, boolean atFirst) {
        String mark = source.mark();
        SourceReader reader;
        synchronized (this) {
            if (closed || all.stream().anyMatch(other -> other.mark().equals(mark))) {
                return null;
            }
            reader = all.size() < EventStream.MOST_LOGS ? reader(source, mark, atFirst) : null;
        }
        if (reader == null) {
            pattern.tooMany();
        } else {
            reader.start();
        }
        return reader;
    }

    private SourceReader reader(EventStream.Source<?> source, String mark, boolean atFirst) {
        EventId resumed = cursor.position(mark);
        if (resumed == null && !(atFirst && cursor.isPartial())) {
            resumed = EventId.MIN; // the log has begun since then
        }
        if (cursor.size() >= EventStream.MOST_LOGS) {
            forgetUnknown();
        }
        SourceReader reader = new SourceReader(stream, source, true, resumed, streams.recovery());
        all.add(reader);
        signals.expectFound(reader, atFirst);
        return reader;
    }

    /** Stops reading a log of a pattern. */
    void remove(SourceReader reader) {
        reader.close();
        all.remove(reader);
    }

    /** Forgets the positions in logs that the stream does not have. */
    void forgetUnknown() {
        cursor.retain(all.stream().map(SourceReader::mark).toList());
    }
}
