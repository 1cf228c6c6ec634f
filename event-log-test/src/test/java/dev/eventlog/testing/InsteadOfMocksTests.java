package dev.eventlog.testing;

import static dev.eventlog.testing.EventLogAssertions.assertThatLog;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.verify;
import static org.mockito.Mockito.when;

import dev.eventlog.EventBatchListener;
import dev.eventlog.EventId;
import dev.eventlog.EventLogFactory;
import dev.eventlog.Follower;
import dev.eventlog.Tail;
import dev.eventlog.TypedEvent;
import dev.eventlog.TypedEventLog;
import dev.eventlog.testing.Orders.Invoice;
import dev.eventlog.testing.Orders.Placed;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.mockito.ArgumentCaptor;

/** The same two tests with mocks and with a Redis in memory. The page about less code compares their lines. */
class InsteadOfMocksTests {

    /** Follows orders, and adds an invoice for each. */
    private static final class Billing {

        static Follower start(EventLogFactory eventLogs) {
            TypedEventLog<Invoice> invoices = eventLogs.create("invoices", Invoice.class);
            return eventLogs
                    .create("orders", Placed.class)
                    .follow(
                            Tail.newOnly(),
                            batch -> batch.forEach(order ->
                                    invoices.add(new Invoice(order.value().customer()))));
        }
    }

    @Test
    void addIsTestedWithMocks() {
        // before::test-add[]
        EventLogFactory eventLogs = mock();
        TypedEventLog<Placed> orders = mock();
        TypedEventLog<Invoice> invoices = mock();
        when(eventLogs.create("orders:17", Placed.class)).thenReturn(orders);
        when(eventLogs.create("invoices", Invoice.class)).thenReturn(invoices);
        new Orders(eventLogs).place(17, "Ada");
        verify(orders).add(new Placed("Ada"));
        // end::test-add[]
    }

    @Test
    void addIsTestedInMemory() {
        // now::test-add[]
        try (InMemoryEventLogs logs = InMemoryEventLogs.start()) {
            new Orders(logs.factory()).place(17, "Ada");
            assertThatLog(logs.factory().create("orders:17", Placed.class)).contains(new Placed("Ada"));
        }
        // end::test-add[]
    }

    @Test
    void followerIsTestedWithMocks() throws Exception {
        // before::test-follow[]
        EventLogFactory eventLogs = mock();
        TypedEventLog<Placed> orders = mock();
        TypedEventLog<Invoice> invoices = mock();
        when(eventLogs.create("orders", Placed.class)).thenReturn(orders);
        when(eventLogs.create("invoices", Invoice.class)).thenReturn(invoices);
        ArgumentCaptor<EventBatchListener<TypedEvent<Placed>>> listener = ArgumentCaptor.captor();
        Billing.start(eventLogs);
        verify(orders).follow(any(), listener.capture());
        listener.getValue().onBatch(List.of(new TypedEvent<>(EventId.parse("1-0"), new Placed("Bob"))));
        verify(invoices).add(new Invoice("Bob"));
        // end::test-follow[]
    }

    @Test
    void followerIsTestedInMemory() {
        // now::test-follow[]
        try (InMemoryEventLogs logs = InMemoryEventLogs.start()) {
            Billing.start(logs.factory());
            logs.factory().create("orders", Placed.class).add(new Placed("Bob"));
            assertThatLog(logs.factory().create("invoices", Invoice.class))
                    .eventually()
                    .contains(new Invoice("Bob"));
        }
        // end::test-follow[]
    }
}
