package dev.eventlog.benchmarks;

import static java.util.concurrent.TimeUnit.MICROSECONDS;
import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.NANOSECONDS;

import dev.eventlog.Event;
import dev.eventlog.EventBatchListener;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogFactory;
import dev.eventlog.Follower;
import dev.eventlog.Tail;
import io.lettuce.core.LettuceFutures;
import io.lettuce.core.Limit;
import io.lettuce.core.Range;
import io.lettuce.core.XReadArgs;
import io.lettuce.core.XReadArgs.StreamOffset;
import io.lettuce.core.api.StatefulRedisConnection;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.data.redis.connection.stream.ReadOffset;
import org.springframework.data.redis.core.StringRedisTemplate;
import org.springframework.data.redis.stream.StreamMessageListenerContainer;

/**
 * Measures something other than the time of a call, in a separate process, and prints the results: one name and one
 * number per line. The arguments select the measurement: see {@link #main}.
 */
final class Probe {

    static final String RESULT = "RESULT ";

    private static final int AT_ONCE = 30_000; // without a pause, so that the JVM has compiled the code
    private static final int WARM_UP = 1_000;
    private static final int MEASURED = 2_000;
    private static final long PACE = MILLISECONDS.toNanos(2);

    private Probe() {}

    public static void main(String... arguments) throws Exception {
        try (Contenders all = new Contenders()) {
            switch (arguments[0]) {
                case "latency" -> latency(all, List.of(arguments[1].split(",")));
                case "followers" -> followersOfOneLog(all, Integer.parseInt(arguments[1]));
                case "logs" -> followersOfManyLogs(all, Integer.parseInt(arguments[1]));
                case "start" -> start(all, Boolean.parseBoolean(arguments[1]));
                default -> throw new IllegalArgumentException(arguments[0]);
            }
        }
    }

    private static void result(String name, double value) {
        System.out.println(RESULT + name + " " + value);
    }

    /**
     * A contender that reads its own stream, with the times at which it had each event, and a function that adds one.
     */
    private static final class Racer {

        private final String name;
        private final long[] sentAt;
        private final long[] receivedAt;
        private final Runnable adding;
        private final CountDownLatch done;

        Racer(String name, long[] receivedAt, Runnable adding, CountDownLatch done) {
            this.name = name;
            this.sentAt = new long[receivedAt.length];
            this.receivedAt = receivedAt;
            this.adding = adding;
            this.done = done;
        }
    }

    /**
     * Measures the time from just before an add until a reader on another connection has the event, with one event
     * every two milliseconds. The contenders take turns, so that other load on the machine affects all of them.
     */
    private static void latency(Contenders all, List<String> contenders) throws Exception {
        List<Racer> racers = new ArrayList<>();
        for (String contender : contenders) {
            racers.add(racer(all, contender));
        }
        TimeUnit.SECONDS.sleep(1); // until the readers are reading
        int atOnce = racers.get(0).sentAt.length - WARM_UP - MEASURED;
        for (Racer racer : racers) {
            for (int i = 0; i < atOnce; i++) {
                add(racer, i);
            }
        }
        long next = System.nanoTime();
        for (int i = atOnce; i < racers.get(0).sentAt.length; i++) {
            for (Racer racer : racers) {
                next = Math.max(next + PACE, System.nanoTime());
                NANOSECONDS.sleep(next - System.nanoTime());
                add(racer, i);
            }
        }
        for (Racer racer : racers) {
            if (!racer.done.await(1, TimeUnit.MINUTES)) {
                throw new IllegalStateException("Not all events came to " + racer.name);
            }
            long[] taken = new long[MEASURED];
            int begin = racer.sentAt.length - MEASURED;
            for (int i = 0; i < MEASURED; i++) {
                taken[i] = racer.receivedAt[begin + i] - racer.sentAt[begin + i];
            }
            results("latency." + racer.name, taken);
        }
    }

    private static void add(Racer racer, int index) {
        racer.sentAt[index] = System.nanoTime();
        racer.adding.run();
    }

