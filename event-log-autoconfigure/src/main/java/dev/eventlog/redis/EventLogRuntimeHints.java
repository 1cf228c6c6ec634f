package dev.eventlog.redis;

import dev.eventlog.EventId;
import org.jspecify.annotations.Nullable;
import org.springframework.aot.hint.MemberCategory;
import org.springframework.aot.hint.ReflectionHints;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.RuntimeHintsRegistrar;
import org.springframework.aot.hint.TypeReference;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisStreamCommands;
import org.springframework.util.ClassUtils;

/**
 * Runtime hints for a native image: the resources and classes that this package looks up by name, the proxies of
 * {@link ContainerPoller} and {@link JedisConnections}, and the methods of {@link EventId} that Spring's conversion calls.
 */
final class EventLogRuntimeHints implements RuntimeHintsRegistrar {

    @Override
    public void registerHints(RuntimeHints hints, @Nullable ClassLoader loader) {
        hints.resources().registerPattern("dev/eventlog/redis/*.lua");
        hints.proxies().registerJdkProxy(RedisConnection.class, RedisStreamCommands.class);
        ReflectionHints reflection = hints.reflection();
        reflection.registerType(EventId.class, MemberCategory.INVOKE_PUBLIC_METHODS);
        if (ClassUtils.isPresent(Drivers.JEDIS, loader)) {
            reflection.registerType(TypeReference.of(Drivers.JEDIS));
            JedisConnections.registerHints(hints.proxies());
        }
        if (ClassUtils.isPresent(Drivers.LETTUCE, loader)) {
            reflection.registerType(TypeReference.of(Drivers.LETTUCE));
            LettuceConnections.registerHints(reflection);
        }
    }
}
