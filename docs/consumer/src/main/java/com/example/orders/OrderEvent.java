package com.example.orders;

/** What happens to an order. */
public sealed interface OrderEvent {

    record Placed(String customer, int cents) implements OrderEvent {}

    record Paid(int cents) implements OrderEvent {}
}
