package dev.eventlog.benchmarks;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.MINUTES;
import static java.util.concurrent.TimeUnit.NANOSECONDS;

import com.sun.management.OperatingSystemMXBean;
import dev.eventlog.EventLogFactory;
import dev.eventlog.Follower;
import dev.eventlog.LogPattern;
import dev.eventlog.LogsFollower;
import dev.eventlog.Tail;
import io.lettuce.core.KillArgs;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.StreamMessage;
import io.lettuce.core.XReadArgs;
import io.lettuce.core.XReadArgs.StreamOffset;
import io.lettuce.core.api.StatefulRedisConnection;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import org.springframework.data.redis.connection.stream.ReadOffset;
import org.springframework.data.redis.stream.StreamMessageListenerContainer;

/**
 * Follows many logs in one application and prints the cost: one name and one number per line.
 *
 * <p>Arguments: the contender and the number of logs. The contenders are this library with one call for all logs
 * ({@code pattern}), or with one call for each log on a shared connection ({@code shared}) or on its own connection
 * ({@code dedicated}), Spring's bare container ({@code container}), and one connection and one thread per log
 * ({@code lettuce}). Nothing else may use the server.
 */
final class ManyLogs {

    private static final int WAKE_UPS = 1_000;
    private static final int AT_FULL_SPEED = 50_000;
    private static final int ONE_BY_ONE = 10_000;
    private static final int PIPELINE = 500;
    private static final int CHURN_A_SECOND = 500;
    private static final long PACE = MILLISECONDS.toNanos(2);

    /** How often the logs of a pattern are followed. The first time also measures an application that just started. */
    private static final int STARTS = 6;

    private static final String RESTARTS = "benchmarks.restarts";

    private final Contenders all;
    private final String who;
    private final int count;
    private StatefulRedisConnection<String, String> lettuce;
    private final Random random = new Random(1);
    private final Semaphore came = new Semaphore(0);
    private volatile long cameAt;

    private ManyLogs(Contenders all, String who, int count) {
        this.all = all;
        this.who = who;
        this.count = count;
        this.lettuce = all.lettuce();
    }

    public static void main(String... arguments) throws Exception {
        try (Contenders all = new Contenders()) {
            new ManyLogs(all, arguments[0], Integer.parseInt(arguments[1])).measure();
        }
        System.exit(0); // blocking readers would keep the process alive
    }

    private void measure() throws Exception {
        if (who.equals("pattern")) {
            measurePattern();
            return;
        }
        IntFollow follow = contender();
        follow.start(count).close(); // opens everything that is opened only once
        Use before = use();
        List<AutoCloseable> followers = new ArrayList<>();
        long begin = System.nanoTime();
        for (int i = 0; i < count; i++) {
            followers.add(follow.start(i));
        }
        awaitReading();
        result("follow.millis", (System.nanoTime() - begin) / 1e6);
        resultsSince(before);
        if (!who.equals("container")) { // it has no subscriptions that start at a known moment
            int[] at = {0};
            long[] due = {System.nanoTime()};
            result("churn.wakeup.p50", wakeUps(() -> {
                for (; due[0] < System.nanoTime(); due[0] += 1_000_000_000L / CHURN_A_SECOND) {
                    int next = at[0]++ % count;
                    followers.get(next).close();
                    followers.set(next, follow.start(next));
                }
            }));
        }
        if (who.equals("shared") || who.equals("dedicated")) { // the others stop reading permanently
            interruptions();
        }
    }

    /** What this process and the server use. */
    private record Use(long heap, long memory, int threads, long clients) {}

    private Use use() {
        return new Use(
                heap(),
                server("memory", "used_memory:"),
                ManagementFactory.getThreadMXBean().getThreadCount(),
                server("clients", "connected_clients:"));
    }

    /** Prints what all followed logs have added to the use, and how fast they are. */
    private void resultsSince(Use before) throws Exception {
        result("connections", (double) (server("clients", "connected_clients:") - before.clients));
        result("threads", ManagementFactory.getThreadMXBean().getThreadCount() - before.threads);
        result("heap.bytes", (heap() - before.heap) / (double) count);
        result("server.bytes", (server("memory", "used_memory:") - before.memory) / (double) count);
        wakeUps(null); // warms up the compiler
        result("wakeup.p50", wakeUps(null));
        fullSpeed();
        fullSpeed();
        oneByOne();
    }

