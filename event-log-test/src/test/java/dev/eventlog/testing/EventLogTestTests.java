package dev.eventlog.testing;

import static dev.eventlog.testing.EventLogAssertions.assertThatLog;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.eventlog.EventLogFactory;
import dev.eventlog.TypedEventLog;
import dev.eventlog.annotation.EventLogListener;
import dev.eventlog.testing.memory.InMemoryRedis;
import java.util.Objects;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.data.redis.autoconfigure.DataRedisConnectionDetails;
import org.springframework.context.annotation.Import;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.mock.env.MockEnvironment;
import org.springframework.stereotype.Component;
import org.springframework.test.context.TestPropertySource;

@EventLogTest
@Import(EventLogTestTests.Invoices.class)
class EventLogTestTests {

    @Autowired
    private EventLogFactory eventLogs;

    @Autowired
    private ObjectProvider<Mailer> mailer;

    @Test
    void sliceHasImportedListeners() {
        eventLogs.create("orders", Placed.class).add(new Placed("Ada"));
        assertThatLog(eventLogs.create("invoices", Placed.class)).eventually().containsExactly(new Placed("Ada"));
    }

    @Test
    void sliceHasNoOtherComponents() {
        assertThat(mailer.getIfAvailable()).isNull();
    }

    @Nested
    @EventLogTest(redis = RedisKind.REAL)
    class OnARealRedis {

        @Autowired
        private EventLogFactory eventLogs;

        @Autowired
        private ObjectProvider<InMemoryRedis> inMemory;

        @Test
        void usesIt() {
            TypedEventLog<Placed> log = eventLogs.create("real:" + System.nanoTime(), Placed.class);
            log.add(new Placed("Ada"));
            assertThatLog(log).containsExactly(new Placed("Ada"));
            assertThat(inMemory.getIfAvailable()).isNull();
        }
    }

    @Nested
    @EventLogTest(redis = RedisKind.REAL)
    @TestPropertySource(properties = "test.eventlog.redis=in-memory")
    class OnWhatThePropertySays {

        @Autowired
        private ObjectProvider<InMemoryRedis> inMemory;

        @Test
        void usesIt() {
            assertThat(inMemory.getIfAvailable()).isNotNull();
        }
    }

    @Test
    void propertyCanNameTheAddressOfAServer() {
        DataRedisConnectionDetails details = connectTo("redis://ada:secret@redis.example:7000/3");
        assertThat(details.getUsername()).isEqualTo("ada");
        assertThat(details.getPassword()).isEqualTo("secret");
        assertThat(details.getStandalone()).satisfies(server -> {
            assertThat(Objects.requireNonNull(server).getHost()).isEqualTo("redis.example");
            assertThat(server.getPort()).isEqualTo(7000);
            assertThat(server.getDatabase()).isEqualTo(3);
        });
    }

    @Test
    void otherValuesOfThePropertyAreRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> connectTo("elsewhere"))
                .withMessageContaining("test.eventlog.redis=elsewhere")
                .withMessageContaining("in-memory");
    }

    private static DataRedisConnectionDetails connectTo(String redis) {
        GenericApplicationContext context = new GenericApplicationContext();
        context.setEnvironment(new MockEnvironment().withProperty(EventLogRedis.PROPERTY, redis));
        new RedisContextCustomizer(RedisKind.IN_MEMORY).register(context);
        context.refresh();
        try (context) {
            return context.getBean(DataRedisConnectionDetails.class);
        }
    }

    record Placed(String customer) {}

    @SpringBootApplication(proxyBeanMethods = false)
    static class Application {}

    /** A component that no test imports. */
    @Component
    static class Mailer {}

    /** Creates an invoice for each order. */
    static class Invoices {

        private final TypedEventLog<Placed> invoices;

        Invoices(EventLogFactory eventLogs) {
            this.invoices = eventLogs.create("invoices", Placed.class);
        }

        @EventLogListener(logs = "orders")
        void on(Placed placed) {
            invoices.add(placed);
        }
    }
}
