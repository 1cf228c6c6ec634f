package dev.eventlog.torture;

import dev.eventlog.Tail;
import dev.eventlog.torture.TortureClients.Roles;
import dev.eventlog.torture.TortureLogs.Written;
import dev.eventlog.torture.TortureWatch.Got;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Runs writers, readers, and all kinds of faults at the same time, for any duration. At the end, it compares everything
 * that the readers received with the writes in the file of Redis. The same seed causes the same faults at the same
 * times.
 *
 * <p>{@code CONTRIBUTING.md} describes the arguments. The exit status is 1 if a guarantee was broken, and 2 if the run
 * hangs.
 */
final class TortureRun {

    private static final int SHOWN_OF_A_KIND = 5;
    private static final int SECONDS_TO_THE_END = 30;
    private static final int SECONDS_TO_CLOSE = 300;

    private static final Roles ROLES = new Roles("", 3, 3, 1, 1, 1, 1, 2);

    private final TortureSettings settings;
    private final long millis;
    private final PrintStream out;
    private final TorturePlan plan;
    private final TortureScene scene;
    private Runnable started = () -> {};
    private Runnable over = () -> {};
    private final long begin = System.nanoTime();
    private volatile @Nullable TortureServer server;
    private final List<TortureProcess> processes = new ArrayList<>();

    private TortureRun(TortureSettings settings, PrintStream out) {
        this.settings = settings;
        this.millis = settings.length().toMillis();
        this.out = out;
        this.plan = TorturePlan.of(
                settings.seed(), millis, TortureLogs.ALL.size(), settings.sentinel(), settings.faketime());
        this.scene = new TortureScene(settings.seed(), 1);
    }

    /** The result of a run. It should have no violations. */
    record Result(List<String> violations, String summary) {}

    static Result run(long seed, Duration length, PrintStream out) throws InterruptedException {
        return new TortureRun(TortureSettings.of(seed, length), out).run();
    }

    public static void main(String... arguments) throws InterruptedException {
        TortureSettings settings = TortureSettings.parse(arguments);
        TortureRun run = new TortureRun(settings, System.out);
        Thread end = endAfter(settings.length().plusSeconds(SECONDS_TO_CLOSE), run);
        run.started = end::start;
        run.over = end::interrupt; // the judge has no time limit
        Result result = run.run();
        System.exit(result.violations().isEmpty() ? 0 : 1);
    }

    /** {@return a thread that ends a hanging run, and prints where it hangs} */
    private static Thread endAfter(Duration length, TortureRun run) {
        Thread thread = new Thread(
                () -> {
                    try {
                        TimeUnit.MILLISECONDS.sleep(length.toMillis());
                    } catch (InterruptedException ended) {
                        return;
                    }
                    System.out.println("The run itself failed: it did not end in time\n" + run.state() + '\n'
                            + TortureState.threads());
                    System.exit(2);
                },
                "end of the run");
        thread.setDaemon(true);
        return thread;
    }

    private String state() {
        TortureServer running = server;
        return running == null ? "no server yet" : running.state();
    }

    private Result run() throws InterruptedException {
        try (TortureServer opened = settings.sentinel()
                ? new TortureSentinel(scene, TortureLogs.NUMBER_OF_APPLICATIONS + 1 + settings.processes())
                : new TortureSingle(settings.faketime())) {
            server = opened;
            return run(opened);
        }
    }

    private Result run(TortureServer server) throws InterruptedException {
        boolean counts = server.master().isAtLeast(7);
        Map<TorturePlan.Kind, Integer> faults;
        try (TortureClients clients = new TortureClients(
                scene,
                IntStream.range(0, TortureLogs.NUMBER_OF_APPLICATIONS)
                        .mapToObj(i -> settings(server, i))
                        .toList(),
                settings(server, TortureLogs.NUMBER_OF_APPLICATIONS))) {
            out.println("Seed " + settings.seed() + ", " + millis / 1000 + " s, Redis "
                    + server.master().info("server", "redis_version") + ", on " + clients.driver());
            out.print(plan);
            for (int i = 0; i < settings.processes(); i++) {
                int client = TortureLogs.NUMBER_OF_APPLICATIONS + 1 + i;
                processes.add(new TortureProcess(scene, i, settings(server, client), clients::log));
            }
            say("everything has started");
            started.run();
            clients.start(ROLES);
            TortureHarm harm = new TortureHarm(scene, server, plan);
            harm.await(millis);
            say("the faults are over");
            clients.calmDown();
            for (TortureProcess process : processes) {
                process.calmDown();
            }
            say("writers and readers no longer start and stop");
            clients.enders().open();
            bringToTheEnd(server, clients);
            say("all readers have reached the end");
            endForGood(clients);
            say("all readers of the log that ends have received its end");
            faults = harm.done();
            processes.forEach(TortureProcess::close);
        }
        TortureHistory history = server.end();
        over.run();

        TortureTrace trace = new TortureTrace(counts, TortureLogs.maxLengths());
        trace.attempts.addAll(scene.attempts());
        trace.changes.addAll(scene.changes());
        scene.watches().forEach(watch -> trace.accounts.add(TortureAccount.of(watch)));
        trace.accounts.addAll(TortureChains.accounts(scene));
        trace.troubles.addAll(scene.troubles());
        TortureFindings found = trace.judge(history);
        Result result = new Result(found.violations(), report(found, history, faults));
        if (!found.violations().isEmpty()) {
            keep(trace, history, server);
        }
        return result;
    }

