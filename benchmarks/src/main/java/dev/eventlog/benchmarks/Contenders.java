package dev.eventlog.benchmarks;

import dev.eventlog.EventLogFactory;
import io.lettuce.core.LettuceFutures;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.StatefulRedisConnection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.redisson.Redisson;
import org.redisson.api.RedissonClient;
import org.redisson.client.codec.StringCodec;
import org.redisson.config.Config;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.RedisStandaloneConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.data.redis.connection.lettuce.LettucePoolingClientConfiguration;
import org.springframework.data.redis.core.StringRedisTemplate;

/**
 * The contenders: this library, plain Spring Data Redis, raw Lettuce, and Redisson. Each one is created when it is
 * first needed.
 */
@State(Scope.Benchmark)
public class Contenders implements AutoCloseable {

    static final int MAX_LENGTH = 10_000;
    static final Duration TTL = Duration.ofHours(1);

    private static final String REDIS = "benchmarks.redis";

    @SpringBootConfiguration
    @EnableAutoConfiguration
    static class Application {}

    private @Nullable ConfigurableApplicationContext application;
    private @Nullable LettuceConnectionFactory pooled;
    private @Nullable RedisClient lettuceClient;
    private @Nullable StatefulRedisConnection<String, String> lettuce;
    private @Nullable RedissonClient redisson;

    /** {@return the address of the server of this run} */
    static String redisUri() {
        return System.getProperty(REDIS, "redis://127.0.0.1:6379");
    }

    /** {@return the JVM argument with the address of the server} */
    static String redisProperty(String uri) {
        return "-D" + REDIS + "=" + uri;
    }

    /** {@return an event with three fields and about 130 bytes} */
    static Map<String, String> event() {
        Map<String, String> event = new LinkedHashMap<>();
        event.put("sensor_id", "1234");
        event.put("temperature", "19.8");
        event.put("note", "measured on the roof, in the shade, by the second of the three thermometers there");
        return event;
    }

    /** {@return the Spring application, started on its first use} */
    ConfigurableApplicationContext application(String... properties) {
        ConfigurableApplicationContext running = application;
        if (running == null) {
            running = new SpringApplicationBuilder(Application.class)
                    .web(WebApplicationType.NONE)
                    .properties(
                            "spring.main.banner-mode=off",
                            "logging.level.root=WARN",
                            "spring.data.redis.repositories.enabled=false",
                            "spring.data.redis.url=" + redisUri())
                    .properties(properties)
                    .run();
            application = running;
        }
        return running;
    }

    /** {@return this library} */
    EventLogFactory library() {
        return application().getBean(EventLogFactory.class);
    }

    /** {@return plain Spring Data Redis} */
    StringRedisTemplate spring() {
        return application().getBean(StringRedisTemplate.class);
    }

    /** {@return the connections below the template of Spring Data Redis} */
    RedisConnectionFactory springConnections() {
        return application().getBean(RedisConnectionFactory.class);
    }

    /** {@return the same with a pool, as with {@code spring.data.redis.lettuce.pool.enabled}} */
    RedisConnectionFactory pooledSpringConnections() {
        LettuceConnectionFactory running = pooled;
        if (running == null) {
            RedisURI uri = RedisURI.create(redisUri());
            running = new LettuceConnectionFactory(
                    new RedisStandaloneConfiguration(uri.getHost(), uri.getPort()),
                    LettucePoolingClientConfiguration.builder().build());
            running.start();
            pooled = running;
        }
        return running;
    }

    /** {@return the connection of raw Lettuce, which all threads share} */
    StatefulRedisConnection<String, String> lettuce() {
        StatefulRedisConnection<String, String> open = lettuce;
        if (open == null) {
            open = newLettuce();
            lettuce = open;
        }
        return open;
    }

    /** {@return another connection of raw Lettuce, for a blocking read} */
    StatefulRedisConnection<String, String> newLettuce() {
        RedisClient client = lettuceClient;
        if (client == null) {
            client = RedisClient.create(RedisURI.create(redisUri()));
            lettuceClient = client;
        }
        return client.connect();
    }

    /** {@return Redisson} */
    RedissonClient redisson() {
        RedissonClient running = redisson;
        if (running == null) {
            Config config = new Config();
            config.setCodec(StringCodec.INSTANCE);
            config.useSingleServer()
                    .setAddress(redisUri())
                    .setTimeout(60_000); // the default of 3 s is too short to read 100,000 events
            running = Redisson.create(config);
            redisson = running;
        }
        return running;
    }

    /** Fills a log to a number of events, unless an earlier process has done so. */
    void fill(String key, int count) {
        var sync = lettuce().sync();
        if (sync.xlen(key) == count) {
            return;
        }
        sync.del(key);
        var async = lettuce().async();
        Map<String, String> event = event();
        for (int left = count; left > 0; left -= 1_000) {
            List<RedisFuture<String>> page = new ArrayList<>();
            for (int i = Math.min(left, 1_000); i > 0; i--) {
                page.add(async.xadd(key, event));
            }
            LettuceFutures.awaitAll(Duration.ofMinutes(1), page.toArray(RedisFuture[]::new));
        }
    }

    @Override
    @TearDown
    public void close() {
        if (application != null) {
            application.close();
        }
        if (pooled != null) {
            pooled.destroy();
        }
        if (lettuceClient != null) {
            lettuceClient.shutdown();
        }
        if (redisson != null) {
            redisson.shutdown();
        }
    }
}
