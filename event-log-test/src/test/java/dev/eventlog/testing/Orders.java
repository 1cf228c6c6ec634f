package dev.eventlog.testing;

import dev.eventlog.EventLogFactory;
import dev.eventlog.TypedEventLog;
import dev.eventlog.annotation.EventLogListener;

/** The application code in the documentation's test example: it adds events, and adds an invoice for each order. */
class Orders {

    record Placed(String customer) {}

    record Invoice(String customer) {}

    private final EventLogFactory eventLogs;
    private final TypedEventLog<Invoice> invoices;

    Orders(EventLogFactory eventLogs) {
        this.eventLogs = eventLogs;
        this.invoices = eventLogs.create("invoices", Invoice.class);
    }

    void place(int order, String customer) {
        eventLogs.create("orders:" + order, Placed.class).add(new Placed(customer));
    }

    @EventLogListener(logs = "orders:*")
    void bill(Placed order) {
        invoices.add(new Invoice(order.customer()));
    }
}
