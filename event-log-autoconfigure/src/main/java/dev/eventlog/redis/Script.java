package dev.eventlog.redis;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.core.io.ClassPathResource;
import org.springframework.data.redis.core.script.DigestUtils;

/**
 * A Lua script on one key, whose reply is needed as Redis sends it.
 *
 * @param text the script
 * @param sha the digest by which Redis knows the script
 */
record Script(String text, String sha) {

    static Script of(String resource) {
        String text = text(resource);
        return new Script(text, DigestUtils.sha1DigestAsHex(text));
    }

    static String text(String resource) {
        try {
            return new ClassPathResource(resource, Script.class).getContentAsString(StandardCharsets.UTF_8);
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    /** {@return the command that sends the whole script, and never fails because the server does not know it} */
    RawCommand command(String key, Object... arguments) {
        return command("EVAL", text, key, arguments);
    }

    /** {@return the command that runs the script by its digest, and fails if the server does not know it} */
    RawCommand digestCommand(String key, Object... arguments) {
        return command("EVALSHA", sha, key, arguments);
    }

    private static RawCommand command(String name, String script, String key, Object... arguments) {
        List<Object> all = new ArrayList<>(List.of(script, 1, key));
        all.addAll(Arrays.asList(arguments));
        return RawCommand.of(name, 2, all.toArray());
    }

    /** Runs the script by its digest, and sends the whole script to a server that does not know it. */
    @Nullable
    Object on(Line line, String key, Object... arguments) {
        try {
            return Inquiry.one(line, digestCommand(key, arguments));
        } catch (RuntimeException failure) {
            if (!RedisFailures.isUnknownScript(failure)) {
                throw failure;
            }
            return Inquiry.one(line, command(key, arguments));
        }
    }
}
