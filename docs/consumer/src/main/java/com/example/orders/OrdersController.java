package com.example.orders;

import dev.eventlog.Tail;
import dev.eventlog.sse.EventLogSse;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;

/** Sends the history of an order to a browser, and then each new event. */
@RestController
class OrdersController {

    private final Orders orders;
    private final EventLogSse sse;

    OrdersController(Orders orders, EventLogSse sse) {
        this.orders = orders;
        this.sse = sse;
    }

    @GetMapping("/orders/{order}/events")
    SseEmitter events(@PathVariable long order) {
        return sse.follow(orders.history(order), Tail.all());
    }
}
