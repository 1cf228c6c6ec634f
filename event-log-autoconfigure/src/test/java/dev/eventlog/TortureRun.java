package dev.eventlog;

import dev.eventlog.TortureJudge.Attempt;
import dev.eventlog.TortureJudge.Outcome;
import dev.eventlog.TorturePlan.Fault;
import dev.eventlog.TorturePlan.Kind;
import dev.eventlog.TortureWatch.Got;
import dev.eventlog.TortureWatch.Pace;
import dev.eventlog.test.AppendOnlyFile;
import dev.eventlog.test.EmbeddedRedis;
import dev.eventlog.test.TcpProxy;
import dev.eventlog.test.TestApplication;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * Writers, followers and all kinds of faults at once, for as long as one likes; at the end everything that anybody was told
 * is held against what Redis wrote down. The same seed does the same harm at the same times.
 *
 * <p>Arguments: {@code --minutes 5} or {@code --seconds 20}, {@code --seed 1}, {@code --redis <path of a redis-server>} in
 * place of the embedded one, {@code --driver lettuce|jedis}. Ends with 1 if the guarantee was broken.
 */
final class TortureRun {

    /** What an add that ends by this says of the event. */
    private static Outcome outcome(EventLogException failure) {
        return failure instanceof AddOutcomeUnknownException ? Outcome.UNKNOWN : Outcome.FAILED;
    }

    private record Written(String name, Consumer<EventLogOptions.Builder> options, int pause, int writers) {}

    private static final List<Written> LOGS = List.of(
            new Written("plain", options -> {}, 30, 2),
            new Written("short", options -> options.maxLength(100), 20, 3),
            new Written("expiring", options -> options.ttlAfterLastAdd(Duration.ofMillis(600)), 400, 1),
            new Written("both", options -> options.maxLength(30).ttlAfterLastAdd(Duration.ofSeconds(2)), 60, 2));

    private static final int FOLLOWERS_A_LOG = 5;
    private static final int SHOWN_OF_A_KIND = 5;

    private static final List<String[]> APPLICATIONS = List.of(
            new String[] {
                "eventlog.follow.batch-size=20", "eventlog.follow.window-size=50", "eventlog.follow.poll-timeout=300ms"
            },
            new String[] {"eventlog.follow.poll-timeout=1s"},
            new String[] {
                "eventlog.follow.batch-size=7",
                "eventlog.follow.window-size=10",
                "eventlog.follow.poll-timeout=50ms",
                "eventlog.read.page-size=10"
            });

    private final long seed;
    private final long millis;
    private final PrintStream out;
    private final TorturePlan plan;
    private final EmbeddedRedis redis = EmbeddedRedis.onDisk();
    private final TcpProxy proxy = new TcpProxy(redis.uri());
    private final TortureHistory history = new TortureHistory();
    private final List<ConfigurableApplicationContext> applications = new ArrayList<>();
    private final List<List<EventLog>> logs = new ArrayList<>(); // of each application, as in LOGS

    private final AtomicLong numbers = new AtomicLong();
    private final Queue<Attempt> attempts = new ConcurrentLinkedQueue<>();
    private final Queue<TortureWatch> watches = new ConcurrentLinkedQueue<>();
    private final Queue<String> troubles = new ConcurrentLinkedQueue<>();
    private final AtomicInteger refusedFollows = new AtomicInteger();
    private final Map<Kind, Integer> done = new EnumMap<>(Kind.class); // guarded by itself
    private volatile boolean writing = true;
    private volatile boolean harming = true;

    private TortureRun(long seed, Duration length, PrintStream out, String... properties) {
        this.seed = seed;
        this.millis = length.toMillis();
        this.out = out;
        this.plan = TorturePlan.of(seed, millis, LOGS.size());
        for (String[] own : APPLICATIONS) {
            String[] all = Stream.of(
                            Stream.of(
                                    "spring.data.redis.timeout=500ms",
                                    "spring.data.redis.connect-timeout=500ms",
                                    "eventlog.follow.recovery.delay=50ms",
                                    "eventlog.follow.recovery.max-delay=500ms",
                                    "logging.level.root=OFF"),
                            Stream.of(own),
                            Stream.of(properties))
                    .flatMap(each -> each)
                    .toArray(String[]::new);
            ConfigurableApplicationContext application = TestApplication.startOn(proxy.uri(), all);
            applications.add(application);
            EventLogFactory factory = TestApplication.factory(application);
            logs.add(LOGS.stream()
                    .map(log -> factory.create(log.name(), log.options()))
                    .toList());
        }
    }

