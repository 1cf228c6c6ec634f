package dev.eventlog.http;

import dev.eventlog.test.TestApplication;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.springframework.boot.WebApplicationType;
import org.springframework.context.ConfigurableApplicationContext;

/** Runs the tests with Tomcat. */
class EventLogHttpTests extends HttpTests {

    private static ConfigurableApplicationContext shared;

    @BeforeAll
    static void startShared() {
        shared = run(Application.class, settings());
    }

    @AfterAll
    static void closeShared() {
        shared.close();
    }

    @Override
    ConfigurableApplicationContext application() {
        return shared;
    }

    @Override
    ConfigurableApplicationContext start(Class<?> configuration, String... properties) {
        return closeLater(run(configuration, properties));
    }

    private static ConfigurableApplicationContext run(Class<?> configuration, String... properties) {
        return TestApplication.startWeb(configuration, WebApplicationType.SERVLET, properties);
    }
}
