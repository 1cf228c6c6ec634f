package dev.eventlog.torture;

import dev.eventlog.torture.TorturePlan.Fault;
import dev.eventlog.torture.TorturePlan.Kind;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** Carries out a plan: one thread causes the faults of the server, and another one those of the data. */
final class TortureHarm {

    /** Faults that are commands to the server, which may not answer. */
    private static final Set<Kind> ASKED = EnumSet.of(Kind.CLIENT_KILL, Kind.CLIENT_PAUSE, Kind.CLOCK_BACK);

    private final TortureServer server;
    private final Map<Kind, Integer> done = new EnumMap<>(Kind.class); // guarded by itself
    private final long begin = System.nanoTime();
    private final List<Thread> threads = new ArrayList<>();

    TortureHarm(TortureScene scene, TortureServer server, TorturePlan plan) {
        this.server = server;
        threads.add(scene.start("server faults", () -> harm(plan.server())));
        threads.add(scene.start("data faults", () -> harm(plan.data())));
    }

    /** Returns when the plan is finished, but not earlier than this many milliseconds after its start. */
    void await(long millis) throws InterruptedException {
        for (Thread thread : threads) {
            thread.join();
        }
        boolean unused = sleepUntil(millis);
    }

    /** {@return the number of times that each fault happened} */
    Map<Kind, Integer> done() {
        synchronized (done) {
            return new EnumMap<>(done);
        }
    }

    private void harm(List<Fault> faults) throws InterruptedException {
        for (Fault fault : faults) {
            if (!sleepUntil(fault.at())) {
                continue; // the faults before took too long
            }
            try {
                if (fault.kind().isOfData()) {
                    server.harmData(fault);
                } else {
                    server.harm(fault);
                }
                synchronized (done) {
                    done.merge(fault.kind(), 1, Integer::sum);
                }
            } catch (UncheckedIOException away) {
                if (!fault.kind().isOfData() && !ASKED.contains(fault.kind())) {
                    throw away;
                }
            }
        }
    }

    /** {@return whether this moment was not already over for too long} */
    private boolean sleepUntil(long millis) throws InterruptedException {
        long left = begin + TimeUnit.MILLISECONDS.toNanos(millis) - System.nanoTime();
        if (left > 0) {
            TimeUnit.NANOSECONDS.sleep(left);
        }
        return left > -TimeUnit.SECONDS.toNanos(3);
    }
}
