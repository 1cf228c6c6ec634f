package com.example.orders;

import static dev.eventlog.testing.EventLogAssertions.assertThatLog;
import static org.assertj.core.api.Assertions.assertThat;

import com.example.orders.OrderEvent.Paid;
import com.example.orders.OrderEvent.Placed;
import com.example.orders.Receipts.Receipt;
import dev.eventlog.EventLogFactory;
import dev.eventlog.testing.EventLogRedis;
import dev.eventlog.testing.memory.InMemoryRedis;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;

@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT)
@EventLogRedis
class OrdersTests {

    @Autowired
    Orders orders;

    @Autowired
    EventLogFactory eventLogs;

    @Autowired
    InMemoryRedis redis;

    @LocalServerPort
    int port;

    @Test
    void orderIsPaid() {
        orders.place(1, "Ada", 500);
        orders.pay(1, 200);
        assertThatLog(orders.history(1)).containsExactly(new Placed("Ada", 500), new Paid(200));
        assertThat(orders.due(1)).isEqualTo(300);
    }

    @Test
    void eachPaymentHasAReceiptDespiteAnOutage() {
        orders.place(2, "Bob", 100);
        redis.cutConnections();
        assertThatLog(orders.history(2)).eventually().hasSize(1);
        orders.pay(2, 100);
        assertThatLog(eventLogs.create("receipts", Receipt.class)).eventually().contains(new Receipt("orders:2", 100));
    }

    @Test
    void browserFollowsAnOrder() throws Exception {
        orders.place(3, "Cleo", 700);
        URI events = URI.create("http://localhost:" + port + "/orders/3/events");
        try (BufferedReader lines = new BufferedReader(
                new InputStreamReader(events.toURL().openStream(), StandardCharsets.UTF_8))) {
            assertThat(lines.lines().filter(line -> line.contains("Cleo")).findFirst()).isPresent();
        }
    }
}
