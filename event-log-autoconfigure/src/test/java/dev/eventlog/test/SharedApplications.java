package dev.eventlog.test;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.springframework.boot.WebApplicationType;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.SmartLifecycle;

/**
 * Web applications that the tests of a class share, because a start takes longer than most tests: one for each
 * configuration and set of properties. It starts an application when a test first needs it, and closes it after the
 * last test. After each test, it ends the streams of all clients, so that they leave no follower to the next test.
 */
public final class SharedApplications implements AfterEachCallback, AfterAllCallback {

    private final List<Class<? extends SmartLifecycle>> streams;
    private final Map<List<Object>, ConfigurableApplicationContext> running = new HashMap<>();

    /**
     * Creates an extension that has no application yet.
     *
     * @param streams the types of the beans that open streams; an application has at most one of these beans
     */
    public SharedApplications(List<Class<? extends SmartLifecycle>> streams) {
        this.streams = streams;
    }

    /**
     * Returns an application on the {@link TestRedis}, for tests that neither stop nor change it.
     *
     * @param type its configuration
     * @param web the kind of web application
     * @param properties properties of the application, each as {@code name=value}
     * @return the application
     */
    public ConfigurableApplicationContext get(Class<?> type, WebApplicationType web, String... properties) {
        return running.computeIfAbsent(
                List.of(type, web, List.of(properties)), any -> TestApplication.startWeb(type, web, properties));
    }

    @Override
    public void afterEach(ExtensionContext context) {
        for (ConfigurableApplicationContext application : running.values()) {
            streams.stream()
                    .flatMap(type -> application.getBeanProvider(type).stream())
                    .forEach(bean -> {
                        bean.stop();
                        bean.start();
                    });
        }
    }

    @Override
    public void afterAll(ExtensionContext context) {
        running.values().forEach(ConfigurableApplicationContext::close);
    }
}
