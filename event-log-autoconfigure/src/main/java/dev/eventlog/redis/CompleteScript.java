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
import org.jspecify.annotations.Nullable;
import org.springframework.data.redis.core.StringRedisTemplate;
import org.springframework.data.redis.core.script.RedisScript;

/** How one log is ended: by one script, which adds a last event and the entry that ends the log, or does nothing. */
public final class CompleteScript {

    /**
     * What was done.
     *
     * @param now whether the log was ended by this; if not, it had ended in the same way before
     * @param lastEvent the id of the last event, if one was given
     */
    public record Done(boolean now, @Nullable EventId lastEvent) {}

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

    /** {@return what sends the script} */
    Supplier<List<String>> prepared(Completion completion, @Nullable Map<String, String> lastEvent) {
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
        if (lastEvent != null) {
            AddScript.append(lastEvent, arguments);
        }
        return () -> AddScript.answered(redis.execute(COMPLETE, List.of(key), arguments.toArray()));
    }

    /** {@return what the script answered} */
    Done done(List<String> answer) {
        String what = answer.get(0);
        if (what.equals(DONE) || what.equals(SAME)) {
            return new Done(what.equals(DONE), answer.size() > 1 ? EventId.parse(answer.get(1)) : null);
        }
        throw new EventLogCompletedException(
                log, Closing.completion(answer.get(1), answer.size() > 2 ? answer.get(2) : null), null);
    }
}
