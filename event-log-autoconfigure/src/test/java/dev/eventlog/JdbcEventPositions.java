package dev.eventlog;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.support.TransactionOperations;

/**
 * The example in the README: positions in a table, in one transaction with what the listener does.
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

    @Override
    public boolean store(String name, String log, @Nullable EventId before, EventId position) {
        if (before != null) {
            return jdbc.sql("update event_position set id = ? where name = ? and log = ? and id = ?")
                            .params(position.toString(), name, log, before.toString())
                            .update()
                    == 1;
        }
        try {
            return jdbc.sql("insert into event_position (name, log, id) values (?, ?, ?)")
                            .params(name, log, position.toString())
                            .update()
                    == 1;
        } catch (DuplicateKeyException another) {
            return false;
        }
    }

    @Override
    public void inTransaction(Runnable work) {
        transactions.executeWithoutResult(status -> work.run());
    }
}
