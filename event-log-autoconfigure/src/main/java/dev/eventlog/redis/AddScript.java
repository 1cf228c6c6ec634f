package dev.eventlog.redis;

import dev.eventlog.AddOptions;
import dev.eventlog.EventId;
import dev.eventlog.EventLogException;
import dev.eventlog.EventLogOptions;
import dev.eventlog.UnexpectedLastIdException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.data.redis.connection.RedisStreamCommands.XAddOptions;
import org.springframework.data.redis.connection.stream.RecordId;
import org.springframework.data.redis.connection.stream.StreamRecords;
import org.springframework.data.redis.core.StringRedisTemplate;
import org.springframework.data.redis.core.script.RedisScript;

/** Adds events to one log: with one command, or with one script in which all parts of the add happen atomically. */
final class AddScript {

    /** Created from text: for a script from a resource, Spring checks at each use whether the file was modified. */
    @SuppressWarnings({"unchecked", "rawtypes"})
    private static final RedisScript<List<String>> ADD =
            (RedisScript) RedisScript.of(Script.text("add.lua"), List.class);

    private final String log;
    private final String key;
    private final StringRedisTemplate redis;
    private final EventLogOptions options;

    AddScript(String log, String key, StringRedisTemplate redis, EventLogOptions options) {
        this.log = log;
        this.key = key;
        this.redis = redis;
        this.options = options;
    }

    /**
     * Returns whether a single {@code XADD} is enough because nothing else must happen with it. Only the clock of Redis knows
     * which events are too old.
     */
    boolean isPlain(AddOptions terms) {
        return !options.hasTtl() && !options.hasMaxAge() && terms.equals(AddOptions.none());
    }

    EventId plain(Map<String, String> event) {
        XAddOptions trimming = options.hasMaxLength() ? trimmedTo(options.maxLength()) : XAddOptions.none();
        RecordId id = redis.<String, String>opsForStream()
                .add(StreamRecords.newRecord().in(key).ofMap(event), trimming);
        return EventId.parse(answered(id).getValue());
    }

    @SuppressWarnings("deprecation") // what takes its place came with Spring Data Redis 4.1
    private static XAddOptions trimmedTo(long maxLength) {
        return XAddOptions.maxlen(maxLength).approximateTrimming(true);
    }

    /**
     * {@return sends one script, which adds all events next to each other or none of them, in one round trip}
     *
     * @throws IllegalArgumentException if such an add is not possible; nothing was sent
     */
    Supplier<List<String>> prepared(List<Map<String, String>> events, AddOptions terms) {
        List<String> keys = terms.idempotencyKey()
                .map(once -> List.of(key, RecordKey.of(log, key, once)))
                .orElse(List.of(key));
        int size = 6;
        for (Map<String, String> event : events) {
            size += 1 + 2 * event.size();
        }
        List<Object> arguments = new ArrayList<>(size);
        arguments.add(Long.toString(options.maxLength()));
        Duration ttl = options.ttlAfterLastAdd();
        Duration retention = options.idempotencyRetention();
        arguments.add(Long.toString(ttl.toMillis()));
        arguments.add(terms.expectedLastId().map(EventId::toString).orElse(""));
        boolean ttlEndsIt = options.hasTtl() && ttl.compareTo(retention) < 0;
        arguments.add(Long.toString((ttlEndsIt ? ttl : retention).toMillis()));
        arguments.add(Integer.toString(events.size()));
        arguments.add(Long.toString(options.maxAge().toMillis()));
        for (Map<String, String> event : events) {
            append(event, arguments);
        }
        return () -> answered(redis.execute(ADD, keys, arguments.toArray()));
    }

    /** Appends the number of texts, followed by the fields and values in turn. */
    static void append(Map<String, String> fields, List<Object> arguments) {
        arguments.add(Integer.toString(2 * fields.size()));
        fields.forEach((field, value) -> {
            arguments.add(field);
            arguments.add(value);
        });
    }

    /** {@return the ids in the script's answer} */
    List<EventId> ids(List<String> answer, int events, AddOptions terms) {
        if (answer.get(0).isEmpty()) {
            throw new UnexpectedLastIdException(
                    log, terms.expectedLastId().orElseThrow(), EventId.parse(answer.get(1)));
        }
        if (answer.size() != events) {
            throw new EventLogException(
                    log,
                    "Nothing was added to log '" + log + "': the idempotency key '"
                            + terms.idempotencyKey().orElseThrow() + "' belongs to an add of " + answer.size()
                            + " events, not of " + events + ". Choose another key for another add.",
                    null);
        }
        return answer.stream().map(EventId::parse).toList();
    }

    /** Spring Data answers null only inside a pipeline or transaction. */
    static <T> T answered(@Nullable T answer) {
        if (answer == null) {
            throw new IllegalStateException(
                    "An event log cannot be used inside a pipeline or a Redis transaction, because replies come too late there:"
                            + " call it before or after it");
        }
        return answer;
    }
}
