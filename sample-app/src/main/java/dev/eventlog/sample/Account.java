package dev.eventlog.sample;

import dev.eventlog.AddOptions;
import dev.eventlog.EventId;
import dev.eventlog.EventLogFactory;
import dev.eventlog.Folded;
import dev.eventlog.LogPattern;
import dev.eventlog.TypedEvent;
import dev.eventlog.TypedEventLog;
import java.util.List;
import org.springframework.stereotype.Component;

/** An account that consists of its bookings. Its balance is not stored anywhere. */
@Component
class Account {

    /** The logs of accounts, which a page follows together with its other logs. */
    static final LogPattern ALL = LogPattern.of("accounts:*");

    private final TypedEventLog<Booking> log;

    Account(EventLogFactory logs) {
        this.log = logs.create("accounts:1", Booking.class);
    }

    /**
     * A booking.
     *
     * @param amount the amount in euros; negative for a payment
     * @param by who booked it
     */
    record Booking(int amount, String by) {}

    // tag::code[]
    /** Returns the balance, and the id of the last booking in it. */
    Folded<Integer> balance() {
        return log.fold(0, Account::sum);
    }

    /** Pays if there is enough. If somebody else books in between, it looks again. */
    boolean pay(Booking payment) {
        List<EventId> added =
                log.update(0, Account::sum, balance -> balance + payment.amount() >= 0 ? List.of(payment) : List.of());
        return !added.isEmpty();
    }

    /** Books if nobody else has booked since. Otherwise it throws an UnexpectedLastIdException. */
    EventId book(Booking booking, EventId last) {
        return log.add(booking, AddOptions.ifLast(last));
    }
    // end::code[]

    private static int sum(int balance, TypedEvent<Booking> event) {
        return balance + event.value().amount();
    }
}
