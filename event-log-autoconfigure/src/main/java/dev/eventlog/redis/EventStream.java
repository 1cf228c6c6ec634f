package dev.eventlog.redis;

import dev.eventlog.AddOptions;
import dev.eventlog.AddOutcomeUnknownException;
import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.EventLogException;
import dev.eventlog.EventLogOptions;
import dev.eventlog.EventLogUnavailableException;
import dev.eventlog.UnexpectedLastIdException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.core.io.ClassPathResource;
import org.springframework.dao.QueryTimeoutException;
import org.springframework.data.domain.Range;
import org.springframework.data.domain.Range.Bound;
import org.springframework.data.redis.connection.Limit;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisPipelineException;
import org.springframework.data.redis.connection.RedisStreamCommands;
import org.springframework.data.redis.connection.RedisStreamCommands.XAddOptions;
import org.springframework.data.redis.connection.ReturnType;
import org.springframework.data.redis.connection.stream.ByteRecord;
import org.springframework.data.redis.connection.stream.MapRecord;
import org.springframework.data.redis.connection.stream.RecordId;
import org.springframework.data.redis.connection.stream.StreamInfo.XInfoStream;
import org.springframework.data.redis.connection.stream.StreamOffset;
import org.springframework.data.redis.connection.stream.StreamReadOptions;
import org.springframework.data.redis.connection.stream.StreamRecords;
import org.springframework.data.redis.core.RedisCallback;
import org.springframework.data.redis.core.StreamOperations;
import org.springframework.data.redis.core.StringRedisTemplate;
import org.springframework.data.redis.core.script.RedisScript;

/**
 * The commands on one log's stream: the only place that asks Redis. Thread-safe; every failure is an
 * {@link EventLogException}.
 */
final class EventStream {

    private static final RedisScript<List<String>> ADD = script("add.lua");
    private static final RedisScript<List<String>> STATE = script("state.lua");

    private static final int REST = 5;
    private static final int STATE_SIZE = 6;

    private static final int SMALL = 1_000; // bytes of an event

    private final String log;
    private final String key;
    private final byte[] rawKey;
    private final Connections connections;
    private final StringRedisTemplate redis;
    private final int pageSize;
    private final EventLogOptions options;

    EventStream(String log, String key, Connections connections, int pageSize, EventLogOptions options) {
        this.log = log;
        this.options = options;
        this.key = key;
        this.rawKey = RawStreams.bytes(key);
        this.connections = connections;
        this.redis = connections.commands();
        this.pageSize = pageSize;
    }

