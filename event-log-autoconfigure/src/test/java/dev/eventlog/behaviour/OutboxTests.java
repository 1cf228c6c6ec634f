package dev.eventlog.behaviour;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.eventlog.EventLogException;
import dev.eventlog.EventLogFactory;
import dev.eventlog.Tail;
import dev.eventlog.TypedEvent;
import dev.eventlog.test.LogTests;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.h2.jdbcx.JdbcDataSource;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.transaction.support.DefaultTransactionStatus;
import org.springframework.transaction.support.TransactionTemplate;
import tools.jackson.databind.json.JsonMapper;

/** The outbox recipe: each event of a committed transaction is added once, whatever process dies. */
class OutboxTests extends LogTests {

    record Paid(int order) {}

    /** A type whose own JSON does not say which of its members an event is. */
    sealed interface Change {
        record Opened(String by) implements Change {}

        record Closed() implements Change {}
    }

    record Note(@Nullable String text) {}

    /** Dies before a commit, a given number of times. Events that were already added to logs stay there. */
    private static final class DyingTransactions extends JdbcTransactionManager {

        private static final long serialVersionUID = 1L;

        private final AtomicInteger dies = new AtomicInteger();

        DyingTransactions(JdbcDataSource database) {
            super(database);
            setRollbackOnCommitFailure(true);
        }

        @Override
        protected void doCommit(DefaultTransactionStatus status) {
            if (dies.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
                throw new DataAccessResourceFailureException("the process is killed");
            }
            super.doCommit(status);
        }
    }

    private JdbcClient jdbc;
    private DyingTransactions manager;
    private TransactionTemplate transactions;
    private String name;

    @BeforeEach
    void begin() {
        JdbcDataSource database = new JdbcDataSource();
        database.setURL("jdbc:h2:mem:" + UUID.randomUUID() + ";DB_CLOSE_DELAY=-1;LOCK_TIMEOUT=10000");
        jdbc = JdbcClient.create(database);
        manager = new DyingTransactions(database);
        transactions = new TransactionTemplate(manager);
        closeLater(() -> jdbc.sql("shutdown").update());
        jdbc.sql("create table event_outbox (id bigint generated always as identity primary key,"
                        + " once varchar(36) not null, log varchar(200) not null, event text not null)")
                .update();
        jdbc.sql("create table payment (n int)").update();
        name = newName();
    }

    private JdbcOutbox<Paid> outbox(EventLogFactory eventLogs) {
        return new JdbcOutbox<>(eventLogs, Paid.class, new JsonMapper(), jdbc, transactions);
    }

    private void pay(JdbcOutbox<Paid> outbox, int order) {
        transactions.executeWithoutResult(status -> {
            jdbc.sql("insert into payment (n) values (?)").param(order).update();
            outbox.add(name, new Paid(order));
        });
    }

    private List<Integer> added() {
        return factory.create(name, Paid.class).read(Tail.all()).stream()
                .map(event -> event.value().order())
                .toList();
    }

    private int waiting() {
        return jdbc.sql("select count(*) from event_outbox")
                .query(Integer.class)
                .single();
    }

    @Test
    void committedEventsAreAddedInOrderAndRemovedFromTheOutbox() {
        JdbcOutbox<Paid> outbox = outbox(factory);
        range(0, 250).forEach(order -> pay(outbox, order));
        outbox.relay();
        assertThat(added()).isEqualTo(range(0, 250));
        assertThat(waiting()).isZero();
        outbox.relay();
        assertThat(added()).hasSize(250);
    }

    @Test
    void eventOfASealedInterfaceIsAddedAsWhatItIs() {
        JdbcOutbox<Change> outbox = new JdbcOutbox<>(factory, Change.class, new JsonMapper(), jdbc, transactions);
        transactions.executeWithoutResult(status -> outbox.add(name, new Change.Opened("17")));
        outbox.relay();
        assertThat(factory.create(name, Change.class).read(Tail.all()))
                .extracting(TypedEvent::value)
                .containsExactly(new Change.Opened("17"));
        assertThat(waiting()).isZero();
    }

    @Test
    void eventThatCannotBeStoredFailsItsTransactionAndNotTheRelay() {
        JdbcOutbox<Note> outbox = new JdbcOutbox<>(factory, Note.class, new JsonMapper(), jdbc, transactions);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> transactions.executeWithoutResult(status -> outbox.add(name, new Note(null))));
        assertThat(waiting()).isZero();
    }

    @Test
    void eventsOfARolledBackTransactionAreNotAdded() {
        JdbcOutbox<Paid> outbox = outbox(factory);
        manager.dies.set(1);
        assertThatExceptionOfType(DataAccessResourceFailureException.class).isThrownBy(() -> pay(outbox, 0));
        outbox.relay();
        assertThat(added()).isEmpty();
    }

    @Test
    void eventsAreAddedOnceIfTheRelayDiesBeforeItsCommit() {
        JdbcOutbox<Paid> outbox = outbox(factory);
        range(0, 5).forEach(order -> pay(outbox, order));
        manager.dies.set(1);
        assertThatExceptionOfType(DataAccessResourceFailureException.class).isThrownBy(outbox::relay);
        assertThat(added()).isEqualTo(range(0, 5));
        assertThat(waiting()).isEqualTo(5);

        pay(outbox, 5);
        outbox(newFactory()).relay();
        assertThat(added()).isEqualTo(range(0, 6));
        assertThat(waiting()).isZero();
    }

    @Test
    void twoConcurrentRelaysAddEachEventOnceAndInOrder() throws Exception {
        JdbcOutbox<Paid> one = outbox(factory);
        JdbcOutbox<Paid> other = outbox(newFactory());
        range(0, 300).forEach(order -> pay(one, order));
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try {
            List<Callable<Object>> relays = List.of(Executors.callable(one::relay), Executors.callable(other::relay));
            for (Future<Object> each : threads.invokeAll(relays)) {
                each.get(30, TimeUnit.SECONDS);
            }
        } finally {
            threads.shutdownNow();
        }
        assertThat(added()).isEqualTo(range(0, 300));
        assertThat(waiting()).isZero();
    }

    @Test
    void eventsThatRedisRefusesStayInTheOutbox() {
        JdbcOutbox<Paid> outbox = outbox(factory);
        pay(outbox, 0);
        redis.opsForValue().set(name, "refuses");
        assertThatExceptionOfType(EventLogException.class).isThrownBy(outbox::relay);
        assertThat(waiting()).isEqualTo(1);
        redis.delete(name);
        outbox.relay();
        assertThat(added()).containsExactly(0);
        assertThat(waiting()).isZero();
    }
}
