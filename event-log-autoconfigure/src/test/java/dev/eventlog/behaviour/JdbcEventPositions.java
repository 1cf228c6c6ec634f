package dev.eventlog.behaviour;

import dev.eventlog.EventId;
import dev.eventlog.TransactionalEventPositions;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.support.TransactionOperations;

/**
 * The example in the documentation. It stores positions in a table, in one transaction with the effects of the
 * listener.
 *
 * <pre>create table event_position (name varchar(100), log varchar(200), id varchar(41) not null, primary key (name, log))</pre>
 */
class JdbcEventPositions implements TransactionalEventPositions {

    private final JdbcClient jdbc;
    private final TransactionOperations transactions;

    JdbcEventPositions(JdbcClient jdbc, TransactionOperations transactions) {
        this.jdbc = jdbc;
        this.transactions = transactions;
    }

    @Override
    public Optional<EventId> load(String name, String log) {
        return jdbc.sql("select id from event_position where name = ? and log = ?")
                .params(name, log)
                .query(String.class)
                .optional()
                .map(EventId::parse);
    }

    /** Optional, but faster if many logs are followed. */
    @Override
    public Map<String, EventId> loadAll(String name, Collection<String> logs) {
        Map<String, EventId> positions = new HashMap<>();
        jdbc.sql("select log, id from event_position where name = :name and log in (:logs)")
                .param("name", name)
                .param("logs", logs)
                .query(row -> {
                    positions.put(row.getString("log"), EventId.parse(row.getString("id")));
                });
        return positions;
    }

    /** Optional: without it, the positions of logs that are gone stay. */
    @Override
    public void remove(String name, Map<String, EventId> positions) {
        positions.forEach(
                (log, position) -> jdbc.sql("delete from event_position where name = ? and log = ? and id = ?")
                        .params(name, log, position.toString())
                        .update());
    }

    // tag::transactional[]
    @Override
    public void inTransaction(Runnable work) {
        transactions.executeWithoutResult(status -> work.run());
    }

    @Override
    public boolean store(String name, String log, @Nullable EventId before, EventId position) {
        return before == null ? insert(name, log, position) : replace(name, log, before, position);
    }

    private boolean replace(String name, String log, EventId before, EventId position) {
        String sql = "update event_position set id = ? where name = ? and log = ? and id = ?";
        return jdbc.sql(sql)
                        .params(position.toString(), name, log, before.toString())
                        .update()
                == 1;
    }
    // end::transactional[]

    private boolean insert(String name, String log, EventId position) {
        String sql = "insert into event_position (name, log, id) values (?, ?, ?)";
        try {
            return jdbc.sql(sql).params(name, log, position.toString()).update() == 1;
        } catch (DuplicateKeyException another) {
            return false;
        }
    }
}
