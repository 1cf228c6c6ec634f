package dev.eventlog.torture;

import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.Gap;
import dev.eventlog.test.ChildJvm;
import dev.eventlog.torture.TortureJudge.Attempt;
import dev.eventlog.torture.TortureNamed.Incarnation;
import dev.eventlog.torture.TortureWatch.Got;
import dev.eventlog.torture.TortureWatch.Pace;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * An application in {@linkplain TortureChild its own process}, which is killed from time to time and started again. Its
 * notes go to the scene of the run, as if everything had happened there.
 */
final class TortureProcess implements AutoCloseable {

    static final String READY = "ready";
    static final String CALM = "calm";
    static final String CLOSED = "closed";

    /** The first event number of other processes. Each start of a process begins with the next multiple. */
    static final long NUMBERS = 1_000_000_000;

    private static final int STARTS = 1_000;
    private static final int PATIENCE = 180_000;

    private final TortureScene scene;
    private final int index;
    private final List<String> settings;
    private final Function<String, EventLog> logs;
    private final Random random;
    private final Thread killing;
    private @Nullable Path file;
    private @Nullable ChildJvm child;
    private int starts;

    // The contents of the file of the current process, as far as they have been read.
    private long read;
    private final StringBuilder rest = new StringBuilder();
    private final Map<String, TortureWatch> watches = new HashMap<>();
    private final Map<String, TortureNamed> named = new HashMap<>();
    private final Map<String, Attempt> sent = new HashMap<>();
    private String said = "";

    /**
     * Starts the process and waits until it is ready. Kills and restarts it repeatedly until the faults are over.
     *
     * @param index the number of this process, from 0 on
     * @param logs returns the handle of the run for the name of a log
     */
    TortureProcess(TortureScene scene, int index, String[] settings, Function<String, EventLog> logs)
            throws InterruptedException {
        this.scene = scene;
        this.index = index;
        this.settings = List.of(settings);
        this.logs = logs;
        this.random = scene.random(7, index, 0);
        start();
        this.killing = scene.start("killer " + index, this::killAgainAndAgain);
    }

    private void killAgainAndAgain() throws InterruptedException {
        while (scene.stay(2_000 + random.nextInt(12_000))) {
            stop();
            scene.count("processes killed");
            if (!scene.stay(random.nextInt(2_000))) {
                return;
            }
            if (!start()) {
                stop();
                return;
            }
        }
    }

    /** Starts the process. {@return whether it is ready; false if the faults are over before} */
    private synchronized boolean start() throws InterruptedException {
        starts++;
        said = "";
        read = 0;
        rest.setLength(0);
        try {
            Path notes = Files.createTempFile("event-log-torture-", ".notes");
            notes.toFile().deleteOnExit();
            file = notes;
            List<String> arguments = new ArrayList<>(List.of(
                    notes.toString(),
                    Long.toString(random.nextLong()),
                    Long.toString(NUMBERS * (1 + (long) index * STARTS + starts)),
                    "process " + index + "." + starts));
            arguments.addAll(settings);
            ChildJvm started = new ChildJvm("256m", TortureChild.class, arguments.toArray(String[]::new));
            child = started;
            Runtime.getRuntime().addShutdownHook(new Thread(started::close));
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
        return await(READY, scene.harming);
    }

    /**
     * Waits until the process reports a state.
     *
     * @param harming gives up as soon as {@link TortureScene#harming} has another value than this
     * @return whether the process reported the state
     */
    private boolean await(String what, boolean harming) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(PATIENCE);
        while (!said.equals(what)) {
            read();
            if (scene.harming != harming) {
                return false;
            }
            if (System.nanoTime() > deadline) {
                scene.trouble("The run itself failed: process " + index + "." + starts + " does not report " + what
                        + ", but only " + (said.isEmpty() ? "started" : said));
                return false;
            }
            TimeUnit.MILLISECONDS.sleep(20);
        }
        return true;
    }

