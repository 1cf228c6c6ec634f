package dev.eventlog.sample;

import java.io.IOException;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.data.redis.autoconfigure.DataRedisConnectionDetails;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Condition;
import org.springframework.context.annotation.ConditionContext;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.type.AnnotatedTypeMetadata;
import redis.embedded.RedisServer;
import redis.embedded.core.PortProvider;

/**
 * Starts a real Redis of the sample's own if none is configured, so that a JDK is all it takes to try it. It keeps nothing
 * on disk: when the application ends, its logs are gone.
 */
@Configuration(proxyBeanMethods = false)
@Conditional(EmbeddedRedisConfiguration.NoRedisConfigured.class)
class EmbeddedRedisConfiguration {

    private static final Logger logger = LoggerFactory.getLogger(EmbeddedRedisConfiguration.class);

    // Everything that talks to Redis depends on this bean through the connection details, so it starts first and stops
    // last.
    @Bean(initMethod = "start", destroyMethod = "stop")
    RedisServer embeddedRedis() throws IOException {
        return RedisServer.newRedisServer()
                .bind("127.0.0.1")
                .port(PortProvider.newEphemeralPortProvider().get())
                .setting("save \"\"")
                .setting("appendonly no")
                .soutListener(line -> logger.debug("Redis: {}", line))
                .build();
    }

    @Bean
    DataRedisConnectionDetails embeddedRedisConnectionDetails(RedisServer embeddedRedis) {
        int port = embeddedRedis.ports().get(0);
        logger.info(
                "No Redis is configured: started an embedded one on 127.0.0.1:{}. Its data ends with the application;"
                        + " set spring.data.redis.host or spring.data.redis.url to use yours.",
                port);
        return new DataRedisConnectionDetails() {
            @Override
            public Standalone getStandalone() {
                return Standalone.of("127.0.0.1", port);
            }
        };
    }

    static class NoRedisConfigured implements Condition {

        @Override
        public boolean matches(ConditionContext context, AnnotatedTypeMetadata metadata) {
            // Asks the binder, not the environment: it also knows lists, and SPRING_DATA_REDIS_HOST.
            Binder binder = Binder.get(context.getEnvironment());
            return Stream.of("host", "port", "url", "sentinel.nodes", "cluster.nodes", "masterreplica.nodes")
                    .map(name -> binder.bind("spring.data.redis." + name, Bindable.listOf(String.class)))
                    .noneMatch(found -> found.isBound());
        }
    }
}