    /** What came of a run: the violations, none of which there should be. */
    record Result(List<String> violations, String summary) {}

    static Result run(long seed, Duration length, PrintStream out, String... properties) throws InterruptedException {
        return new TortureRun(seed, length, out, properties).run();
    }

    public static void main(String... arguments) throws InterruptedException {
        long seed = System.nanoTime() & 0xffff;
        Duration length = Duration.ofMinutes(5);
        List<String> properties = new ArrayList<>();
        for (int i = 0; i + 1 < arguments.length; i += 2) {
            String value = arguments[i + 1];
            switch (arguments[i]) {
                case "--seed" -> seed = Long.parseLong(value);
                case "--minutes" -> length = Duration.ofMinutes(Long.parseLong(value));
                case "--seconds" -> length = Duration.ofSeconds(Long.parseLong(value));
                case "--redis" -> System.setProperty("embedded.redis.executable", value);
                case "--driver" -> properties.add("spring.data.redis.client-type=" + value);
                default -> throw new IllegalArgumentException(arguments[i]);
            }
        }
        Result result = run(seed, length, System.out, properties.toArray(String[]::new));
        System.exit(result.violations().isEmpty() ? 0 : 1);
    }

    /** The event of a number. */
    static Map<String, String> event(long number) {
        return Map.of("n", Long.toString(number), "text", Long.toHexString(number * 0x9E3779B97F4A7C15L));
    }

    static long number(Event event) {
        return Long.parseLong(event.fields().getOrDefault("n", "-1"));
    }

    private Result run() throws InterruptedException {
        out.println("Seed " + seed + ", " + millis / 1000 + " s, Redis "
                + (redis.isAtLeast(7) ? "7 or later" : "below 7") + ", on "
                + applications
                        .get(0)
                        .getBean("redisConnectionFactory")
                        .getClass()
                        .getSimpleName());
        out.print(plan);
        boolean counts = redis.isAtLeast(7);
        long begin = System.nanoTime();
        List<Thread> writers = new ArrayList<>();
        List<Thread> others = new ArrayList<>();
        for (int log = 0; log < LOGS.size(); log++) {
            int index = log;
            for (int i = 0; i < LOGS.get(log).writers(); i++) {
                Random random = random(1, log, i);
                writers.add(start("writer", () -> write(index, random)));
            }
            for (int i = 0; i < FOLLOWERS_A_LOG; i++) {
                Random random = random(2, log, i);
                String name = "follower " + log + i;
                others.add(start(name, () -> follow(index, name, random)));
            }
        }
        List<Thread> harm = List.of(
                start("server faults", () -> harm(plan.server(), begin)),
                start("data faults", () -> harm(plan.data(), begin)));
        for (Thread thread : harm) {
            thread.join();
        }
        sleepUntil(begin, millis);
        writing = false;
        for (Thread thread : writers) {
            thread.join();
        }
        harming = false;
        for (Thread thread : others) {
            thread.join();
        }
        bringToTheEnd();
        watches.forEach(TortureWatch::close);
        applications.forEach(ConfigurableApplicationContext::close);
        proxy.close();
        redis.kill();
        history.read(redis.writes());

        TortureTrace trace = new TortureTrace(counts, maxLengths());
        trace.attempts.addAll(attempts);
        watches.forEach(watch -> trace.accounts.add(TortureAccount.of(watch)));
        trace.troubles.addAll(troubles);
        TortureFindings found = trace.judge(history);
        Result result = new Result(found.violations(), report(found));
        if (!found.violations().isEmpty()) {
            keep(trace);
        }
        redis.close();
        return result;
    }

    private static Map<String, Long> maxLengths() {
        Map<String, Long> maxLengths = new TreeMap<>();
        for (Written log : LOGS) {
            EventLogOptions.Builder options = EventLogOptions.builder();
            log.options().accept(options);
            EventLogOptions built = options.build();
            if (built.hasMaxLength()) {
                maxLengths.put(log.name(), built.maxLength());
            }
        }
        return maxLengths;
    }

    private void keep(TortureTrace trace) {
        try {
            Path folder = TortureReplay.keep(Path.of("target", "torture"), seed, trace, history, redis.writes());
            out.println("To judge the same again: " + TortureReplay.command(folder));
        } catch (IOException ex) {
            out.println("The trace could not be kept: " + ex);
        }
    }