    @SuppressWarnings("unchecked") // Lettuce creates an array from one offset
    private static Racer racer(Contenders all, String contender) {
        String key = "latency-" + contender;
        Map<String, String> event = Contenders.event();
        StatefulRedisConnection<String, String> lettuce = all.lettuce();
        lettuce.sync().del(key);
        String first = Objects.requireNonNull(lettuce.sync().xadd(key, event));
        int count = AT_ONCE + WARM_UP + MEASURED;
        long[] receivedAt = new long[count];
        int[] received = {0}; // used only by the reading thread, until done
        CountDownLatch done = new CountDownLatch(1);
        Consumer<Integer> reader = came -> {
            long now = System.nanoTime();
            for (int i = 0; i < came; i++) {
                receivedAt[received[0]++] = now;
            }
            if (received[0] == count) {
                done.countDown();
            }
        };
        Runnable adding;
        switch (contender) {
            case "library", "library-reading" -> {
                EventLog log = all.library().create(key);
                log.follow(Tail.last(0), batch -> reader.accept(batch.size()));
                adding = contender.equals("library")
                        ? () -> log.add(event)
                        : () -> lettuce.sync().xadd(key, event);
            }
            case "lettuce", "lettuce-handover", "lettuce-state", "lettuce-state-handover" -> {
                StatefulRedisConnection<String, String> reading = all.newLettuce();
                boolean state = contender.contains("state");
                Executor listeners =
                        contender.endsWith("handover") ? Executors.newCachedThreadPool(Probe::daemon) : Runnable::run;
                daemon(() -> {
                            for (String last = first; done.getCount() > 0; ) {
                                var block = XReadArgs.Builder.block(Duration.ofSeconds(2));
                                var batches = reading.async().xread(block, StreamOffset.from(key, last));
                                if (state) { // like the library, to detect gaps
                                    var known = reading.async().xinfoStream(key);
                                    var there = reading.async().xrange(key, Range.create(last, last), Limit.from(1));
                                    LettuceFutures.awaitAll(Duration.ofMinutes(1), batches, known, there);
                                }
                                var batch = LettuceFutures.awaitOrCancel(batches, 1, TimeUnit.MINUTES);
                                if (!batch.isEmpty()) {
                                    listeners.execute(() -> reader.accept(batch.size()));
                                    last = batch.get(batch.size() - 1).getId();
                                }
                            }
                        })
                        .start();
                adding = () -> lettuce.sync().xadd(key, event);
            }
            case "container", "pooled-container" -> {
                var container = StreamMessageListenerContainer.create(
                        contender.equals("container") ? all.springConnections() : all.pooledSpringConnections());
                container.start();
                container.receive(
                        org.springframework.data.redis.connection.stream.StreamOffset.create(
                                key, ReadOffset.from(first)),
                        record -> reader.accept(1));
                StringRedisTemplate template = all.spring();
                adding = () -> template.opsForStream().add(key, event);
            }
            default -> throw new IllegalArgumentException(contender);
        }
        return new Racer(contender, receivedAt, adding, done);
    }

    private static Thread daemon(Runnable task) {
        Thread thread = new Thread(task);
        thread.setDaemon(true);
        return thread;
    }

    private static void results(String name, long[] nanos) {
        Arrays.sort(nanos);
        result(name + ".p50", nanos[nanos.length / 2] / 1e3);
        result(name + ".p99", nanos[nanos.length * 99 / 100] / 1e3);
    }

