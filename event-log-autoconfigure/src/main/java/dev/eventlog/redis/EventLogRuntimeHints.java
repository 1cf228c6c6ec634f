package dev.eventlog.redis;

import org.jspecify.annotations.Nullable;
import org.springframework.aot.hint.ReflectionHints;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.RuntimeHintsRegistrar;
import org.springframework.aot.hint.TypeReference;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisStreamCommands;
import org.springframework.util.ClassUtils;

/**
 * What this package finds by its name, and the proxy of {@link ContainerPoller}: a native image has those only if it is told.
 */
final class EventLogRuntimeHints implements RuntimeHintsRegistrar {

    @Override
    public void registerHints(RuntimeHints hints, @Nullable ClassLoader loader) {
        hints.resources().registerPattern("dev/eventlog/redis/*.lua");
        hints.proxies().registerJdkProxy(RedisConnection.class, RedisStreamCommands.class);
        ReflectionHints reflection = hints.reflection();
        reflection.registerTypeIfPresent(loader, Drivers.JEDIS);
        if (ClassUtils.isPresent(Drivers.LETTUCE, loader)) {
            reflection.registerType(TypeReference.of(Drivers.LETTUCE));
            LettuceConnections.registerHints(reflection);
        }
    }
}
