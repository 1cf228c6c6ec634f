package com.example.orders;

import com.example.orders.OrderEvent.Paid;
import dev.eventlog.AddOptions;
import dev.eventlog.EventLogFactory;
import dev.eventlog.TypedEvent;
import dev.eventlog.annotation.EventLogListener;
import org.springframework.stereotype.Component;

/** Writes a receipt for each payment of any order, on one instance of the application at a time. */
@Component
class Receipts {

    record Receipt(String order, int cents) {}

    private final EventLogFactory eventLogs;

    Receipts(EventLogFactory eventLogs) {
        this.eventLogs = eventLogs;
    }

    @EventLogListener(logs = "orders:*", name = "receipts")
    void on(TypedEvent<OrderEvent> event, String log) {
        if (event.value() instanceof Paid paid) {
            // A listener can get an event again, for example after a crash. The key prevents a second receipt.
            eventLogs.create("receipts", Receipt.class)
                    .add(new Receipt(log, paid.cents()), AddOptions.idempotent(log + "/" + event.id()));
        }
    }
}