    private static void followersOfOneLog(Contenders all, int count) throws Exception {
        EventLog log = all.library().create("followers-" + count);
        Follower first = log.follow(Tail.last(0), batch -> {});
        CountDownLatch got = new CountDownLatch(count);
        Facts before = Facts.now(all);
        List<Follower> followers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            followers.add(log.follow(Tail.last(0), batch -> got.countDown()));
        }
        Thread.sleep(11_000); // until unused threads have ended
        Facts after = Facts.now(all);
        String name = "followers." + count + ".";
        result(name + "bytes", (after.heap - before.heap) / (double) count);
        result(name + "threads", after.threads - before.threads);
        result(name + "connections", after.connections - before.connections);
        result(name + "blocked", after.blocked);
        long begin = System.nanoTime();
        log.add(Contenders.event());
        if (!got.await(1, TimeUnit.MINUTES)) {
            throw new IllegalStateException("missed by " + got.getCount());
        }
        result(name + "millis", (System.nanoTime() - begin) / 1e6);
        followers.forEach(Follower::close);
        first.close();
        log.delete();
    }

    private static void followersOfManyLogs(Contenders all, int count) throws Exception {
        StringRedisTemplate own = all.spring();
        own.opsForValue().set("own", "value");
        EventLogFactory logs = all.library();
        logs.create("logs-first").size(); // opens the connection of the library
        ownCalls(own, 3_000);
        results("logs.own.without", ownCalls(own, 3_000));
        Facts before = Facts.now(all);
        String name = "logs." + count + ".";
        List<Follower> followers = new ArrayList<>();
        CountDownLatch caughtUp = new CountDownLatch(count);
        CountDownLatch got = new CountDownLatch(count);
        EventBatchListener<Event> listener = new EventBatchListener<>() {
            @Override
            public void onCaughtUp() {
                caughtUp.countDown();
            }

            @Override
            public void onBatch(List<Event> batch) {
                got.countDown();
            }
        };
        long begin = System.nanoTime();
        for (int i = 0; i < count; i++) {
            followers.add(logs.create("logs-" + i).follow(Tail.last(0), listener));
        }
        result(name + "follow.millis", (System.nanoTime() - begin) / 1e6);
        caughtUp.await();
        result(name + "caught.millis", (System.nanoTime() - begin) / 1e6);
        Facts after = Facts.now(all);
        result(name + "bytes", (after.heap - before.heap) / (double) count);
        result(name + "threads", after.threads - before.threads);
        result(name + "connections", after.connections - before.connections);
        results("logs.own.with", ownCalls(own, 3_000));
        begin = System.nanoTime();
        for (int i = 0; i < count; i++) {
            logs.create("logs-" + i).add(Contenders.event());
        }
        if (!got.await(1, TimeUnit.MINUTES)) {
            throw new IllegalStateException("missed by " + got.getCount());
        }
        result(name + "millis", (System.nanoTime() - begin) / 1e6);
        begin = System.nanoTime();
        followers.forEach(Follower::close);
        result(name + "close.millis", (System.nanoTime() - begin) / 1e6);
        while (Facts.now(all).connections > before.connections + 5) {
            Thread.sleep(5);
        }
        result(name + "gone.millis", (System.nanoTime() - begin) / 1e6);
        for (int i = 0; i < count; i++) {
            logs.create("logs-" + i).delete();
        }
    }

    /** Returns the times of the application's own calls of Redis, one call per millisecond. */
    private static long[] ownCalls(StringRedisTemplate redis, int count) throws InterruptedException {
        long[] taken = new long[count];
        for (int i = 0; i < count; i++) {
            MICROSECONDS.sleep(900);
            long begin = System.nanoTime();
            redis.opsForValue().get("own");
            taken[i] = System.nanoTime() - begin;
        }
        return taken;
    }

    private static void start(Contenders all, boolean withLibrary) {
        String property = withLibrary
                ? "spring.main.lazy-initialization=false"
                : "spring.autoconfigure.exclude=dev.eventlog.autoconfigure.EventLogAutoConfiguration";
        long begin = System.nanoTime();
        ConfigurableApplicationContext application = all.application(property);
        result(withLibrary ? "start.with" : "start.without", (System.nanoTime() - begin) / 1e6);
        if (withLibrary) {
            application.getBean(EventLogFactory.class);
            result("start.connections", Facts.now(all).connections - 1); // without the connection for this question
        }
    }

    /** The state of this process and its server. */
    private record Facts(long heap, int threads, int connections, int blocked) {

        static Facts now(Contenders all) {
            for (int i = 0; i < 3; i++) {
                System.gc();
            }
            String clients = all.lettuce().sync().info("clients");
            return new Facts(
                    ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed(),
                    ManagementFactory.getThreadMXBean().getThreadCount(),
                    number(clients, "connected_clients:"),
                    number(clients, "blocked_clients:"));
        }

        private static int number(String info, String field) {
            int at = info.indexOf(field) + field.length();
            return Integer.parseInt(info.substring(at, info.indexOf('\r', at)));
        }
    }
}
