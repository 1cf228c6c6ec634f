package dev.eventlog.testing;

import static dev.eventlog.testing.EventLogAssertions.assertThatLog;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.eventlog.EventLogException;
import dev.eventlog.EventLogFactory;
import dev.eventlog.testing.Orders.Invoice;
import dev.eventlog.testing.Orders.Placed;
import dev.eventlog.testing.memory.InMemoryRedis;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.context.annotation.Import;

/** The test examples of the documentation. */
// tag::slice[]
@EventLogTest
@Import(Orders.class)
class OrdersTests {

    @Autowired
    Orders orders;

    @Autowired
    EventLogFactory eventLogs;

    @Autowired
    InMemoryRedis redis;

    @Test
    void placedOrderIsAnEvent() {
        orders.place(17, "Ada");
        assertThatLog(eventLogs.create("orders:17", Placed.class)).containsExactly(new Placed("Ada"));
    }

    @Test
    void invoiceFollowsEachOrder() {
        eventLogs.create("orders:18", Placed.class).add(new Placed("Bob"));
        assertThatLog(eventLogs.create("invoices", Invoice.class)).eventually().contains(new Invoice("Bob"));
    }
    // end::slice[]

    @Test
    void invoiceIsAddedAfterAnOutage() {
        // tag::faults[]
        redis.disconnect();
        assertThatThrownBy(() -> orders.place(19, "Cleo")).isInstanceOf(EventLogException.class);

        redis.reconnect();
        assertThatLog(eventLogs.create("orders:20")).eventually().isEmpty();
        eventLogs.create("orders:20", Placed.class).add(new Placed("Dora"));
        assertThatLog(eventLogs.create("invoices", Invoice.class)).eventually().contains(new Invoice("Dora"));
        // end::faults[]
    }

    @Test
    void ordersWorkWithoutSpring() {
        // tag::without-spring[]
        try (InMemoryEventLogs logs = InMemoryEventLogs.start("eventlog.max-length=10")) {
            new Orders(logs.factory()).place(17, "Ada");
            assertThatLog(logs.factory().create("orders:17")).containsExactly(Map.of("customer", "Ada"));
        }
        // end::without-spring[]
    }
    // tag::slice[]
}
// end::slice[]
