package dev.eventlog.sample;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.config.DestructionAwareBeanPostProcessor;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.data.redis.autoconfigure.DataRedisProperties;
import org.springframework.core.env.Environment;
import org.springframework.stereotype.Component;
import redis.embedded.RedisServer;
import redis.embedded.core.PortProvider;

/**
 * Starts an embedded Redis server if none is configured, so that the sample needs only a JDK. The server keeps nothing
 * on disk: when the application ends, its logs are gone.
 *
 * <p>Every bean that uses Redis depends on the connection properties, so the server starts first and stops last. A
 * conditional bean would not work, because the sample is also processed ahead of time, which evaluates conditions only
 * once.
 */
@Component
class EmbeddedRedis implements DestructionAwareBeanPostProcessor {

    private static final Logger logger = LoggerFactory.getLogger(EmbeddedRedis.class);

    private static final String HOST = "127.0.0.1";

    private final Environment environment;
    private @Nullable RedisServer server;

    EmbeddedRedis(Environment environment) {
        this.environment = environment;
    }

    @Override
    public Object postProcessAfterInitialization(Object bean, String name) {
        if (bean instanceof DataRedisProperties properties && !isRedisConfigured()) {
            int port = start();
            properties.setHost(HOST);
            properties.setPort(port);
            logger.info(
                    "No Redis is configured: started an embedded one on {}:{}. It loses its data when the application ends;"
                            + " set spring.data.redis.host or spring.data.redis.url to use your own.",
                    HOST,
                    port);
        }
        return bean;
    }

    private boolean isRedisConfigured() {
        // Asks the binder, not the environment, because it also supports lists and SPRING_DATA_REDIS_HOST.
        Binder binder = Binder.get(environment);
        return Stream.of("host", "port", "url", "sentinel.nodes", "cluster.nodes", "masterreplica.nodes")
                .map(name -> binder.bind("spring.data.redis." + name, Bindable.listOf(String.class)))
                .anyMatch(found -> found.isBound());
    }

    private int start() {
        try {
            RedisServer started = RedisServer.newRedisServer()
                    .bind(HOST)
                    .port(PortProvider.newEphemeralPortProvider().get())
                    .setting("save \"\"")
                    .setting("appendonly no")
                    .soutListener(line -> logger.debug("Redis: {}", line))
                    .build();
            started.start();
            server = started;
            return started.ports().get(0);
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    @Override
    public boolean requiresDestruction(Object bean) {
        return bean instanceof DataRedisProperties;
    }

    @Override
    public void postProcessBeforeDestruction(Object bean, String name) {
        if (bean instanceof DataRedisProperties && server != null) {
            try {
                server.stop();
            } catch (IOException ex) {
                throw new UncheckedIOException(ex);
            }
        }
    }
}