    private String report(TortureFindings found) {
        StringBuilder summary = new StringBuilder("Seed " + seed + ", " + millis / 1000 + " s: ");
        Map<String, Integer> figures = new TreeMap<>(found.figures());
        figures.put("follows refused, as Redis was away", refusedFollows.get());
        int lives = 0;
        for (Written log : LOGS) {
            lives += history.lives(log.name()).size();
        }
        figures.put("lives of logs", lives);
        figures.forEach(
                (what, count) -> summary.append(count).append(' ').append(what).append("; "));
        summary.append("faults ").append(done);
        out.println(summary);
        TortureReplay.print(found.violations(), SHOWN_OF_A_KIND, out);
        return summary.toString();
    }

    private Random random(int kind, int log, int i) {
        return new Random(seed * 1_000_003 + kind * 10_007L + log * 101L + i);
    }

    private Thread start(String name, Task task) {
        Thread thread = new Thread(
                () -> {
                    try {
                        task.run();
                    } catch (InterruptedException | RuntimeException | Error unforeseen) {
                        StringWriter text = new StringWriter();
                        unforeseen.printStackTrace(new PrintWriter(text));
                        troubles.add("The run itself failed: in " + name + ", " + text);
                    }
                },
                name);
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    private interface Task {
        void run() throws InterruptedException;
    }

    private void write(int log, Random random) throws InterruptedException {
        Written written = LOGS.get(log);
        while (writing) {
            EventLog to = logs.get(random.nextInt(logs.size())).get(log);
            int count = switch (random.nextInt(20)) {
                case 0 -> 30 + random.nextInt(200);
                case 1, 2, 3, 4 -> 1 + random.nextInt(20);
                default -> 0;
            };
            add(to, count);
            int burst = random.nextInt(10) == 0 ? 5 : 1;
            TimeUnit.MILLISECONDS.sleep(random.nextInt(written.pause() * burst));
        }
    }

    /** Adds so many by {@code addAll}, or one by {@code add}. */
    private boolean add(EventLog log, int count) throws InterruptedException {
        List<Long> of = new ArrayList<>();
        for (int i = 0; i < Math.max(1, count); i++) {
            of.add(numbers.incrementAndGet());
        }
        long sentAt = System.nanoTime();
        try {
            List<EventId> ids = count == 0
                    ? List.of(log.add(event(of.get(0))))
                    : log.addAll(of.stream().map(TortureRun::event).toList());
            attempts.add(new Attempt(log.name(), of, sentAt, Outcome.ANSWERED, System.nanoTime(), ids));
            return true;
        } catch (EventLogException failure) {
            attempts.add(new Attempt(log.name(), of, sentAt, outcome(failure), System.nanoTime(), List.of()));
            TimeUnit.MILLISECONDS.sleep(20);
            return false;
        }
    }

    private void follow(int log, String name, Random random) throws InterruptedException {
        @Nullable TortureWatch previous = null;
        for (int i = 1; harming; i++) {
            EventLog of = logs.get(random.nextInt(logs.size())).get(log);
            Got end = previous == null ? null : previous.last();
            Pace pace = Pace.values()[random.nextInt(Pace.values().length)];
            long stay = 200 + random.nextInt(random.nextInt(3) == 0 ? 20_000 : 4_000);
            int choice = random.nextInt(6);
            int last = random.nextInt(60);
            long listenerSeed = random.nextLong();
            Tail tail = switch (choice) {
                case 0 -> Tail.all();
                case 1 -> Tail.last(0);
                case 2 -> Tail.last(last);
                case 3 -> end == null ? Tail.all() : Tail.from(end.id());
                default -> end == null ? Tail.all() : Tail.after(end.id());
            };
            TortureWatch watch = new TortureWatch(
                    name + "." + i,
                    of.name(),
                    tail,
                    of.options().hasMaxLength(),
                    tail instanceof Tail.After ? end : null,
                    pace,
                    listenerSeed);
            while (harming && watch.follower == null) {
                try {
                    watch.logWasThere = of.exists();
                    watch.calledAt = System.nanoTime();
                    watch.follower = of.follow(tail, watch);
                    watch.returnedAt = System.nanoTime();
                    watch.logWasThere &= exists(of);
                } catch (EventLogUnavailableException away) {
                    refusedFollows.incrementAndGet();
                    TimeUnit.MILLISECONDS.sleep(20);
                }
            }
            if (watch.follower == null) {
                return;
            }
            watches.add(watch);
            long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(stay);
            while (harming && System.nanoTime() < until) {
                TimeUnit.MILLISECONDS.sleep(20);
            }
            if (!harming) {
                watch.toTheEnd = true;
                return;
            }
            watch.close();
            previous = watch;
        }
    }

    private static boolean exists(EventLog log) {
        try {
            return log.exists();
        } catch (EventLogUnavailableException away) {
            return false;
        }
    }

    /** Adds to every log until every follower has got something of it: so all of them have come to the end. */
    private void bringToTheEnd() throws InterruptedException {
        long first = numbers.get() + 1;
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (true) {
            for (EventLog log : logs.get(0)) {
                add(log, 0);
            }
            TimeUnit.MILLISECONDS.sleep(200);
            List<TortureWatch> behind = new ArrayList<>();
            for (TortureWatch watch : watches) {
                Got last = watch.last();
                if (watch.toTheEnd && (last == null || last.number() < first)) {
                    behind.add(watch);
                }
            }
            if (behind.isEmpty()) {
                return;
            }
            if (System.nanoTime() > deadline) {
                behind.forEach(watch -> troubles.add(
                        "Never got to the end: " + watch + ": a minute after the last fault it has only got to "
                                + watch.last() + ", while the log is at number " + numbers.get()));
                return;
            }
        }
    }

    private void harm(List<Fault> faults, long begin) throws InterruptedException {
        for (Fault fault : faults) {
            sleepUntil(begin, fault.at());
            try {
                carryOut(fault);
                synchronized (done) {
                    done.merge(fault.kind(), 1, Integer::sum);
                }
            } catch (UncheckedIOException away) {
                if (!fault.kind().isOfData() && fault.kind() != Kind.CLIENT_KILL && fault.kind() != Kind.CLIENT_PAUSE) {
                    throw away;
                }
            }
        }
    }

    private static void sleepUntil(long begin, long millis) throws InterruptedException {
        long left = begin + TimeUnit.MILLISECONDS.toNanos(millis) - System.nanoTime();
        if (left > 0) {
            TimeUnit.NANOSECONDS.sleep(left);
        }
    }

    private void carryOut(Fault fault) throws InterruptedException {
        String log = LOGS.get(fault.log()).name();
        switch (fault.kind()) {
            case KILL, KILL_LOSING_THE_NEWEST, KILL_LOSING_ALL -> restart(fault);
            case FREEZE -> {
                redis.freeze();
                TimeUnit.MILLISECONDS.sleep(fault.millis());
                redis.thaw();
            }
            case CLIENT_KILL -> redis.killConnections();
            case CLIENT_PAUSE -> {
                redis.ask("CLIENT", "PAUSE", Integer.toString(fault.millis()));
                TimeUnit.MILLISECONDS.sleep(fault.millis());
            }
            case CUT -> proxy.cut();
            case REFUSE -> {
                proxy.refuse();
                proxy.cut();
                TimeUnit.MILLISECONDS.sleep(fault.millis());
                proxy.accept();
            }
            case DELAY -> {
                proxy.delay(Duration.ofMillis(fault.amount()));
                TimeUnit.MILLISECONDS.sleep(fault.millis());
                proxy.delay(Duration.ZERO);
            }
            case SWALLOW, SWALLOW_AND_STAY_SILENT -> {
                proxy.swallow();
                TimeUnit.MILLISECONDS.sleep(fault.millis());
                proxy.pass();
                if (fault.kind() == Kind.SWALLOW) {
                    proxy.cut();
                }
            }
            case CUT_INSTEAD_OF_REPLY -> {
                proxy.cutInsteadOfReply();
                TimeUnit.MILLISECONDS.sleep(fault.millis());
                proxy.pass();
            }
            case XTRIM -> redis.ask("XTRIM", log, "MAXLEN", Integer.toString(fault.amount()));
            case XDEL ->
                redis.ask(
                        "EVAL",
                        "local all = redis.call('XRANGE', KEYS[1], '-', '+')"
                                + " for i = 1, ARGV[1] do local one = all[#all - i * i + 1]"
                                + " if one then redis.call('XDEL', KEYS[1], one[1]) end end",
                        "1",
                        log,
                        Integer.toString(fault.amount()));
            case DEL -> redis.ask("DEL", log);
            case FLUSHALL -> redis.ask("FLUSHALL");
        }
    }

    private void restart(Fault fault) throws InterruptedException {
        redis.kill();
        history.read(redis.writes());
        if (fault.kind() == Kind.KILL_LOSING_ALL) {
            history.lose(Integer.MAX_VALUE);
            redis.deleteData();
        } else if (fault.kind() == Kind.KILL_LOSING_THE_NEWEST && history.length() > 0) {
            AppendOnlyFile.cut(redis.writes(), history.lose(fault.amount()));
        }
        TimeUnit.MILLISECONDS.sleep(fault.millis());
        redis.start();
    }
}
