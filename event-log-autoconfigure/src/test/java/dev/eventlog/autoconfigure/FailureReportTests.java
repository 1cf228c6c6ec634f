package dev.eventlog.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;

import dev.eventlog.EventId;
import dev.eventlog.EventLogFactory;
import dev.eventlog.Gap;
import dev.eventlog.TypedEvent;
import dev.eventlog.annotation.EventLogListener;
import java.lang.reflect.Proxy;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.data.redis.connection.RedisConnectionFactory;

/** The report of an application that fails to start: what is wrong and what to do, without a stack trace. */
@ExtendWith(OutputCaptureExtension.class)
class FailureReportTests {

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Application {}

    static class OnPattern {
        @EventLogListener(logs = "orders:*", from = "1-1")
        void on(TypedEvent<OnOrder.Order> order) {}
    }

    static class OnGap {
        @EventLogListener(logs = "orders")
        void on(Gap gap) {}
    }

    static class OnIds {
        @EventLogListener(logs = "orders")
        void on(List<EventId> ids) {}
    }

    static class OnOrder {
        interface Order {}

        @EventLogListener(logs = "orders")
        void on(Order order) {}
    }

    static class WithPolicy {
        record Order(String id) {}

        @EventLogListener(logs = "orders", errorPolicy = "retrying")
        void on(Order order) {}
    }

    @Test
    void reportExplainsThatAPatternCannotStartAtAnId(CapturedOutput output) {
        assertThat(report(output, OnPattern.class))
                .contains(
                        "@EventLogListener(from = \"1-1\") on void " + OnPattern.class.getName(),
                        "an id belongs to one log, and 'orders:*' is a pattern",
                        "name the log");
    }

    @Test
    void reportNamesTheBeanThatReceivesGaps(CapturedOutput output) {
        assertThat(report(output, OnGap.class))
                .contains(OnGap.class.getName() + ".on(", "a bean of type EventLogErrorPolicy receives gaps");
    }

    @Test
    void reportExplainsThatALibraryTypeIsNotAnEvent(CapturedOutput output) {
        assertThat(report(output, OnIds.class)).contains("dev.eventlog.EventId is not a type of events");
    }

    @Test
    void reportExplainsWhyATypeCannotBeRead(CapturedOutput output) {
        assertThat(report(output, OnOrder.class))
                .contains(
                        OnOrder.class.getName() + ".on(",
                        "cannot follow log 'orders'",
                        "Order could not be read, because it is an interface and nothing tells the class of an event");
    }

    @Test
    void reportNamesTheMissingPolicy(CapturedOutput output) {
        assertThat(report(output, WithPolicy.class))
                .contains(
                        "@EventLogListener(errorPolicy = \"retrying\") on void " + WithPolicy.class.getName(),
                        "there is no bean 'retrying' of type EventLogErrorPolicy.",
                        "Declare the bean, or name another one.");
    }

    @Configuration(proxyBeanMethods = false)
    static class TwoConnections {

        @Bean
        RedisConnectionFactory cache() {
            return neverAsked();
        }

        @Bean
        RedisConnectionFactory logs() {
            return neverAsked();
        }

        private static RedisConnectionFactory neverAsked() {
            return (RedisConnectionFactory) Proxy.newProxyInstance(
                    TwoConnections.class.getClassLoader(),
                    new Class<?>[] {RedisConnectionFactory.class},
                    (proxy, method, arguments) -> {
                        throw new UnsupportedOperationException(method.getName());
                    });
        }
    }

    static class NeedsLogs {
        NeedsLogs(EventLogFactory logs) {
            logs.create("orders");
        }
    }

    @Test
    void reportExplainsHowToChooseOneOfTwoConnectionFactories(CapturedOutput output) {
        assertThat(report(output, TwoConnections.class, NeedsLogs.class))
                .contains(
                        "Parameter 0 of constructor in " + NeedsLogs.class.getName() + " required a bean of type"
                                + " 'dev.eventlog.EventLogFactory'",
                        "there are 2 RedisConnectionFactory beans (cache, logs) and none of them is primary",
                        "Name the one for the logs eventLogConnectionFactory, or mark it as @Primary")
                .doesNotContain("Consider defining a bean of type 'dev.eventlog.EventLogFactory'");
    }

    private static String report(CapturedOutput output, Class<?>... beans) {
        SpringApplicationBuilder application = new SpringApplicationBuilder(Application.class)
                .sources(beans)
                .web(WebApplicationType.NONE)
                .registerShutdownHook(false);
        assertThatException().isThrownBy(application::run);
        assertThat(output).contains("APPLICATION FAILED TO START").doesNotContain("\tat ");
        return output.toString();
    }
}