    /** Prints the progress, which helps to understand a run that hangs. */
    private void say(String what) {
        out.println("After " + TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - begin) + " s " + what);
    }

    private void keep(TortureTrace trace, TortureHistory history, TortureServer server) {
        try {
            Path root = Path.of("target", "torture");
            Path folder = TortureReplay.keep(
                    root, settings.seed(), trace, history, server.master().writes());
            out.println("To judge this run again: " + TortureReplay.command(folder));
        } catch (IOException ex) {
            out.println("The trace could not be stored: " + ex);
        }
    }

    private String[] settings(TortureServer server, int client) {
        List<String> more = new ArrayList<>(settings.properties());
        more.addAll(server.settings(client));
        if (client == TortureLogs.NUMBER_OF_APPLICATIONS) {
            more.add("eventlog.sse.heartbeat=1s");
        }
        return TortureLogs.settings(client, more);
    }

    /**
     * Brings all readers to the end of their logs: adds an event to each log in each application until this succeeds,
     * and waits until each reader has received such an event.
     */
    private void bringToTheEnd(TortureServer server, TortureClients clients) throws InterruptedException {
        long first = scene.nextNumber();
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS_TO_THE_END);
        while (true) {
            List<String> failures = clients.addEverywhere();
            TimeUnit.MILLISECONDS.sleep(200);
            processes.forEach(TortureProcess::read);
            List<String> behind = behind(first);
            if (behind.isEmpty() && failures.isEmpty()) {
                return;
            }
            if (System.nanoTime() > deadline) {
                failures.forEach(failure -> scene.trouble("Cannot add anymore: " + failure));
                behind.forEach(reader -> scene.trouble("Never reached the end: " + reader + ", " + SECONDS_TO_THE_END
                        + " s after the last fault, while the log is at number " + scene.nextNumber()));
                out.println(server.state() + "\n" + TortureState.threads());
                return;
            }
        }
    }

    /** Completes the log that ends for the last time. All of its readers must receive the end. */
    private void endForGood(TortureClients clients) throws InterruptedException {
        if (!clients.enders().end()) {
            scene.trouble("Cannot complete the log that ends");
            return;
        }
        String log = TortureLogs.ALL.get(TortureLogs.ENDING).name();
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS_TO_THE_END);
        while (true) {
            processes.forEach(TortureProcess::read);
            List<TortureWatch> untold = scene.watches().stream()
                    .filter(watch -> watch.log.equals(log) && watch.toTheEnd && !watch.completed)
                    .toList();
            if (untold.isEmpty()) {
                return;
            }
            if (System.nanoTime() > deadline) {
                untold.forEach(watch -> scene.trouble("Never received the end of its log: " + watch));
                return;
            }
            TimeUnit.MILLISECONDS.sleep(100);
        }
    }

    /**
     * Returns the readers that have received no event from this number on. It leaves out a reader that began at an id
     * ahead of the log, which happens after the clock was set back. Such a reader does not request the events before
     * that id.
     */
    private List<String> behind(long first) {
        List<String> behind = new ArrayList<>();
        for (TortureWatch watch : scene.watches()) {
            Got last = watch.last();
            if (watch.toTheEnd
                    && !watch.completed
                    && !isSince(first, last)
                    && !(watch.tail instanceof Tail.From && last == null)) {
                behind.add(watch + ", whose last event was " + last);
            }
        }
        Map<String, String> named = new TreeMap<>(); // one instance for each log is enough
        for (TortureNamed instance : scene.named()) {
            named.putIfAbsent(instance.log.name(), instance.name + " of '" + instance.log.name() + "'");
        }
        for (TortureNamed instance : scene.named()) {
            Got last = instance.last();
            if (isSince(first, last)) {
                named.remove(instance.log.name());
            }
        }
        behind.addAll(named.values());
        return behind;
    }

    /** Whether an event was added after the faults were over. At that time, other processes add nothing. */
    private static boolean isSince(long first, @Nullable Got got) {
        return got != null && got.number() >= first && got.number() < TortureProcess.NUMBERS;
    }

    private String report(TortureFindings found, TortureHistory history, Map<TorturePlan.Kind, Integer> faults) {
        StringBuilder summary = new StringBuilder("Seed " + settings.seed() + ", " + millis / 1000 + " s: ");
        Map<String, Integer> figures = new TreeMap<>(found.figures());
        figures.putAll(scene.figures());
        int lives = 0;
        for (Written log : TortureLogs.ALL) {
            lives += history.lives(log.name()).size();
        }
        figures.put("lives of logs", lives);
        figures.forEach(
                (what, count) -> summary.append(count).append(' ').append(what).append("; "));
        summary.append("faults ").append(faults);
        out.println(summary);
        TortureReplay.print(found.violations(), SHOWN_OF_A_KIND, out);
        return summary.toString();
    }
}
