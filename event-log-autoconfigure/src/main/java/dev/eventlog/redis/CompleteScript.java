package dev.eventlog.redis;

import dev.eventlog.Completion;
import dev.eventlog.EventId;
import dev.eventlog.EventLogCompletedException;
import dev.eventlog.EventLogOptions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.springframework.data.redis.core.StringRedisTemplate;
import org.springframework.data.redis.core.script.RedisScript;

/** Ends one log with one script, which adds the last events and the entry that ends the log, or does nothing. */
public final class CompleteScript {

    /**
     * The result.
     *
     * @param now whether this call ended the log; false if it had already ended in the same way
     * @param lastEvents the ids of the last events
     */
    public record Done(boolean now, List<EventId> lastEvents) {}

    @SuppressWarnings({"unchecked", "rawtypes"})
    private static final RedisScript<List<String>> COMPLETE =
            (RedisScript) RedisScript.of(Script.text("complete.lua"), List.class);

    private static final String DONE = "done";
    private static final String SAME = "same";

    private final String log;
    private final String key;
    private final StringRedisTemplate redis;
    private final EventLogOptions options;

    CompleteScript(String log, String key, StringRedisTemplate redis, EventLogOptions options) {
        this.log = log;
        this.key = key;
        this.redis = redis;
        this.options = options;
    }

    /** {@return sends the script} */
    Supplier<List<String>> prepared(Completion completion, List<Map<String, String>> lastEvents) {
        Map<String, String> closing = new LinkedHashMap<>();
        closing.put(Closing.COMPLETE, Closing.text(completion.kind()));
        if (completion.reason() != null) {
            closing.put(Closing.REASON, completion.reason());
        }
        List<Object> arguments = new ArrayList<>();
        arguments.add(Long.toString(options.maxLength()));
        arguments.add(Long.toString(options.ttlOfCompleted().toMillis()));
        arguments.add(Long.toString(options.maxAge().toMillis()));
        AddScript.append(closing, arguments);
        lastEvents.forEach(event -> AddScript.append(event, arguments));
        return () -> AddScript.answered(redis.execute(COMPLETE, List.of(key), arguments.toArray()));
    }

    /** {@return the result in the script's answer} */
    Done done(List<String> answer) {
        String what = answer.get(0);
        if (what.equals(DONE) || what.equals(SAME)) {
            List<EventId> ids = answer.subList(1, answer.size()).stream()
                    .map(EventId::parse)
                    .toList();
            return new Done(what.equals(DONE), ids);
        }
        throw new EventLogCompletedException(
                log, Closing.completion(answer.get(1), answer.size() > 2 ? answer.get(2) : null), null);
    }
}
