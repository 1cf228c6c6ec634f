package dev.eventlog.test;

import io.lettuce.core.protocol.ProtocolVersion;
import org.springframework.boot.data.redis.autoconfigure.LettuceClientOptionsBuilderCustomizer;
import org.springframework.context.ApplicationContextInitializer;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.util.ClassUtils;

/** Applications of the tests that speak RESP2 on Lettuce, as Jedis does: all of them with {@code -Deventlog.test.resp2=true}. */
public final class Resp2 {

    /** Makes an application speak it if the system property says so. */
    static final ApplicationContextInitializer<GenericApplicationContext> IF_ASKED_FOR = context -> {
        if (Boolean.getBoolean("eventlog.test.resp2")) {
            speakIn(context);
        }
    };

    private Resp2() {}

    /**
     * Makes an application speak it.
     *
     * @param context the application, which has not started yet
     */
    public static void speakIn(GenericApplicationContext context) {
        if (ClassUtils.isPresent("io.lettuce.core.RedisClient", null)) {
            Lettuce.speakIn(context);
        }
    }

    /** What is not looked at where there is no Lettuce. */
    private static final class Lettuce {

        static void speakIn(GenericApplicationContext context) {
            context.registerBean(
                    "resp2",
                    LettuceClientOptionsBuilderCustomizer.class,
                    () -> builder -> builder.protocolVersion(ProtocolVersion.RESP2));
        }
    }
}
