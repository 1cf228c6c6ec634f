package dev.eventlog.http;

import dev.eventlog.test.TestApplication;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.springframework.boot.WebApplicationType;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.http.client.ReactorResourceFactory;

/** Runs the tests with WebFlux. */
class ReactiveEventLogHttpTests extends HttpTests {

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
        ReactorResourceFactory own = new ReactorResourceFactory();
        own.setUseGlobalResources(false); // otherwise a closed application also closes the resources of others
        own.setShutdownQuietPeriod(Duration.ZERO);
        return TestApplication.startWebWith(
                configuration, WebApplicationType.REACTIVE, ReactorResourceFactory.class, own, properties);
    }
}
