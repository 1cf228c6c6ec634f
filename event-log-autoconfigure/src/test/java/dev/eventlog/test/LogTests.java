package dev.eventlog.test;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogFactory;
import dev.eventlog.EventLogOptions;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.data.redis.core.RedisCallback;
import org.springframework.data.redis.core.StringRedisTemplate;
import org.springframework.data.redis.core.types.RedisClientInfo;
import org.springframework.util.ClassUtils;

/**
 * What tests on a Redis have in common: logs with names of their own, deleted afterwards, and other things to be closed then.
 */
@RedisTest
public abstract class LogTests extends ClosingTests {

    /** Jedis takes a connection out of its pool for each command, and keeps as many as there once were commands at a time. */
    protected static final int POOLED = ClassUtils.isPresent("io.lettuce.core.RedisClient", null) ? 0 : 8;

    /** Whether each followed log has a connection of its own, as far as the tests need; else all of them share one. */
    public static final boolean DEDICATED = !"0".equals(System.getProperty("eventlog.follow.dedicated-connections"));

    /** Makes logs in the application of the test. */
    @Autowired
    protected EventLogFactory factory;

    /** Looks at Redis past the library. */
    @Autowired
    protected StringRedisTemplate redis;

    private final List<String> keys = new ArrayList<>();

    /**
     * Waits until the one feed there is blocks, if it does so.
     *
     * @param redis where it reads
     */
    public static void awaitThatAFeedWaits(EmbeddedRedis redis) {
        await().until(() ->
                !DEDICATED || redis.info("clients", "blocked_clients").equals("1"));
    }

    /** {@return a name that no log has} */
    protected String newName() {
        String name = "test:" + getClass().getSimpleName() + ':'
                + Long.toString(ThreadLocalRandom.current().nextLong(Long.MAX_VALUE), 36);
        keys.add(name);
        return name;
    }

    /** {@return a log that does not exist yet} */
    protected EventLog newLog() {
        return factory.create(newName());
    }

    /**
     * A log that does not exist yet.
     *
     * @param options changes its options
     * @return the log
     */
    protected EventLog newLog(Consumer<EventLogOptions.Builder> options) {
        return factory.create(newName(), options);
    }

    /**
     * Deletes a log, and lets the millisecond of its last event pass: one that begins again within that may give an old id
     * anew, which nobody can tell from the old event below Redis 7.
     *
     * @param log the log, which has an event
     */
    protected void delete(EventLog log) {
        EventId last = log.lastId().orElseThrow();
        log.delete();
        await().until(() -> {
            Long now = redis.execute(connection -> connection.serverCommands().time(), true);
            return now != null && now > last.milliseconds();
        });
    }

    /**
     * Adds an event as only others would: with an id of its own choice.
     *
     * @param log the log
     * @param id the id, as in Redis
     */
    protected void addWithId(EventLog log, String id) {
        redis.execute((RedisCallback<Boolean>) connection -> {
            // as sent: Jedis' own types cannot have every id
            connection.execute("XADD", bytes(log.name()), bytes(id), bytes("n"), bytes("1"));
            return true;
        });
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /**
     * Counts connections.
     *
     * @param client what {@code spring.data.redis.client-name} says of an application
     * @return how many connections it has
     */
    protected long connectionsNamed(String client) {
        List<RedisClientInfo> clients = redis.getClientList();
        return clients == null
                ? 0
                : clients.stream().filter(info -> client.equals(info.getName())).count();
    }

    /**
     * Starts one more application on the same Redis, to be closed after the test.
     *
     * @param properties {@code name=value} each
     * @return the application
     */
    protected ConfigurableApplicationContext newApplication(String... properties) {
        return closeLater(TestApplication.start(properties));
    }

    /**
     * Makes logs as if in another process.
     *
     * @param properties {@code name=value} each
     * @return a factory in an application of its own
     */
    protected EventLogFactory newFactory(String... properties) {
        return TestApplication.factory(newApplication(properties));
    }

    /**
     * Deletes a key after the test that is not the name of a log of {@link #newName()}.
     *
     * @param key the key
     */
    protected void deleteLater(String key) {
        keys.add(key);
    }

    /** Deletes the keys last: what is closed may still be adding. */
    @Override
    @AfterEach
    protected void close() throws Exception {
        super.close();
        redis.delete(keys);
    }

    /**
     * An event.
     *
     * @param number its only field, {@code n}
     * @return the event
     */
    public static Map<String, Object> event(int number) {
        return Map.of("n", number);
    }

    /**
     * Events in the order of their numbers.
     *
     * @param from the first number
     * @param to the number after the last
     * @return the events
     */
    public static List<Map<String, Object>> events(int from, int to) {
        return IntStream.range(from, to).mapToObj(LogTests::event).toList();
    }

    /**
     * The numbers of events that {@link #event} made.
     *
     * @param events the events
     * @return their numbers
     */
    public static List<Integer> numbers(List<Event> events) {
        return events.stream()
                .map(event -> Integer.valueOf(event.fields().getOrDefault("n", "-1")))
                .toList();
    }

    /**
     * Numbers in order.
     *
     * @param from the first
     * @param to the number after the last
     * @return the numbers
     */
    public static List<Integer> range(int from, int to) {
        return IntStream.range(from, to).boxed().toList();
    }

    /**
     * The ids of events.
     *
     * @param events the events
     * @return their ids
     */
    public static List<EventId> ids(List<Event> events) {
        return events.stream().map(Event::id).toList();
    }

    /**
     * The threads of the library that run now.
     *
     * @param before threads that do not count
     * @return the names of the others
     */
    public static Set<String> eventLogThreads(Set<Thread> before) {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> !before.contains(thread) && thread.getName().startsWith("eventlog"))
                .map(Thread::getName)
                .collect(Collectors.toSet());
    }

    /** {@return a condition to be awaited for ten seconds} */
    public static ConditionFactory await() {
        return Awaitility.await()
                .atMost(Duration.ofSeconds(10))
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(5));
    }
}
