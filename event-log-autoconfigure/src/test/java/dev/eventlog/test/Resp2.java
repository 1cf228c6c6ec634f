package dev.eventlog.test;

import io.lettuce.core.protocol.ProtocolVersion;
import org.springframework.boot.data.redis.autoconfigure.LettuceClientOptionsBuilderCustomizer;
import org.springframework.context.ApplicationContextInitializer;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.util.ClassUtils;

/**
 * Test applications that use RESP2 with Lettuce, like Jedis does. {@code -Deventlog.test.resp2=true} applies to all of
 * them.
 */
public final class Resp2 {

    /** Makes an application use RESP2 if the system property is set. */
    static final ApplicationContextInitializer<GenericApplicationContext> IF_ASKED_FOR = context -> {
        if (Boolean.getBoolean("eventlog.test.resp2")) {
            speakIn(context);
        }
    };

    private Resp2() {}

    /**
     * Makes an application use RESP2.
     *
     * @param context the application, which has not started yet
     */
    public static void speakIn(GenericApplicationContext context) {
        if (ClassUtils.isPresent("io.lettuce.core.RedisClient", null)) {
            Lettuce.speakIn(context);
        }
    }

    /** A separate class, because Lettuce may be missing. */
    private static final class Lettuce {

        static void speakIn(GenericApplicationContext context) {
            context.registerBean(
                    "resp2",
                    LettuceClientOptionsBuilderCustomizer.class,
                    () -> builder -> builder.protocolVersion(ProtocolVersion.RESP2));
        }
    }
}