    private void measurePattern() throws Exception {
        all.application("eventlog.follow.dedicated-connections=0");
        EventLogFactory logs = all.library();
        logs.follow(LogPattern.of("none-*"), Tail.newOnly(), (log, batch) -> {}).close();
        addOneEach();
        Use before = use();
        double[] returned = new double[STARTS];
        double[] followed = new double[STARTS];
        LogsFollower follower = null;
        for (int i = 0; i < STARTS; i++) {
            if (follower != null) {
                follower.close();
                lettuce.sync().flushall(); // also forgets which keys were read
                addOneEach();
            }
            long begin = System.nanoTime();
            follower = logs.follow(LogPattern.of("many-*"), Tail.newOnly(), (log, batch) -> came(batch.size()));
            returned[i] = (System.nanoTime() - begin) / 1e6;
            awaitTracked();
            followed[i] = (System.nanoTime() - begin) / 1e6;
        }
        result("first.returns.millis", returned[0]);
        result("first.follow.millis", followed[0]);
        Arrays.sort(returned, 1, STARTS);
        Arrays.sort(followed, 1, STARTS);
        result("returns.millis", returned[1 + (STARTS - 1) / 2]);
        result("follow.millis", followed[1 + (STARTS - 1) / 2]);
        resultsSince(before);
        interruptions();
    }

    private void interruptions() throws Exception {
        lettuce.sync().clientKill(KillArgs.Builder.typeNormal().skipme());
        result("killed.millis", untilAllAreRead());
        lettuce.sync().clientKill(KillArgs.Builder.typeNormal().skipme());
        result("killed.millis", untilAllAreRead());
        if (Boolean.getBoolean(RESTARTS)) {
            lettuce.sync().shutdown(true);
            awaitServer();
            long back = System.nanoTime();
            lettuce = all.newLettuce();
            untilAllAreRead();
            result("restarted.millis", (System.nanoTime() - back) / 1e6);
        }
    }

    /** Tries new connections, because a connection that reconnects by itself waits longer and longer. */
    private void awaitServer() throws InterruptedException {
        while (true) {
            try {
                all.newLettuce().close();
                break;
            } catch (RuntimeException away) {
                Thread.sleep(1);
            }
        }
    }

    /** Starts to follow a log. */
    @FunctionalInterface
    private interface IntFollow {
        AutoCloseable start(int log);
    }

    /** An action before each add. */
    @FunctionalInterface
    private interface Between {
        void run() throws Exception;
    }

    private static String key(int log) {
        return "many-" + log;
    }

    private void came(int events) {
        cameAt = System.nanoTime();
        came.release(events);
    }

    private IntFollow contender() {
        IntConsumer reader = this::came;
        switch (who) {
            case "shared", "dedicated" -> {
                all.application("eventlog.follow.dedicated-connections=" + (who.equals("shared") ? 0 : 1_000_000));
                EventLogFactory logs = all.library();
                return log -> {
                    Follower follower =
                            logs.create(key(log)).follow(Tail.last(0), batch -> reader.accept(batch.size()));
                    return follower;
                };
            }
            case "container" -> {
                var container = StreamMessageListenerContainer.create(all.springConnections());
                container.start();
                return log -> {
                    var subscription = container.receive(
                            org.springframework.data.redis.connection.stream.StreamOffset.create(
                                    key(log), ReadOffset.from("0")),
                            record -> reader.accept(1));
                    return () -> container.remove(subscription);
                };
            }
            case "lettuce" -> {
                return log -> raw(log, reader);
            }
            default -> throw new IllegalArgumentException(who);
        }
    }

    @SuppressWarnings("unchecked") // Lettuce creates an array from one offset
    private AutoCloseable raw(int log, IntConsumer reader) {
        StatefulRedisConnection<String, String> reading = all.newLettuce();
        List<StreamMessage<String, String>> newest =
                lettuce.sync().xrevrange(key(log), io.lettuce.core.Range.unbounded(), io.lettuce.core.Limit.from(1));
        Thread thread = new Thread(() -> {
            String last = newest.isEmpty() ? "0-0" : newest.get(0).getId();
            while (reading.isOpen()) {
                List<StreamMessage<String, String>> batch;
                try {
                    batch = reading.sync()
                            .xread(XReadArgs.Builder.block(Duration.ofSeconds(2)), StreamOffset.from(key(log), last));
                } catch (RuntimeException closed) {
                    return;
                }
                if (!batch.isEmpty()) {
                    reader.accept(batch.size());
                    last = batch.get(batch.size() - 1).getId();
                }
            }
        });
        thread.setDaemon(true);
        thread.start();
        return reading;
    }

    private void awaitReading() throws InterruptedException {
        if (who.equals("shared")) {
            awaitTracked();
        } else {
            while (server("clients", "blocked_clients:") < count) {
                Thread.sleep(5);
            }
        }
    }

