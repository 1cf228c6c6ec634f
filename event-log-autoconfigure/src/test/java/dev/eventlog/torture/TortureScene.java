package dev.eventlog.torture;

import dev.eventlog.torture.TortureClock.Change;
import dev.eventlog.torture.TortureJudge.Attempt;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.LocalTime;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * The state that all parts of a torture run in one process share: what must continue, and what happened. Thread-safe.
 */
class TortureScene {

    /** The task of a thread. */
    interface Task {
        void run() throws InterruptedException;
    }

    private final long seed;
    private final AtomicLong numbers;
    private final Queue<Attempt> attempts = new ConcurrentLinkedQueue<>();
    private final Queue<TortureWatch> watches = new ConcurrentLinkedQueue<>();
    private final Queue<TortureNamed> named = new ConcurrentLinkedQueue<>();
    private final Queue<String> troubles = new ConcurrentLinkedQueue<>();
    private final Queue<Change> changes = new ConcurrentLinkedQueue<>();
    private final Map<String, Integer> figures = new TreeMap<>(); // guarded by itself

    /** Whether writers continue to write. */
    volatile boolean writing = true;

    /** Whether faults happen, and readers start and stop. */
    volatile boolean harming = true;

    /**
     * Creates a scene.
     *
     * @param first the number of the first event
     */
    TortureScene(long seed, long first) {
        this.seed = seed;
        this.numbers = new AtomicLong(first - 1);
    }

    /** {@return the random generator of one participant} */
    Random random(int kind, int log, int i) {
        return new Random(seed * 1_000_003 + kind * 10_007L + log * 101L + i);
    }

    /** {@return the number of the next event} */
    long nextNumber() {
        return numbers.incrementAndGet();
    }

    /** {@return consecutive numbers for the next events} */
    List<Long> nextNumbers(int count) {
        long last = numbers.addAndGet(count);
        return LongStream.rangeClosed(last - count + 1, last).boxed().toList();
    }

    /** Notes that an add is sent. {@link #note(Attempt)} notes its outcome later. */
    void noteSent(Attempt attempt) {}

    void note(Attempt attempt) {
        attempts.add(attempt);
    }

    /** Notes that a reader is about to begin. {@link #note(TortureWatch)} notes later that it has begun. */
    void prepare(TortureWatch watch) {}

    /** Notes that a reader has begun. */
    void note(TortureWatch watch) {
        watches.add(watch);
    }

    /** Notes whether a reader stays until the end. It does not if another reader has taken its place. */
    void stays(TortureWatch watch, boolean stays) {
        watch.toTheEnd = stays;
    }

    /** Notes that an instance of a named follower is about to begin. */
    void note(TortureNamed instance) {
        named.add(instance);
    }

    /** Notes that another server has become the master. */
    void note(Change change) {
        changes.add(change);
    }

    Queue<Change> changes() {
        return changes;
    }

    /** Notes something that should not have happened: a kind, a colon, and a text. */
    void trouble(String trouble) {
        troubles.add(trouble);
        System.out.println("TROUBLE at " + LocalTime.now() + ": " + trouble);
    }

    void count(String figure) {
        synchronized (figures) {
            figures.merge(figure, 1, Integer::sum);
        }
    }

    Queue<Attempt> attempts() {
        return attempts;
    }

    Queue<TortureWatch> watches() {
        return watches;
    }

    Queue<TortureNamed> named() {
        return named;
    }

    Queue<String> troubles() {
        return troubles;
    }

    Map<String, Integer> figures() {
        synchronized (figures) {
            return new TreeMap<>(figures);
        }
    }

    /** Waits, but only until the faults are over. {@return whether they are not over} */
    boolean stay(long millis) throws InterruptedException {
        long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        while (harming && System.nanoTime() < until) {
            TimeUnit.MILLISECONDS.sleep(20);
        }
        return harming;
    }

    Thread start(String name, Task task) {
        Thread thread = new Thread(
                () -> {
                    try {
                        task.run();
                    } catch (InterruptedException | RuntimeException | Error unforeseen) {
                        trouble("The run itself failed: in " + name + ", " + text(unforeseen));
                    }
                },
                name);
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    static String text(@Nullable Throwable thrown) {
        if (thrown == null) {
            return "nothing was thrown";
        }
        StringWriter text = new StringWriter();
        thrown.printStackTrace(new PrintWriter(text));
        return text.toString();
    }
}
