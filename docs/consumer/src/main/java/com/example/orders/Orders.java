package com.example.orders;

import com.example.orders.OrderEvent.Paid;
import com.example.orders.OrderEvent.Placed;
import dev.eventlog.EventLogFactory;
import dev.eventlog.TypedEventLog;
import org.springframework.stereotype.Service;

/** The history of each order is a log. */
@Service
public class Orders {

    private final EventLogFactory eventLogs;

    public Orders(EventLogFactory eventLogs) {
        this.eventLogs = eventLogs;
    }

    public TypedEventLog<OrderEvent> history(long order) {
        return eventLogs.create("orders:" + order, OrderEvent.class);
    }

    public void place(long order, String customer, int cents) {
        history(order).add(new Placed(customer, cents));
    }

    public void pay(long order, int cents) {
        history(order).add(new Paid(cents));
    }

    /** Returns what is still to be paid. */
    public int due(long order) {
        return history(order)
                .fold(0, (due, event) -> event.value() instanceof Placed placed
                        ? due + placed.cents()
                        : event.value() instanceof Paid paid ? due - paid.cents() : due)
                .state();
    }
}
