package dev.eventlog.durable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.eventlog.EventId;
import dev.eventlog.EventLogUnavailableException;
import dev.eventlog.EventPositions;
import dev.eventlog.TransactionalEventPositions;
import dev.eventlog.follow.Commit.NotStoredException;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CheckpointTests {

    private static final EventId START = new EventId(1, 0);
    private static final EventId FIRST = new EventId(2, 0);
    private static final EventId SECOND = new EventId(3, 0);

    private final Place place = new Place();
    private final AtomicInteger calls = new AtomicInteger();
    private final Checkpoint checkpoint = new Checkpoint(place, "invoices", "orders");

    @BeforeEach
    void open() {
        checkpoint.open(() -> START);
    }

    @Test
    void startIsUsedOnlyWithoutAStoredPosition() {
        place.stored = FIRST;
        Checkpoint later = new Checkpoint(place, "invoices", "orders");
        later.open(() -> SECOND);
        assertThat(later.position()).isEqualTo(FIRST);
    }

    /** Another follower stores its start first, and a failover loses that start before it is loaded. */
    @Test
    void startIsStoredIfThatOfAnotherFollowerWasLost() {
        Place losing = new Place() {
            private int asked;

            @Override
            public boolean store(String name, String log, @Nullable EventId before, EventId position) {
                return asked++ > 0 && super.store(name, log, before, position);
            }
        };
        Checkpoint later = new Checkpoint(losing, "invoices", "orders");
        later.open(() -> SECOND);
        assertThat(later.position()).isEqualTo(SECOND);
        assertThat(losing.stored).isEqualTo(SECOND);
    }

    @Test
    void failureOfAStoreThatKeepsNoStartNamesTheAction() {
        Place refusing = new Place() {
            @Override
            public boolean store(String name, String log, @Nullable EventId before, EventId position) {
                return false;
            }
        };
        Checkpoint later = new Checkpoint(refusing, "invoices", "orders");
        assertThatExceptionOfType(IllegalStateException.class)
                .isThrownBy(() -> later.open(() -> SECOND))
                .withMessageContaining("orders")
                .withMessageContaining("check what 'store' returns");
    }

    @Test
    void batchIsNotRepeatedIfItsPositionCouldNotBeStored() throws Exception {
        place.failure = Failure.BEFORE;
        assertNotStored(FIRST);
        assertThat(checkpoint.position()).isEqualTo(FIRST);
        place.failure = Failure.NONE;
        assertThat(take(FIRST)).isTrue();
        assertThat(calls).hasValue(1);
        assertThat(place.stored).isEqualTo(FIRST);
    }

    @Test
    void positionStoredWithoutAnAnswerIsDetected() throws Exception {
        place.failure = Failure.AFTER;
        assertNotStored(FIRST);
        place.failure = Failure.NONE;
        assertThat(take(FIRST)).isTrue();
        assertThat(take(SECOND)).isTrue();
        assertThat(calls).hasValue(2);
        assertThat(place.stored).isEqualTo(SECOND);
    }

    @Test
    void uncommittedPositionIsStoredBeforeAResume() {
        place.failure = Failure.BEFORE;
        assertNotStored(FIRST);
        assertThatExceptionOfType(EventLogUnavailableException.class).isThrownBy(checkpoint::resume);
        place.failure = Failure.NONE;
        assertThat(checkpoint.resume()).isEqualTo(FIRST);
        assertThat(place.stored).isEqualTo(FIRST);
    }

    @Test
    void uncommittedPositionIsStoredAtTheEnd() {
        place.failure = Failure.BEFORE;
        assertNotStored(FIRST);
        place.failure = Failure.NONE;
        checkpoint.storeAtLast();
        assertThat(place.stored).isEqualTo(FIRST);
    }

    @Test
    void resumeContinuesAtThePositionOfAnotherFollower() throws Exception {
        place.stored = SECOND;
        assertThat(take(FIRST)).isFalse();
        checkpoint.storeAtLast();
        assertThat(place.stored).as("unchanged").isEqualTo(SECOND);
        assertThat(checkpoint.resume()).isEqualTo(SECOND);
    }

    @Test
    void lostPositionIsStoredAgain() throws Exception {
        take(FIRST);
        place.stored = null;
        assertThat(checkpoint.resume()).isEqualTo(FIRST);
        assertThat(place.stored).isEqualTo(FIRST);
    }

    @Test
    void transactionCommittedWithoutAnAnswerIsNotRepeated() throws Exception {
        Transactions transactions = new Transactions();
        Checkpoint inOne = new Checkpoint(transactions, "invoices", "orders");
        inOne.open(() -> START);
        transactions.failsAfterwards = true;
        assertThatExceptionOfType(NotStoredException.class).isThrownBy(() -> inOne.take(FIRST, calls::incrementAndGet));
        transactions.failsAfterwards = false;
        assertThat(inOne.take(FIRST, calls::incrementAndGet)).isTrue();
        assertThat(calls).hasValue(1);
        assertThat(inOne.position()).isEqualTo(FIRST);
    }

    /**
     * If the outcome of a transaction is unknown, so are the listener's effects. Its position is never stored alone.
     */
    @Test
    void transactionWithAnUnknownOutcomeIsNotStoredAtTheEnd() {
        Transactions transactions = new Transactions();
        Checkpoint inOne = new Checkpoint(transactions, "invoices", "orders");
        inOne.open(() -> START);
        transactions.failure = Failure.BEFORE;
        assertThatExceptionOfType(NotStoredException.class).isThrownBy(() -> inOne.take(FIRST, calls::incrementAndGet));
        transactions.failure = Failure.NONE;
        inOne.storeAtLast();
        assertThat(inOne.resume()).isEqualTo(START);
        assertThat(transactions.stored).isEqualTo(START);
    }

    private boolean take(EventId last) throws Exception {
        return checkpoint.take(last, calls::incrementAndGet);
    }

    private void assertNotStored(EventId last) {
        assertThatExceptionOfType(NotStoredException.class).isThrownBy(() -> take(last));
    }

    private enum Failure {
        NONE,
        BEFORE,
        AFTER
    }

    private static class Place implements EventPositions {

        @Nullable
        EventId stored;

        Failure failure = Failure.NONE;

        @Override
        public Optional<EventId> load(String name, String log) {
            return Optional.ofNullable(stored);
        }

        @Override
        public boolean store(String name, String log, @Nullable EventId before, EventId position) {
            if (failure == Failure.BEFORE) {
                throw new IllegalStateException("away");
            }
            if (!Objects.equals(stored, before)) {
                return false;
            }
            stored = position;
            if (failure == Failure.AFTER) {
                throw new IllegalStateException("no answer");
            }
            return true;
        }
    }

    private static final class Transactions extends Place implements TransactionalEventPositions {

        private boolean failsAfterwards;

        @Override
        public void inTransaction(Runnable work) {
            work.run();
            if (failsAfterwards) {
                throw new IllegalStateException("no answer to the commit");
            }
        }
    }
}