    private synchronized void stop() {
        ChildJvm running = child;
        child = null;
        if (running == null) {
            return;
        }
        running.close();
        long now = System.nanoTime();
        read();
        for (Attempt unanswered : sent.values()) {
            scene.note(new Attempt(
                    unanswered.log(),
                    unanswered.numbers(),
                    unanswered.sentAt(),
                    unanswered.outcome(),
                    now,
                    List.of(),
                    unanswered.key()));
        }
        sent.clear();
        watches.values().forEach(watch -> watch.toTheEnd = false);
        watches.clear();
        named.clear();
        try {
            if (file != null) {
                Files.deleteIfExists(file);
                file = null;
            }
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    /** Lets each reader of the process keep its current follower. Call this when those of the run do the same. */
    void calmDown() throws InterruptedException {
        killing.join();
        synchronized (this) {
            ChildJvm running = child;
            if (running != null) {
                running.wake();
                await(CALM, false);
            }
        }
    }

    /** Shuts the application down in an orderly way. */
    @Override
    public void close() {
        synchronized (this) {
            ChildJvm running = child;
            if (running != null && said.equals(CALM)) {
                running.wake();
                try {
                    await(CLOSED, false);
                } catch (InterruptedException ex) {
                    Thread.currentThread().interrupt();
                }
                watches.clear(); // they reached the end
            }
        }
        stop();
    }

    /** Takes over the notes since the last call. */
    synchronized void read() {
        Path notes = file;
        if (notes == null) {
            return;
        }
        try (RandomAccessFile reading = new RandomAccessFile(notes.toFile(), "r")) {
            byte[] bytes = new byte[(int) (reading.length() - read)];
            reading.seek(read);
            reading.readFully(bytes);
            read += bytes.length;
            rest.append(new String(bytes, StandardCharsets.UTF_8));
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
        int begin = 0;
        for (int end = rest.indexOf("\n"); end >= 0; end = rest.indexOf("\n", begin)) {
            take(rest.substring(begin, end).split(TortureNotes.BETWEEN));
            begin = end + 1;
        }
        rest.delete(0, begin);
    }

    private void take(String[] line) {
        switch (line[0]) {
            case "SAYS" -> said = line[1];
            case "TROUBLE" -> scene.trouble(line[1]);
            case "SENT" -> {
                Attempt attempt = TortureNotes.attempt(line[1]);
                sent.put(attempt.log() + attempt.numbers().get(0), attempt);
            }
            case "ADD" -> {
                Attempt attempt = TortureNotes.attempt(line[1]);
                sent.remove(attempt.log() + attempt.numbers().get(0));
                scene.note(attempt);
            }
            case "WATCH" ->
                watches.put(
                        line[1],
                        new TortureWatch(
                                line[2],
                                line[3],
                                TortureNotes.tail(line[4]),
                                Boolean.parseBoolean(line[5]),
                                line[6].equals(TortureNotes.NONE)
                                        ? null
                                        : new Got(EventId.parse(line[6]), Long.parseLong(line[7])),
                                Pace.QUICK,
                                0));
            case "NAMED" -> {
                TortureNamed instance =
                        new TortureNamed(line[2], line[3], logs.apply(line[4]), Pace.QUICK, new Random(0));
                named.put(line[1], instance);
                scene.note(instance);
            }
            default -> {
                TortureWatch watch = watches.get(line[1]);
                TortureNamed instance = named.get(line[1]);
                if (watch != null) {
                    take(line, watch);
                } else if (instance != null) {
                    take(line, instance);
                } else {
                    throw new IllegalStateException(Arrays.toString(line));
                }
            }
        }
    }

    private void take(String[] line, TortureWatch watch) {
        switch (line[0]) {
            case "BEGAN" -> {
                watch.calledAt = Long.parseLong(line[2]);
                watch.returnedAt = Long.parseLong(line[3]);
                watch.logWasThere = Boolean.parseBoolean(line[4]);
                scene.note(watch);
            }
            case "BATCH" -> watch.beginBatch();
            case "GOT" -> watch.took(got(line), Long.parseLong(line[4]));
            case "GAP" -> watch.told(gap(line), Long.parseLong(line[7]));
            case "STAYS" -> watch.toTheEnd = Boolean.parseBoolean(line[2]);
            case "COMPLAINT" -> watch.complain(line[2]);
            default -> throw new IllegalStateException(Arrays.toString(line));
        }
    }

    private static void take(String[] line, TortureNamed instance) {
        switch (line[0]) {
            case "FROM" ->
                instance.take(
                        new Incarnation(
                                instance.instance,
                                Long.parseLong(line[2]),
                                Long.parseLong(line[3]),
                                EventId.parse(line[4])),
                        0);
            case "BATCH" -> instance.take(TortureWatch.BATCH, 0);
            case "GOT" -> instance.take(got(line), Long.parseLong(line[4]));
            case "GAP" -> instance.take(gap(line), Long.parseLong(line[7]));
            case "STORED" -> instance.take(EventId.parse(line[2]), Long.parseLong(line[3]));
            case "COMPLAINT" -> instance.take(line[2], 0);
            default -> throw new IllegalStateException(Arrays.toString(line));
        }
    }

    private static Got got(String[] line) {
        return new Got(EventId.parse(line[2]), Long.parseLong(line[3]));
    }

    private static Gap gap(String[] line) {
        return new Gap(
                line[2],
                Gap.Kind.valueOf(line[3]),
                EventId.parse(line[4]),
                EventId.parse(line[5]),
                line[6].equals(TortureNotes.NONE) ? OptionalLong.empty() : OptionalLong.of(Long.parseLong(line[6])));
    }
}
