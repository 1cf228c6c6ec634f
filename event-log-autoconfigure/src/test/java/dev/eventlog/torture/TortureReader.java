package dev.eventlog.torture;

import dev.eventlog.EventLog;
import dev.eventlog.EventLogUnavailableException;
import dev.eventlog.Tail;
import dev.eventlog.torture.TortureWatch.Got;
import dev.eventlog.torture.TortureWatch.Pace;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One who reads a log of a torture run again and again, each time as a new reader with a {@link TortureWatch} of its own, until
 * the faults are over; the last one then stays to the end.
 */
abstract class TortureReader {

    final TortureScene scene;
    final Random random;
    private final List<List<EventLog>> logs; // of each application, as in TortureLogs
    private final int log;
    private final String name;
    private int times;
    private boolean last; // guarded by this
    private @Nullable TortureWatch current; // guarded by this

    TortureReader(TortureScene scene, List<List<EventLog>> logs, int log, String name, Random random) {
        this.scene = scene;
        this.logs = logs;
        this.log = log;
        this.name = name;
        this.random = random;
    }

    /** Reads again and again. Returns soon after the faults are over. */
    abstract void comeAndGo() throws InterruptedException;

    /** {@return the log, in one of the applications} */
    EventLog log() {
        return logs.get(random.nextInt(logs.size())).get(log);
    }

    /** {@return for how long to read, in milliseconds} */
    long stay() {
        return 200 + random.nextInt(random.nextInt(3) == 0 ? 20_000 : 4_000);
    }

    /**
     * Stays with a reader for a time, or until its log has ended.
     *
     * @return whether another is to come after it; if not, it stays to the end
     */
    boolean stay(TortureWatch watch, long millis) throws InterruptedException {
        long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        while (scene.harming && !watch.completed && System.nanoTime() < until) {
            TimeUnit.MILLISECONDS.sleep(20);
        }
        pauseAfterTheEnd(watch);
        return scene.harming || watch.completed;
    }

    /** The log may be complete for a while, and the next reader may be told that again. */
    static void pauseAfterTheEnd(TortureWatch watch) throws InterruptedException {
        if (watch.completed) {
            TimeUnit.MILLISECONDS.sleep(100);
        }
    }

    /** {@return where to begin, mostly where the reader before has ended} */
    Tail tail(@Nullable Got end) {
        int newest = random.nextInt(60);
        return switch (random.nextInt(6)) {
            case 0 -> Tail.all();
            case 1 -> Tail.last(0);
            case 2 -> Tail.last(newest);
            case 3 -> end == null ? Tail.all() : Tail.from(end.id());
            default -> end == null ? Tail.all() : Tail.after(end.id());
        };
    }

    Pace pace() {
        return Pace.values()[random.nextInt(Pace.values().length)];
    }

    /** {@return a watch for the next time, which has not begun} */
    TortureWatch watch(EventLog of, Tail tail, @Nullable Got resumed, Pace pace) {
        TortureWatch watch = new TortureWatch(
                name + "." + ++times,
                of.name(),
                tail,
                of.options().hasMaxLength(),
                tail instanceof Tail.After ? resumed : null,
                pace,
                random.nextLong());
        scene.prepare(watch);
        return watch;
    }

    /** Opens what a watch is for. */
    interface Opening {
        void open() throws InterruptedException;
    }

    /**
     * Tries to open until Redis is there.
     *
     * @param always whether to go on when the faults are over
     * @return whether it is open; not if the faults were over before
     */
    boolean open(TortureWatch watch, EventLog of, boolean always, Opening opening) throws InterruptedException {
        while (always || scene.harming) {
            try {
                watch.logWasThere = of.exists();
                watch.calledAt = System.nanoTime();
                opening.open();
                watch.returnedAt = System.nanoTime();
                watch.logWasThere &= exists(of);
                return true;
            } catch (EventLogUnavailableException away) {
                scene.count("follows refused, as Redis was away");
                TimeUnit.MILLISECONDS.sleep(20);
            }
        }
        return false;
    }

    static boolean exists(EventLog log) {
        try {
            return log.exists();
        } catch (EventLogUnavailableException away) {
            return false;
        }
    }

    /** This one reads from now on, and no other of this reader. */
    synchronized void begins(TortureWatch watch) {
        TortureWatch before = current;
        if (before != null && last) {
            scene.stays(before, false);
        }
        current = watch;
        scene.note(watch);
        if (last) {
            scene.stays(watch, true);
        }
    }

    /** The faults are over: who reads now stays. */
    synchronized void staysToTheEnd() {
        last = true;
        TortureWatch staying = current;
        if (staying != null) {
            scene.stays(staying, true);
        }
    }
}
