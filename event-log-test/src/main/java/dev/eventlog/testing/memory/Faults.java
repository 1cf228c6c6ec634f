package dev.eventlog.testing.memory;

import java.time.Duration;

/** The delay of replies, and whether new connections are refused. Thread-safe. */
final class Faults {

    private Duration delay = Duration.ZERO;
    private volatile boolean refuses;

    synchronized void delay(Duration by) {
        delay = by;
        notifyAll();
    }

    synchronized void wakeAll() {
        notifyAll();
    }

    /** Waits until a reply that was created at a given time can be sent. Changes of the delay apply at once. */
    synchronized void awaitDue(long since, Session session) throws InterruptedException {
        while (!session.isClosed()) {
            long left = delay.toMillis()
                    - Duration.ofNanos(System.nanoTime() - since).toMillis();
            if (delay.isZero() || left <= 0) {
                return;
            }
            wait(left);
        }
    }

    boolean refuses() {
        return refuses;
    }

    void refuses(boolean does) {
        refuses = does;
    }
}