    /** By its text: of one by its resource Spring asks at each use whether that file was modified. */
    @SuppressWarnings({"unchecked", "rawtypes"})
    private static RedisScript<List<String>> script(String name) {
        try {
            String text = new ClassPathResource(name, EventStream.class).getContentAsString(StandardCharsets.UTF_8);
            return (RedisScript) RedisScript.of(text, List.class);
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    String log() {
        return log;
    }

    String key() {
        return key;
    }

    EventLogOptions options() {
        return options;
    }

    /** {@code XADD}, where nothing else must happen with it. */
    EventId add(Map<String, String> event, AddOptions terms) {
        if (options.hasTtl() || !terms.equals(AddOptions.none())) {
            return addAll(List.of(event), terms).get(0);
        }
        return change(() -> {
            XAddOptions trimming = options.hasMaxLength() ? trimmedTo(options.maxLength()) : XAddOptions.none();
            RecordId id = streams().add(StreamRecords.newRecord().in(key).ofMap(event), trimming);
            return EventId.parse(answered(id).getValue());
        });
    }

    @SuppressWarnings("deprecation") // what takes its place came with Spring Data Redis 4.1
    private static XAddOptions trimmedTo(long maxLength) {
        return XAddOptions.maxlen(maxLength).approximateTrimming(true);
    }

    /** One script, so that all events come to stand in the log side by side, or none, in one round trip. */
    List<EventId> addAll(List<Map<String, String>> events, AddOptions terms) {
        List<String> keys = terms.idempotencyKey()
                .map(once -> List.of(key, RecordKey.of(log, key, once)))
                .orElse(List.of(key));
        int size = 4;
        for (Map<String, String> event : events) {
            size += 1 + 2 * event.size();
        }
        List<Object> arguments = new ArrayList<>(size);
        arguments.add(Long.toString(options.maxLength()));
        long ttl = options.ttlAfterLastAdd().toMillis();
        long retention = options.idempotencyRetention().toMillis();
        arguments.add(Long.toString(ttl));
        arguments.add(terms.expectedLastId().map(EventId::toString).orElse(""));
        arguments.add(Long.toString(options.hasTtl() ? Math.min(retention, ttl) : retention));
        for (Map<String, String> event : events) {
            arguments.add(Integer.toString(2 * event.size()));
            event.forEach((field, value) -> {
                arguments.add(field);
                arguments.add(value);
            });
        }
        List<String> answer = change(() -> answered(redis.execute(ADD, keys, arguments.toArray())));
        if (answer.get(0).isEmpty()) {
            throw new UnexpectedLastIdException(
                    log, terms.expectedLastId().orElseThrow(), EventId.parse(answer.get(1)));
        }
        if (answer.size() != events.size()) {
            throw new EventLogException(
                    log,
                    "Nothing was added to log '" + log + "': the idempotency key '"
                            + terms.idempotencyKey().orElseThrow() + "' stands for an add of " + answer.size()
                            + " events and not of " + events.size() + ". Choose another key for another add.",
                    null);
        }
        return answer.stream().map(EventId::parse).toList();
    }

    /**
     * Reads backwards, page by page. Backwards because trimming eats at the other end: whatever is removed meanwhile, the
     * events answered have no hole among them.
     *
     * @param newest the newest id to answer
     * @param after the id after which to stop
     * @param limit how many events to answer at most
     * @param page takes each page, newest event first
     */
    void backwards(EventId newest, EventId after, long limit, Consumer<List<Event>> page) {
        EventId oldest = after.next();
        EventId from = newest;
        long left = limit;
        while (left > 0 && from.compareTo(oldest) >= 0) {
            EventId upTo = from;
            int count = (int) Math.min(left, pageSize);
            List<Event> events = ask("read", () -> reverseRange(upTo, oldest, count));
            if (!events.isEmpty()) {
                page.accept(events);
            }
            if (events.size() < count) {
                return;
            }
            left -= count;
            from = events.get(count - 1).id().previous();
        }
    }

    /** {@code XRANGE}: the first events between two ids, both included. */
    List<Event> range(EventId oldest, EventId newest, int count) {
        return ask(
                "read",
                () -> connections.raw()
                        ? RawStreams.range(redis, key, "XRANGE", oldest.toString(), newest.toString(), count)
                        : events(commands -> commands.xRange(
                                rawKey, between(oldest, newest), Limit.limit().count(count))));
    }

    private List<Event> reverseRange(EventId newest, EventId oldest, int count) {
        return connections.raw()
                ? RawStreams.range(redis, key, "XREVRANGE", newest.toString(), oldest.toString(), count)
                : events(commands -> commands.xRevRange(
                        rawKey, between(oldest, newest), Limit.limit().count(count)));
    }

    /** Not by {@code opsForStream()}, which would make a record of each event in between. */
    private List<Event> events(Function<RedisStreamCommands, List<ByteRecord>> read) {
        List<ByteRecord> records = answered(
                redis.execute((RedisCallback<List<ByteRecord>>) connection -> read.apply(connection.streamCommands())));
        List<Event> events = new ArrayList<>(records.size());
        FieldNames names = new FieldNames();
        for (ByteRecord record : records) {
            names.ofNextEvent();
            Map<String, String> fields =
                    new LinkedHashMap<>(2 * record.getValue().size());
            record.getValue().forEach((field, value) -> fields.put(names.text(field), RawStreams.text(value)));
            events.add(new Event(EventId.parse(record.getId().getValue()), fields));
        }
        return events;
    }

    StreamState state() {
        return state(ask("read", () -> answered(redis.execute(STATE, List.of(key)))));
    }

    /**
     * The state of the stream, and the first events between two ids at that same moment.
     *
     * @param countRest whether to count the events after these ids, too
     */
    Snapshot snapshot(EventId oldest, EventId newest, int count, boolean countRest) {
        List<Object> arguments =
                new ArrayList<>(List.of(oldest.toString(), newest.toString(), Integer.toString(count)));
        if (countRest) {
            arguments.add("rest");
        }
        List<String> answer = ask("read", () -> answered(redis.execute(STATE, List.of(key), arguments.toArray())));
        List<Event> events = new ArrayList<>();
        for (int at = STATE_SIZE; at < answer.size(); ) {
            EventId id = EventId.parse(answer.get(at));
            int end = at + 2 + Integer.parseInt(answer.get(at + 1));
            Map<String, String> fields = new LinkedHashMap<>();
            for (at += 2; at < end; at += 2) {
                fields.put(answer.get(at), answer.get(at + 1));
            }
            events.add(new Event(id, fields));
        }
        if (answer.isEmpty()) {
            return new Snapshot(StreamState.ABSENT, events, 0);
        }
        String rest = answer.get(REST);
        return new Snapshot(state(answer), events, rest.isEmpty() ? Continuity.UNKNOWN : Long.parseLong(rest));
    }

    /**
     * Reads what comes, and sends the question for the state right behind: one round trip for both, and hardly anything can
     * happen in between. Where events are small {@code XINFO} is asked itself: it brings along the first and the last of them,
     * but takes the server a fraction of what the script takes. If the state is refused, as there is no such stream or the
     * server does not know the script, then what was read is not answered either, but is there to be read again.
     *
     * @param connection a connection that pipelines
     * @param small whether the events are, as far as the last poll showed
     */
    @SuppressWarnings("unchecked") // xRead takes an array
    Poll poll(RedisConnection connection, StreamReadOptions options, StreamOffset<byte[]> from, boolean small) {
        List<? extends @Nullable Object> answers;
        connection.openPipeline();
        try {
            connection.streamCommands().xRead(options, from);
            if (small) {
                connection.streamCommands().xInfo(from.getKey());
            } else {
                connection.scriptingCommands().evalSha(STATE.getSha1(), ReturnType.MULTI, 1, from.getKey());
            }
            answers = connection.closePipeline();
        } catch (RedisPipelineException failure) {
            if (RedisFailures.isOfState(failure)) {
                return new Poll(List.of(), null, false);
            }
            throw failure;
        }
        List<ByteRecord> records = records(answers.get(0));
        boolean smallNow = records.isEmpty() ? small : records.stream().allMatch(record -> isSmall(record.getValue()));
        Object state = answers.get(1);
        if (state instanceof XInfoStream info) {
            Map<Object, Object> first = info.getFirstEntry();
            return new Poll(records, unlessOlder(state(info), records), smallNow && (first == null || isSmall(first)));
        }
        return new Poll(
                records, state instanceof List<?> texts ? unlessOlder(state(texts(texts)), records) : null, smallNow);
    }

    /** A cluster's two questions may have been sent on to another node the other way round. */
    private static @Nullable StreamState unlessOlder(StreamState state, List<ByteRecord> records) {
        boolean older = !records.isEmpty()
                && EventId.parse(records.get(records.size() - 1).getId().getValue())
                        .isAfter(state.lastId());
        return older ? null : state;
    }

    /**
     * What a poll brought.
     *
     * @param records what was added
     * @param state what the stream knew of itself then; null if it is to be asked again
     * @param small whether the events were so small that it costs little to be sent two of them once more
     */
    record Poll(List<ByteRecord> records, @Nullable StreamState state, boolean small) {}

    private static boolean isSmall(Object part) {
        return size(part) <= SMALL;
    }

    private static int size(@Nullable Object part) {
        if (part instanceof Map<?, ?> fields) {
            int size = 0;
            for (Map.Entry<?, ?> field : fields.entrySet()) {
                size += size(field.getKey()) + size(field.getValue());
            }
            return size;
        }
        return part instanceof byte[] text ? text.length : 0;
    }

    private static StreamState state(XInfoStream info) {
        Map<String, Object> known = info.getRaw();
        String first = info.firstEntryId();
        Object added = known.get("entries-added");
        Object deleted = known.get("max-deleted-entry-id");
        return new StreamState(
                true,
                info.streamLength(),
                EventId.parse(info.lastGeneratedId()),
                first == null ? null : EventId.parse(first),
                added == null ? StreamState.UNKNOWN : (Long) added,
                deleted == null ? EventId.MIN : EventId.parse(deleted.toString()));
    }

    @SuppressWarnings("unchecked") // as xRead declares it
    private static List<ByteRecord> records(@Nullable Object answer) {
        return answer == null ? List.of() : (List<ByteRecord>) answer;
    }

    private static List<String> texts(List<?> answer) {
        return answer.stream().map(RawStreams::text).toList();
    }

    /**
     * A moment in the life of a stream.
     *
     * @param state what it knew of itself
     * @param events the first events between two ids
     * @param rest how many came after these ids; unknown unless it was asked for
     */
    record Snapshot(StreamState state, List<Event> events, long rest) {}

    private static StreamState state(List<String> answer) {
        if (answer.isEmpty()) {
            return StreamState.ABSENT;
        }
        String first = answer.get(2);
        String added = answer.get(3);
        String deleted = answer.get(4);
        return new StreamState(
                true,
                Long.parseLong(answer.get(0)),
                EventId.parse(answer.get(1)),
                first.isEmpty() ? null : EventId.parse(first),
                added.isEmpty() ? StreamState.UNKNOWN : Long.parseLong(added),
                deleted.isEmpty() ? EventId.MIN : EventId.parse(deleted));
    }

    long size() {
        return ask("read", () -> answered(streams().size(key)));
    }

    boolean exists() {
        return ask("read", () -> answered(redis.hasKey(key)));
    }

    boolean delete() {
        return ask("delete", () -> answered(redis.delete(key)));
    }

    EventLogException translate(String what, Throwable failure) {
        return RedisFailures.translate(log, key, what, failure);
    }

    static Event event(MapRecord<String, String, String> entry) {
        return new Event(EventId.parse(entry.getId().getValue()), entry.getValue());
    }

    private static Range<String> between(EventId oldest, EventId newest) {
        return Range.of(
                oldest.equals(EventId.MIN) ? Bound.unbounded() : Bound.inclusive(oldest.toString()),
                newest.equals(EventId.MAX) ? Bound.unbounded() : Bound.inclusive(newest.toString()));
    }

    private StreamOperations<String, String, String> streams() {
        return redis.opsForStream();
    }

    private <T> T ask(String what, Supplier<T> question) {
        long begun = System.nanoTime();
        try {
            T answer = question.get();
            connections.answered();
            return answer;
        } catch (RuntimeException failure) {
            if (failure instanceof QueryTimeoutException) {
                connections.unanswered(begun);
            }
            throw translate(what, failure);
        }
    }

    /** Asks for events to be added: who gets no answer does not know whether they were. */
    private <T> T change(Supplier<T> question) {
        try {
            return ask("add to", question);
        } catch (EventLogUnavailableException failure) {
            throw RedisFailures.isKnownToHaveDoneNothing(failure.getCause())
                    ? failure
                    : new AddOutcomeUnknownException(log, failure);
        }
    }

    /** Spring Data answers null only inside a pipeline or transaction. */
    private static <T> T answered(@Nullable T answer) {
        if (answer == null) {
            throw new IllegalStateException(
                    "An event log cannot be used inside a pipeline or a Redis transaction: its answers come too late there");
        }
        return answer;
    }
}
