package dev.eventlog.durable;

import dev.eventlog.follow.CommonOutage;
import dev.eventlog.follow.Outage;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.integration.leader.Context;
import org.springframework.integration.support.leader.LockRegistryLeaderInitiator;
import org.springframework.integration.support.locks.LockRegistry;
import org.springframework.util.backoff.FixedBackOff;

/**
 * Lets one follower for each name and log run at a time, among all users of the same locks. Uses Spring Integration's
 * {@link LockRegistryLeaderInitiator}, one for each follower, with its own thread. Thread-safe.
 */
public final class Leadership {

    private static final Log logger = LogFactory.getLog(Leadership.class);

    /** How many times a lease is renewed during its duration. */
    private static final int RENEWALS = 3;

    private final LockRegistry<?> locks;
    private final Duration duration;
    private final boolean virtualThreads;
    private final CommonOutage outages = new CommonOutage(
            logger,
            count -> count + " leases",
            "cannot be acquired now; the next attempt follows",
            "can be acquired again");

    /**
     * Creates a leadership with the locks of a registry.
     *
     * @param locks the locks; they must expire, because otherwise nobody takes over from a process that died
     * @param lease how long a lock is held without renewal, at least 3 ms
     * @param virtualThreads whether to wait for leases on virtual threads
     */
    public Leadership(LockRegistry<?> locks, Duration lease, boolean virtualThreads) {
        this.locks = locks;
        this.duration = lease;
        this.virtualThreads = virtualThreads;
    }

    /** A candidate for a lease. */
    interface Candidate {

        /** The candidate has the lease. Must not block. */
        void granted();

        /**
         * The candidate has lost the lease, or is about to give it up. Unless the lease has already expired, nobody else gets it
         * before this method returns. It may block to finish work that must not overlap.
         */
        void revoked();
    }

    /**
     * {@return a lease, not yet requested}
     *
     * @param key identifies the lease: one candidate has it at a time
     * @param candidate requests the lease
     */
    Lease lease(String key, Candidate candidate) {
        return new Lease(key, candidate);
    }

    /** A lease, from its request until it is given up. It may be granted, revoked and granted again. */
    final class Lease implements org.springframework.integration.leader.Candidate {

        private final String key;
        private final String id = UUID.randomUUID().toString();
        private final Candidate candidate;
        private final LockRegistryLeaderInitiator initiator;
        private final AtomicInteger tasks = new AtomicInteger();
        private final CompletableFuture<Void> left = new CompletableFuture<>();
        private volatile long validUntil = System.nanoTime();

        private Lease(String key, Candidate candidate) {
            this.key = key;
            this.candidate = candidate;
            LockRegistry<Lock> renewed = any -> new RenewedLock(locks.obtain(any));
            SimpleAsyncTaskExecutor threads = new SimpleAsyncTaskExecutor("eventlog-lease-");
            threads.setVirtualThreads(virtualThreads);
            threads.setDaemon(true);
            threads.setTaskDecorator(this::counted);
            this.initiator = new LockRegistryLeaderInitiator(renewed, this);
            long pause = Math.max(1, duration.toMillis() / RENEWALS);
            initiator.setHeartBeatMillis(pause);
            initiator.setBusyWaitMillis(pause);
            initiator.setTaskExecutor(threads);
        }

        /** Requests the lease until it is granted, and keeps it. */
        void request() {
            initiator.start();
        }

        /** Returns whether the lease is held, as far as known without asking: it was renewed less than its duration ago. */
        boolean isHeld() {
            return validUntil - System.nanoTime() > 0;
        }

        /**
         * Gives up the lease, or stops requesting it.
         *
         * @return completes when another candidate can get the lease, if it was held
         */
        CompletableFuture<Void> giveUp() {
            initiator.stop();
            if (tasks.get() == 0) {
                left.complete(null);
            }
            return left;
        }

        private Runnable counted(Runnable task) {
            tasks.incrementAndGet();
            return () -> {
                try {
                    task.run();
                } finally {
                    if (tasks.decrementAndGet() == 0 && !initiator.isRunning()) {
                        left.complete(null);
                    }
                }
            };
        }

        @Override
        public String getRole() {
            return key;
        }

        @Override
        public String getId() {
            return id;
        }

        @Override
        public void onGranted(Context context) {
            logger.info("This instance now has the lease of " + key);
            candidate.granted();
        }

        @Override
        public void onRevoked(Context context) {
            logger.info("This instance no longer has the lease of " + key);
        }

        /**
         * The lock that the initiator uses. The initiator acquires it again and again while it holds it, which renews the lease.
         * A failed renewal does not matter while the lease lasts. The candidate has finished before its lock is unlocked.
         */
        private final class RenewedLock implements Lock {

            private final Lock lock;

            // Used by the initiator's thread only.
            private int holds;
            private final Outage outage = new Outage(
                    outages.part(() -> "The lease of " + key, initiator::isRunning),
                    new FixedBackOff(
                            Math.max(1, duration.toMillis() / (RENEWALS * RENEWALS)), FixedBackOff.UNLIMITED_ATTEMPTS));

            RenewedLock(Lock lock) {
                this.lock = lock;
            }

            @Override
            public boolean tryLock(long time, TimeUnit unit) throws InterruptedException {
                while (true) {
                    long begun = System.nanoTime();
                    long delay;
                    try {
                        boolean locked = lock.tryLock(time, unit);
                        note(locked, begun);
                        return locked;
                    } catch (RuntimeException failure) {
                        delay = outage.failed(
                                failure,
                                next -> "The lease of " + key + " cannot be acquired now; the next attempt follows");
                        if (holds == 0 || !isHeld() || !initiator.isRunning()) {
                            throw failure;
                        }
                    }
                    Thread.sleep(delay);
                }
            }

            private void note(boolean locked, long begun) {
                outage.over("The lease of " + key + " can be acquired again");
                if (locked) {
                    holds++;
                    validUntil = begun + duration.toNanos();
                } else if (holds > 0) {
                    lose();
                    while (holds > 0) { // otherwise only this thread of the process could acquire it again
                        holds--;
                        release();
                    }
                }
            }

            private void release() {
                try {
                    lock.unlock();
                } catch (RuntimeException another) {
                    logger.debug("The lock of " + key + " already belonged to another instance", another);
                }
            }

            private void lose() {
                validUntil = System.nanoTime();
                candidate.revoked();
            }

            @Override
            public void unlock() {
                if (holds == 0) {
                    return;
                }
                if (holds == 1) {
                    lose();
                }
                holds--;
                lock.unlock();
            }

            @Override
            public boolean tryLock() {
                throw new UnsupportedOperationException();
            }

            @Override
            public void lock() {
                throw new UnsupportedOperationException();
            }

            @Override
            public void lockInterruptibly() {
                throw new UnsupportedOperationException();
            }

            @Override
            public Condition newCondition() {
                throw new UnsupportedOperationException();
            }
        }
    }
}
