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

/** Does the harm of a plan: what is done to the server and what is done to the logs, each on a thread of its own. */
final class TortureHarm {

    /** What the server is asked to do, which may not answer. */
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

    /** Returns when all of the plan is done, and so long after it began. */
    void await(long millis) throws InterruptedException {
        for (Thread thread : threads) {
            thread.join();
        }
        boolean unused = sleepUntil(millis);
    }

    /** {@return how often each fault happened} */
    Map<Kind, Integer> done() {
        synchronized (done) {
            return new EnumMap<>(done);
        }
    }

    private void harm(List<Fault> faults) throws InterruptedException {
        for (Fault fault : faults) {
            if (!sleepUntil(fault.at())) {
                continue; // others took too long
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

    /** {@return whether it was in time} */
    private boolean sleepUntil(long millis) throws InterruptedException {
        long left = begin + TimeUnit.MILLISECONDS.toNanos(millis) - System.nanoTime();
        if (left > 0) {
            TimeUnit.NANOSECONDS.sleep(left);
        }
        return left > -TimeUnit.SECONDS.toNanos(3);
    }
}
