package dev.eventlog.sample;

import dev.eventlog.EventId;
import dev.eventlog.Folded;
import jakarta.validation.Valid;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.Size;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** Books, and returns the balance. The stream of the page delivers the bookings. */
@RestController
@RequestMapping("/api/account")
class AccountController {

    private final Account account;

    AccountController(Account account) {
        this.account = account;
    }

    record Balance(int balance, EventId lastId) {}

    record Payment(@Min(1) @Max(1000) int amount) {}

    record Paid(boolean paid) {}

    record Booked(EventId id) {}

    record Requested(
            @Min(-1000) @Max(1000) int amount,
            @NotBlank @Size(max = 40) String by) {}

    @GetMapping
    Balance balance() {
        Folded<Integer> folded = account.balance();
        return new Balance(folded.state(), folded.lastId());
    }

    @PostMapping("/payments")
    Paid pay(@RequestBody @Valid Payment payment) {
        return new Paid(account.pay(new Account.Booking(-payment.amount(), "payment")));
    }

    /** Books if the id in {@code If-Match} is still the last one of the account. Otherwise the status is 409. */
    @PostMapping("/bookings")
    @ResponseStatus(HttpStatus.CREATED)
    Booked book(@RequestHeader("If-Match") EventId last, @RequestBody @Valid Requested booking) {
        return new Booked(account.book(new Account.Booking(booking.amount(), booking.by()), last));
    }
}
