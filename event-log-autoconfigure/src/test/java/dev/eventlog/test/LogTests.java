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

/** The base of tests on a Redis: logs with unique names that are deleted afterward, and other resources to close. */
@RedisTest
public abstract class LogTests extends ClosingTests {

    /** Jedis borrows a connection from its pool for each command, and keeps as many as were ever in use at once. */
    protected static final int POOLED = ClassUtils.isPresent("io.lettuce.core.RedisClient", null) ? 0 : 8;

    /** Whether each followed log has its own connection, as far as the tests need it. Otherwise, all logs share one. */
    public static final boolean DEDICATED = !"0".equals(System.getProperty("eventlog.follow.dedicated-connections"));

    /** Creates logs in the application of the test. */
    @Autowired
    protected EventLogFactory factory;

    /** Accesses Redis directly. */
    @Autowired
    protected StringRedisTemplate redis;

    private final List<String> keys = new ArrayList<>();

    /**
     * Waits until the only feed blocks in a read, if it is a blocking one.
     *
     * @param redis the Redis of the feed
     */
    public static void awaitThatAFeedWaits(EmbeddedRedis redis) {
        await().until(() ->
                !DEDICATED || redis.info("clients", "blocked_clients").equals("1"));
    }

    /** {@return an unused name of a log} */
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
     * Returns a log that does not exist yet.
     *
     * @param options configures its options
     * @return the log
     */
    protected EventLog newLog(Consumer<EventLogOptions.Builder> options) {
        return factory.create(newName(), options);
    }

    /**
     * Deletes a log, and waits until the millisecond of its last event is over. A log that begins again within it may
     * reuse an id, which looks like the old event before Redis 7.
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
     * Adds an event with a chosen id, like another program.
     *
     * @param log the log
     * @param id the id in the form of Redis
     */
    protected void addWithId(EventLog log, String id) {
        redis.execute((RedisCallback<Boolean>) connection -> {
            // the raw command, because the types of Jedis do not support every id
            connection.execute("XADD", bytes(log.name()), bytes(id), bytes("n"), bytes("1"));
            return true;
        });
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /**
     * Counts the connections of an application.
     *
     * @param client the {@code spring.data.redis.client-name} of the application
     * @return the number of its connections
     */
    protected long connectionsNamed(String client) {
        List<RedisClientInfo> clients = redis.getClientList();
        return clients == null
                ? 0
                : clients.stream().filter(info -> client.equals(info.getName())).count();
    }

    /**
     * Starts another application on the same Redis, which is closed after the test.
     *
     * @param properties properties of the application, each as {@code name=value}
     * @return the application
     */
    protected ConfigurableApplicationContext newApplication(String... properties) {
        return closeLater(TestApplication.start(properties));
    }

    /**
     * Creates a factory like one in another process.
     *
     * @param properties properties of the application, each as {@code name=value}
     * @return a factory in an application of its own
     */
    protected EventLogFactory newFactory(String... properties) {
        return TestApplication.factory(newApplication(properties));
    }

    /**
     * Deletes a key after the test, if its name is not from {@link #newName()}.
     *
     * @param key the key
     */
    protected void deleteLater(String key) {
        keys.add(key);
    }

    /** Deletes the keys last, because resources may add events until they are closed. */
    @Override
    @AfterEach
    protected void close() throws Exception {
        super.close();
        redis.delete(keys);
    }

    /**
     * Returns an event.
     *
     * @param number its only field, {@code n}
     * @return the event
     */
    public static Map<String, Object> event(int number) {
        return Map.of("n", number);
    }

    /**
     * Returns events in the order of their numbers.
     *
     * @param from the first number
     * @param to the number after the last
     * @return the events
     */
    public static List<Map<String, Object>> events(int from, int to) {
        return IntStream.range(from, to).mapToObj(LogTests::event).toList();
    }

    /**
     * Returns the numbers of events from {@link #event}.
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
     * Returns consecutive numbers.
     *
     * @param from the first
     * @param to the number after the last
     * @return the numbers
     */
    public static List<Integer> range(int from, int to) {
        return IntStream.range(from, to).boxed().toList();
    }

    /**
     * Returns the ids of events.
     *
     * @param events the events
     * @return their ids
     */
    public static List<EventId> ids(List<Event> events) {
        return events.stream().map(Event::id).toList();
    }

    /**
     * Returns the running threads of the library.
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

    /** {@return a condition with a timeout of ten seconds} */
    public static ConditionFactory await() {
        return Awaitility.await()
                .atMost(Duration.ofSeconds(10))
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(5));
    }
}
