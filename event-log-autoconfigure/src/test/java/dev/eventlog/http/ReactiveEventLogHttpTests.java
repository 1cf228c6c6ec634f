package dev.eventlog.http;

import dev.eventlog.test.TestApplication;
import org.junit.jupiter.api.Tag;
import org.springframework.boot.WebApplicationType;
import org.springframework.context.ConfigurableApplicationContext;

/** What clients of a WebFlux server get. */
@Tag("long")
class ReactiveEventLogHttpTests extends HttpTests {

    @Override
    ConfigurableApplicationContext start(Class<?> configuration, String... properties) {
        return closeLater(TestApplication.startWeb(configuration, WebApplicationType.REACTIVE, properties));
    }
}
