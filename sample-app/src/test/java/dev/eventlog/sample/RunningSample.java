package dev.eventlog.sample;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;
import redis.embedded.RedisServer;
import redis.embedded.core.PortProvider;

/** A Redis that outlives the applications on it, and applications as a person would start them. */
final class RunningSample {

    private RunningSample() {}

    static RedisServer newRedis() throws IOException {
        return RedisServer.newRedisServer()
                .bind("127.0.0.1")
                .port(PortProvider.newEphemeralPortProvider().get())
                .setting("save \"\"")
                .setting("appendonly no")
                .soutListener(line -> {})
                .build();
    }

    /** Starts one without the feeder. */
    static ConfigurableApplicationContext start(RedisServer redis, int port) {
        return start(redis, "--server.port=" + port, "--sample.feeder.enabled=false");
    }

    /** Starts one that feeds, faster than a person could watch. */
    static ConfigurableApplicationContext startFeeding(RedisServer redis) {
        return start(redis, "--server.port=0", "--sample.feeder.interval=5ms");
    }

    private static ConfigurableApplicationContext start(RedisServer redis, String... arguments) {
        List<String> all = new ArrayList<>(List.of(arguments));
        all.add("--spring.data.redis.host=127.0.0.1");
        all.add("--spring.data.redis.port=" + redis.ports().get(0));
        return SpringApplication.run(SampleApplication.class, all.toArray(String[]::new));
    }

    static int port(ConfigurableApplicationContext application) {
        return application.getEnvironment().getRequiredProperty("local.server.port", Integer.class);
    }
}
