package dev.eventlog.behaviour;

import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.Event;
import dev.eventlog.EventBatchListener;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.EventPositions;
import dev.eventlog.Follower;
import dev.eventlog.LogPattern;
import dev.eventlog.Tail;
import dev.eventlog.test.LogTests;
import dev.eventlog.test.TestApplication;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.h2.jdbcx.JdbcDataSource;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.retry.RetryPolicy;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.transaction.support.DefaultTransactionStatus;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Stores the effect and the position in one transaction of a database. Whatever fails, each event has its effect once.
 */
class ExactlyOnceEffectTests extends LogTests {

    /** Fails before or after a commit, a given number of times. */
    private static final class FlakyTransactions extends JdbcTransactionManager {

        private static final long serialVersionUID = 1L;

        private final AtomicInteger failBefore = new AtomicInteger();
        private final AtomicInteger failAfter = new AtomicInteger();

        FlakyTransactions(JdbcDataSource database) {
            super(database);
            setRollbackOnCommitFailure(true); // a completed commit cannot be rolled back
        }

        @Override
        protected void doCommit(DefaultTransactionStatus status) {
            fail(failBefore);
            super.doCommit(status);
            fail(failAfter);
        }

        private static void fail(AtomicInteger times) {
            if (times.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
                throw new DataAccessResourceFailureException("the connection is lost");
            }
        }
    }

    private EventLog log;
    private JdbcClient jdbc;
    private FlakyTransactions transactions;
    private EventPositions positions;

    @BeforeEach
    void begin() {
        JdbcDataSource database = new JdbcDataSource();
        database.setURL("jdbc:h2:mem:" + UUID.randomUUID() + ";DB_CLOSE_DELAY=-1");
        jdbc = JdbcClient.create(database);
        transactions = new FlakyTransactions(database);
        positions = new JdbcEventPositions(jdbc, new TransactionTemplate(transactions));
        closeLater(() -> jdbc.sql("shutdown").update());
        jdbc.sql("create table event_position"
                        + " (name varchar(100), log varchar(200), id varchar(41) not null, primary key (name, log))")
                .update();
        jdbc.sql("create table invoice (n int)").update();
        log = newLog();
        log.addAll(events(0, 20));
    }

    @Test
    void failedListenerIsRolledBackAndResumes() {
        ConfigurableApplicationContext dying = start();
        Follower follower = follow(dying, log, batch -> {
            invoice(batch);
            if (invoices().contains(10)) {
                throw new IllegalStateException("dies between effect and commit");
            }
        });
        await().until(() -> follower.completion().toCompletableFuture().isDone());
        dying.close();
        assertThat(invoices()).isEqualTo(range(0, 10));

        follow(start(), log, this::invoice);
        await().until(() -> invoices().size() >= 20);
        assertThat(invoices()).isEqualTo(range(0, 20));
    }

    @Test
    void retriedBatchHasItsEffectOnce() {
        AtomicInteger calls = new AtomicInteger();
        EventLog following = TestApplication.factory(start()).create(log.name());
        closeLater(following.follow(
                Tail.all(),
                batch -> {
                    invoice(batch);
                    if (calls.incrementAndGet() % 2 == 1) {
                        throw new IllegalStateException("every other time");
                    }
                },
                options -> options.named("invoices")
                        .retry(RetryPolicy.builder()
                                .maxRetries(2)
                                .delay(Duration.ofMillis(1))
                                .build())));
        await().until(() -> invoices().size() >= 20);
        assertThat(invoices()).isEqualTo(range(0, 20));
        assertThat(calls).hasValue(8);
    }

    @Test
    void batchHasItsEffectOnceIfACommitFailsOrGetsNoAnswer() {
        transactions.failBefore.set(2);
        transactions.failAfter.set(1);
        AtomicInteger calls = new AtomicInteger();
        Follower follower = follow(start(), log, batch -> {
            calls.incrementAndGet();
            invoice(batch);
        });
        await().until(() -> invoices().size() >= 20);
        assertThat(invoices()).isEqualTo(range(0, 20));
        assertThat(calls).as("four batches, one of them delivered three times").hasValue(6);
        assertThat(follower.isRunning()).isTrue();
    }

    /** Without locks, positions are compared: the effects of the second follower are rolled back. */
    @Test
    void effectIsRolledBackIfAnotherFollowerMovedThePosition() {
        EventLog other = newLog();
        follow(start(), other, this::invoice);
        await().until(() -> positions.load("invoices", other.name()).isPresent());
        EventId before = positions.load("invoices", other.name()).orElseThrow();
        EventId stolen = EventId.parse("1-1");
        assertThat(positions.store("invoices", other.name(), before, stolen)).isTrue();
        other.addAll(events(50, 53));
        await().until(() -> invoices().size() >= 3);
        assertThat(invoices()).isEqualTo(range(50, 53));
    }

    @Test
    void eachLogOfAPatternHasItsEffectsOnce() {
        LogPattern all = LogPattern.of(log.name() + ":*");
        List<EventLog> logs = Stream.of("1", "2", "3")
                .map(name -> factory.create(log.name() + ':' + name))
                .toList();
        logs.forEach(each -> deleteLater(each.name()));
        logs.get(0).addAll(events(0, 10));
        logs.get(1).addAll(events(10, 20));
        transactions.failBefore.set(2);
        transactions.failAfter.set(2);
        ConfigurableApplicationContext dying = start();
        closeLater(TestApplication.factory(dying)
                .follow(
                        all,
                        Tail.all(),
                        (name, batch) -> {
                            invoice(batch);
                            if (numbers(batch).contains(19)) {
                                throw new IllegalStateException("dies between effect and commit");
                            }
                        },
                        options -> options.named("invoices")));
        await().until(() -> invoices().size() >= 15);
        dying.close();
        assertThat(invoices()).isEqualTo(range(0, 15));
        logs.get(2).addAll(events(20, 30));
        closeLater(TestApplication.factory(start())
                .follow(all, Tail.newOnly(), (name, batch) -> invoice(batch), options -> options.named("invoices")));
        await().until(() -> invoices().size() >= 30);
        assertThat(invoices()).isEqualTo(range(0, 30));
    }

    private ConfigurableApplicationContext start() {
        return closeLater(TestApplication.startWith(
                EventPositions.class,
                positions,
                "eventlog.follow.batch-size=5",
                "eventlog.follow.lease=1s",
                "eventlog.follow.recovery.delay=30ms"));
    }

    private Follower follow(
            ConfigurableApplicationContext application, EventLog which, EventBatchListener<Event> listener) {
        return closeLater(TestApplication.factory(application)
                .create(which.name())
                .follow(Tail.all(), listener, options -> options.named("invoices")));
    }

    private void invoice(List<Event> batch) {
        for (int n : numbers(batch)) {
            jdbc.sql("insert into invoice (n) values (?)").param(n).update();
        }
    }

    private List<Integer> invoices() {
        return jdbc.sql("select n from invoice order by n")
                .query((row, number) -> row.getInt(1))
                .list();
    }
}
