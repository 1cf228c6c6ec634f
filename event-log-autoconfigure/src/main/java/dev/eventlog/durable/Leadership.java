package dev.eventlog.durable;

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
import org.springframework.integration.leader.Candidate;
import org.springframework.integration.leader.Context;
import org.springframework.integration.support.leader.LockRegistryLeaderInitiator;
import org.springframework.integration.support.locks.LockRegistry;

/**
 * Has one follower of a name and log follow at a time, among all that use the same locks: by Spring Integration's
 * {@link LockRegistryLeaderInitiator}, one for each follower, with a thread of its own. Thread-safe.
 */
public final class Leadership {

    private static final Log logger = LogFactory.getLog(Leadership.class);

    /** How often a lease is renewed while it lasts. */
    private static final int RENEWALS = 3;

    private final LockRegistry<?> locks;
    private final Duration lease;
    private final boolean virtualThreads;

    /**
     * Leadership by the locks of a registry.
     *
     * @param locks the locks; they must expire, or nobody takes over from a process that died
     * @param lease how long such a lock is held that is not renewed, at least 3 ms
     * @param virtualThreads whether to wait for turns on virtual threads
     */
    public Leadership(LockRegistry<?> locks, Duration lease, boolean virtualThreads) {
        this.locks = locks;
        this.lease = lease;
        this.virtualThreads = virtualThreads;
    }

    /** Who takes turns. */
    interface Holder {

        /** Its turn begins. Must not block. */
        void begin();

        /** Its turn ends, or has ended already. Called before it is given on; may block to finish what is not to overlap. */
        void end();
    }

    /**
     * A place in the queue of those who share a key.
     *
     * @param key what they share
     * @param holder who is to be told
     */
    Turn take(String key, Holder holder) {
        return new Turn(key, holder);
    }

    /** A place in the queue, until it is given up. The turn may come, end and come again. */
    final class Turn implements Candidate {

        private final String key;
        private final String id = UUID.randomUUID().toString();
        private final Holder holder;
        private final LockRegistryLeaderInitiator initiator;
        private final AtomicInteger tasks = new AtomicInteger();
        private final CompletableFuture<Void> left = new CompletableFuture<>();
        private volatile long heldUntil = System.nanoTime();

        Turn(String key, Holder holder) {
            this.key = key;
            this.holder = holder;
            LockRegistry<Lock> leases = any -> new Lease(locks.obtain(any));
            SimpleAsyncTaskExecutor threads = new SimpleAsyncTaskExecutor("eventlog-turn-");
            threads.setVirtualThreads(virtualThreads);
            threads.setDaemon(true);
            threads.setTaskDecorator(this::counted);
            this.initiator = new LockRegistryLeaderInitiator(leases, this);
            long pause = Math.max(1, lease.toMillis() / RENEWALS);
            initiator.setHeartBeatMillis(pause);
            initiator.setBusyWaitMillis(pause);
            initiator.setTaskExecutor(threads);
        }

        void queue() {
            initiator.start();
        }

        /** Whether the turn is held, as far as can be known without asking: it was renewed no longer ago than a lease. */
        boolean isHeld() {
            return heldUntil - System.nanoTime() > 0;
        }

        /**
         * Leaves the queue.
         *
         * @return completes when the turn, if it was held, is another's to take
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
            logger.info("It is this instance's turn to follow as " + key);
            holder.begin();
        }

        @Override
        public void onRevoked(Context context) {
            logger.info("It is no longer this instance's turn to follow as " + key);
        }

        /**
         * What the initiator takes for the lock. It asks for it, while it holds it, again and again: so the lease is renewed. A
         * failure of that is no matter as long as the lease lasts; and a turn has ended before its lock is unlocked.
         */
        private final class Lease implements Lock {

            private final Lock lock;

            // Of the initiator's thread.
            private int holds;
            private boolean failing;

            Lease(Lock lock) {
                this.lock = lock;
            }

            @Override
            public boolean tryLock(long time, TimeUnit unit) throws InterruptedException {
                while (true) {
                    long begun = System.nanoTime();
                    try {
                        boolean locked = lock.tryLock(time, unit);
                        note(locked, begun);
                        return locked;
                    } catch (RuntimeException failure) {
                        say(failure);
                        if (holds == 0 || !isHeld() || !initiator.isRunning()) {
                            throw failure;
                        }
                    }
                    Thread.sleep(Math.max(1, lease.toMillis() / (RENEWALS * RENEWALS)));
                }
            }

            private void note(boolean locked, long begun) {
                if (failing) {
                    failing = false;
                    logger.info("The lock of " + key + " can be asked for again");
                }
                if (locked) {
                    holds++;
                    heldUntil = begun + lease.toNanos();
                } else if (holds > 0) {
                    lose();
                    while (holds > 0) { // or this process could not take it again, but for this thread
                        holds--;
                        release();
                    }
                }
            }

            private void release() {
                try {
                    lock.unlock();
                } catch (RuntimeException another) {
                    logger.debug("The lock of " + key + " was another's already", another);
                }
            }

            private void say(RuntimeException failure) {
                if (!failing) {
                    failing = true;
                    logger.warn("The lock of " + key + " cannot be asked for now: it is tried again: "
                            + failure.getMessage());
                } else {
                    logger.debug("The lock of " + key + " cannot be asked for yet", failure);
                }
            }

            private void lose() {
                heldUntil = System.nanoTime();
                holder.end();
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
