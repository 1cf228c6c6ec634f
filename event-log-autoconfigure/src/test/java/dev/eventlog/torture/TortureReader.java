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
 * Reads a log of a torture run repeatedly, each time as a new reader with its own {@link TortureWatch}. When the faults
 * are over, the last reader stays until the end.
 */
abstract class TortureReader {

    final TortureScene scene;
    final Random random;
    private final List<List<EventLog>> logs; // by application, each in the order of TortureLogs
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

    /** Reads repeatedly. Returns soon after the faults are over. */
    abstract void comeAndGo() throws InterruptedException;

    /** {@return the log in a random application} */
    EventLog log() {
        return logs.get(random.nextInt(logs.size())).get(log);
    }

    /** {@return a random duration for a reader, in milliseconds} */
    long stay() {
        return 200 + random.nextInt(random.nextInt(3) == 0 ? 20_000 : 4_000);
    }

    /**
     * Waits for a time, or until the log of a reader has ended.
     *
     * @return whether another reader must follow; if not, this one stays until the end
     */
    boolean stay(TortureWatch watch, long millis) throws InterruptedException {
        long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        while (scene.harming && !watch.completed && System.nanoTime() < until) {
            TimeUnit.MILLISECONDS.sleep(20);
        }
        pauseAfterTheEnd(watch);
        return scene.harming || watch.completed;
    }

    /**
     * Pauses if the log is complete, because it can stay complete for a while, and the next reader would end at once.
     */
    static void pauseAfterTheEnd(TortureWatch watch) throws InterruptedException {
        if (watch.completed) {
            TimeUnit.MILLISECONDS.sleep(100);
        }
    }

    /** {@return a random start, usually the end of the previous reader} */
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

    /** {@return a watch for the next reader, which has not begun yet} */
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

    /** Opens the follower, subscription, or stream of a watch. */
    interface Opening {
        void open() throws InterruptedException;
    }

    /**
     * Tries to open a reader until Redis answers.
     *
     * @param always whether to continue when the faults are over
     * @return whether it is open; false if the faults were over before
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
                scene.count("follows refused because Redis was away");
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

    /** Notes that this watch reads from now on, in place of the one before. */
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

    /** Notes that the faults are over, so the current watch stays until the end. */
    synchronized void staysToTheEnd() {
        last = true;
        TortureWatch staying = current;
        if (staying != null) {
            scene.stays(staying, true);
        }
    }
}