    private void awaitTracked() throws InterruptedException {
        while (server("stats", "tracking_total_keys:") < count) {
            Thread.sleep(1);
        }
    }

    private void addOneEach() {
        for (int log = 0; log < count; log++) {
            lettuce.async().xadd(key(log), Contenders.event());
        }
        lettuce.sync().ping();
    }

    /**
     * Returns the median time in microseconds from just before an add to one of the logs until its follower has the
     * event.
     */
    private double wakeUps(@Nullable Between between) throws Exception {
        came.drainPermits();
        long[] taken = new long[WAKE_UPS];
        for (int i = 0; i < WAKE_UPS; i++) {
            if (between != null) {
                between.run();
            }
            NANOSECONDS.sleep(PACE);
            long sent = System.nanoTime();
            lettuce.sync().xadd(key(random.nextInt(count)), Contenders.event());
            if (!came.tryAcquire(1, 1, MINUTES)) {
                throw new IllegalStateException("An event did not come");
            }
            taken[i] = cameAt - sent;
        }
        Arrays.sort(taken);
        return taken[taken.length / 2] / 1e3;
    }

    private void fullSpeed() throws Exception {
        came.drainPermits();
        OperatingSystemMXBean process = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        long client = process.getProcessCpuTime();
        double redis = serverCpu();
        long begin = System.nanoTime();
        for (int left = AT_FULL_SPEED; left > 0; left -= PIPELINE) {
            List<RedisFuture<String>> page = new ArrayList<>();
            for (int i = 0; i < PIPELINE; i++) {
                page.add(lettuce.async().xadd(key(random.nextInt(count)), Contenders.event()));
            }
            for (RedisFuture<String> each : page) {
                each.get();
            }
        }
        if (!came.tryAcquire(AT_FULL_SPEED, 2, MINUTES)) {
            throw new IllegalStateException("Only " + came.availablePermits() + " events came");
        }
        result("delivered", AT_FULL_SPEED / ((System.nanoTime() - begin) / 1e9));
        result("redis.cpu.micros", (serverCpu() - redis) * 1e6 / AT_FULL_SPEED);
        result("client.cpu.micros", (process.getProcessCpuTime() - client) / 1e3 / AT_FULL_SPEED);
    }

    /** At this pace each read brings one event, however many logs there are. */
    private void oneByOne() throws Exception {
        came.drainPermits();
        lettuce.sync().configResetstat();
        double redis = serverCpu();
        for (int i = 0; i < ONE_BY_ONE; i++) {
            lettuce.sync().xadd(key(random.nextInt(count)), Contenders.event());
            if (!came.tryAcquire(1, 1, MINUTES)) {
                throw new IllegalStateException("An event did not come");
            }
        }
        result("paced.redis.cpu.micros", (serverCpu() - redis) * 1e6 / ONE_BY_ONE);
        for (String line : lettuce.sync().info("commandstats").split("\r\n")) {
            if (line.startsWith("cmdstat_") && figure(line, "calls=", ',') >= ONE_BY_ONE / 100.0) {
                String name = line.substring(line.indexOf('_') + 1, line.indexOf(':'));
                result("paced.calls." + name, figure(line, "calls=", ',') / ONE_BY_ONE);
            }
        }
    }

    private double untilAllAreRead() throws Exception {
        came.drainPermits();
        long begin = System.nanoTime();
        CountDownLatch added = new CountDownLatch(count);
        for (int i = 0; i < count; i++) {
            lettuce.async().xadd(key(i), Contenders.event()).thenRun(added::countDown);
        }
        if (!added.await(1, MINUTES) || !came.tryAcquire(count, 1, MINUTES)) {
            throw new IllegalStateException("Only " + came.availablePermits() + " events came");
        }
        return (System.nanoTime() - begin) / 1e6;
    }

    private static long heap() {
        for (int i = 0; i < 3; i++) {
            System.gc();
        }
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }

    private double serverCpu() {
        String cpu = lettuce.sync().info("cpu");
        return figure(cpu, "used_cpu_sys:") + figure(cpu, "used_cpu_user:");
    }

    private long server(String section, String field) {
        return (long) figure(lettuce.sync().info(section), field);
    }

    private static double figure(String info, String field) {
        return figure(info, field, '\r');
    }

    private static double figure(String info, String field, char end) {
        int at = info.indexOf(field) + field.length();
        return Double.parseDouble(info.substring(at, info.indexOf(end, at)));
    }

    private void result(String name, double value) {
        System.out.println(Probe.RESULT + "many." + who + "." + count + "." + name + " " + value);
    }
}
