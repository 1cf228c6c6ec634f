package dev.eventlog.benchmarks;

import static java.util.concurrent.TimeUnit.MICROSECONDS;
import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.NANOSECONDS;

import dev.eventlog.EventLog;
import dev.eventlog.EventLogFactory;
import dev.eventlog.Follower;
import dev.eventlog.Tail;
import io.lettuce.core.StreamMessage;
import io.lettuce.core.XReadArgs;
import io.lettuce.core.XReadArgs.StreamOffset;
import io.lettuce.core.api.StatefulRedisConnection;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.data.redis.connection.stream.ReadOffset;
import org.springframework.data.redis.core.StringRedisTemplate;
import org.springframework.data.redis.stream.StreamMessageListenerContainer;

/**
 * Measures one thing that is not the time of a call, in a process of its own, and prints what it found, a name and a number a
 * line. The arguments say what: see {@link #main}.
 */
final class Probe {

    static final String RESULT = "RESULT ";

    private static final int AT_ONCE = 60_000; // without a pause in between, so that the JVM has compiled what it runs
    private static final int WARM_UP = AT_ONCE + 4_000;
    private static final int MEASURED = 3_000;
    private static final long PACE = MILLISECONDS.toNanos(2);

    private Probe() {}

    public static void main(String... arguments) throws Exception {
        try (Contenders all = new Contenders()) {
            switch (arguments[0]) {
                case "latency" -> latency(all, arguments[1]);
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

    /** From before an add until a reader on another connection has the event, one event every two milliseconds. */
    @SuppressWarnings("unchecked") // for the array that Lettuce makes of one offset
    private static void latency(Contenders all, String contender) throws Exception {
        String key = "latency-" + contender;
        Map<String, String> event = Contenders.event();
        StatefulRedisConnection<String, String> lettuce = all.lettuce();
        lettuce.sync().del(key);
        long[] receivedAt = new long[WARM_UP + MEASURED];
        int[] received = {0}; // by the reading thread alone, until done
        CountDownLatch done = new CountDownLatch(1);
        Consumer<Integer> reader = count -> {
            long now = System.nanoTime();
            for (int i = 0; i < count; i++) {
                receivedAt[received[0]++] = now;
            }
            if (received[0] == receivedAt.length) {
                done.countDown();
            }
        };
        Runnable adding;
        switch (contender) {
            case "library" -> {
                EventLog log = all.library().create(key);
                log.follow(Tail.last(0), batch -> reader.accept(batch.size()));
                adding = () -> log.add(event);
            }
            case "lettuce" -> {
                StatefulRedisConnection<String, String> reading = all.newLettuce();
                Thread thread = new Thread(() -> {
                    for (String last = "0"; done.getCount() > 0; ) {
                        List<StreamMessage<String, String>> batch = reading.sync()
                                .xread(XReadArgs.Builder.block(Duration.ofSeconds(2)), StreamOffset.from(key, last));
                        if (!batch.isEmpty()) {
                            reader.accept(batch.size());
                            last = batch.get(batch.size() - 1).getId();
                        }
                    }
                });
                thread.setDaemon(true);
                thread.start();
                adding = () -> lettuce.sync().xadd(key, event);
            }
            case "container", "pooled-container" -> {
                var container = StreamMessageListenerContainer.create(
                        contender.equals("container") ? all.springConnections() : all.pooledSpringConnections());
                container.start();
                container.receive(
                        org.springframework.data.redis.connection.stream.StreamOffset.create(key, ReadOffset.from("0")),
                        record -> reader.accept(1));
                StringRedisTemplate template = all.spring();
                adding = () -> template.opsForStream().add(key, event);
            }
            default -> throw new IllegalArgumentException(contender);
        }
        TimeUnit.SECONDS.sleep(1); // until the reader reads
        long[] sentAt = new long[receivedAt.length];
        long next = 0;
        for (int i = 0; i < sentAt.length; i++) {
            next = i < AT_ONCE ? System.nanoTime() : next + PACE;
            NANOSECONDS.sleep(next - System.nanoTime()); // returns at once where that time is over
            sentAt[i] = System.nanoTime();
            adding.run();
        }
        if (!done.await(1, TimeUnit.MINUTES)) {
            throw new IllegalStateException("only " + received[0]);
        }
        long[] taken = new long[MEASURED];
        for (int i = 0; i < MEASURED; i++) {
            taken[i] = receivedAt[WARM_UP + i] - sentAt[WARM_UP + i];
        }
        results("latency." + contender, taken);
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
        Thread.sleep(11_000); // so that threads that are not needed any more are gone
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
        logs.create("logs-first").size(); // opens the library's own connection
        ownCalls(own, 3_000);
        results("logs.own.without", ownCalls(own, 3_000));
        Facts before = Facts.now(all);
        String name = "logs." + count + ".";
        List<Follower> followers = new ArrayList<>();
        CountDownLatch got = new CountDownLatch(count);
        long begin = System.nanoTime();
        for (int i = 0; i < count; i++) {
            followers.add(logs.create("logs-" + i).follow(Tail.last(0), batch -> got.countDown()));
        }
        result(name + "follow.millis", (System.nanoTime() - begin) / 1e6);
        while (Facts.now(all).blocked < count) {
            Thread.sleep(50);
        }
        result(name + "blocked.millis", (System.nanoTime() - begin) / 1e6);
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

    /** The application's own use of Redis: a call a millisecond. */
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
            result("start.connections", Facts.now(all).connections - 1); // but for the one that asks this
        }
    }

    /** What can be seen of this process and its server. */
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
