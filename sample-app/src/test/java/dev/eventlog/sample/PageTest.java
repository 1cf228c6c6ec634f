package dev.eventlog.sample;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.context.ConfigurableApplicationContext;
import redis.embedded.RedisServer;

/** Opens the page of the sample in a real browser. Keeps pictures in {@code target/pictures}. */
abstract class PageTest {

    @TempDir
    private static Path profile;

    static Browser browser;

    final RedisServer redis = newRedis();

    ConfigurableApplicationContext application;

    @BeforeAll
    static void startBrowser() {
        browser = new Browser(profile);
    }

    @AfterAll
    static void stopBrowser() {
        if (browser != null) {
            browser.close();
        }
    }

    @BeforeEach
    void startAll() throws IOException {
        redis.start();
        application = RunningSample.start(redis, 0, "--sample.model.pace=200ms", "--eventlog.follow.sweep-interval=1s");
        browser.open("about:blank");
    }

    @AfterEach
    void stopAll() throws IOException {
        application.close();
        redis.stop();
    }

    String page() {
        return "http://localhost:" + RunningSample.port(application) + "/#garden";
    }

    static void awaitLive(String tab) {
        browser.show(tab);
        browser.awaitText("#state", "Live");
    }

    private static RedisServer newRedis() {
        try {
            return RunningSample.newRedis();
        } catch (IOException ex) {
            throw new IllegalStateException(ex);
        }
    }
}
