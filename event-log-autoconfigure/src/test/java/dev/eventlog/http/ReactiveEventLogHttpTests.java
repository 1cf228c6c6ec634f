package dev.eventlog.http;

import dev.eventlog.test.TestApplication;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.springframework.boot.WebApplicationType;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.http.client.ReactorResourceFactory;

/** What clients of a WebFlux server get. */
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
        own.setUseGlobalResources(false); // else an application that is closed takes those of the others with it
        own.setShutdownQuietPeriod(Duration.ZERO);
        return TestApplication.startWebWith(
                configuration, WebApplicationType.REACTIVE, ReactorResourceFactory.class, own, properties);
    }
}
