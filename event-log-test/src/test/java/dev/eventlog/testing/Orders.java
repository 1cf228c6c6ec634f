package dev.eventlog.testing;

import dev.eventlog.EventLogFactory;
import dev.eventlog.TypedEventLog;
import dev.eventlog.annotation.EventLogListener;

/** The part of an application that the documentation tests: it adds events, and makes one of each that comes. */
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
