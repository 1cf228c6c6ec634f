package dev.eventlog.behaviour;

import dev.eventlog.AddOptions;
import dev.eventlog.EventLogFactory;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.support.TransactionOperations;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/**
 * The example in the documentation. A transaction writes its events to a table, and they are added to their logs after
 * it.
 *
 * <pre>
 * create table event_outbox (
 *   id bigint generated always as identity primary key, once varchar(36) not null, log varchar(200) not null, event text not null)
 * </pre>
 */
class JdbcOutbox<T> {

    private final EventLogFactory eventLogs;
    private final Class<T> type;
    private final JsonMapper json;
    private final JdbcClient jdbc;
    private final TransactionOperations transactions;

    JdbcOutbox(
            EventLogFactory eventLogs,
            Class<T> type,
            JsonMapper json,
            JdbcClient jdbc,
            TransactionOperations transactions) {
        this.eventLogs = eventLogs;
        this.type = type;
        this.json = json;
        this.jdbc = jdbc;
        this.transactions = transactions;
    }

    // tag::outbox[]
    record Row(long id, String once, String log, String event) {}

    // call it in the transaction that the event is about
    void add(String log, T event) {
        jdbc.sql("insert into event_outbox (once, log, event) values (?, ?, ?)")
                .params(
                        UUID.randomUUID().toString(),
                        log,
                        json.writeValueAsString(eventLogs.create(log, type).fields(event)))
                .update();
    }

    // call it with @Scheduled(fixedDelay = 200)
    void relay() {
        while (relayed(100) == 100) {}
    }

    private int relayed(int most) {
        return transactions.execute(status -> {
            List<Row> rows = jdbc.sql("select * from event_outbox order by id limit " + most + " for update")
                    .query((row, number) -> new Row(
                            row.getLong("id"), row.getString("once"), row.getString("log"), row.getString("event")))
                    .list();
            for (Row row : rows) {
                Map<String, String> event = json.readValue(row.event(), new TypeReference<>() {});
                eventLogs.create(row.log()).add(event, AddOptions.idempotent(row.once()));
                jdbc.sql("delete from event_outbox where id = ?")
                        .param(row.id())
                        .update();
            }
            return rows.size();
        });
    }
    // end::outbox[]
}
