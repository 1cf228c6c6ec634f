package dev.eventlog.test;

import dev.eventlog.EventId;
import dev.eventlog.EventLogFactory;
import java.net.URI;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;

/** Tests with their own server that they can break, and a proxy between it and the applications. */
@Tag("faults")
@SuppressWarnings("this-escape") // nobody uses the resources before they are registered
public abstract class ServerTests extends ClosingTests {

    /** The server, which stores each write on disk before it replies. */
    protected final EmbeddedRedis redis = closeLater(EmbeddedRedis.onDiskOrRunning());

    /** A proxy in front of the server. */
    protected final TcpProxy proxy = closeLater(new TcpProxy(redis.uri()));

    /**
     * Starts an application behind the proxy, with small batches and a small window.
     *
     * @param properties properties that override the defaults, each as {@code name=value}
     * @return the factory of its logs
     */
    protected EventLogFactory newFactory(String... properties) {
        return newFactory(proxy.uri(), properties);
    }

    /**
     * Starts an application, with small batches and a small window.
     *
     * @param uri the address of its Redis
     * @param properties properties that override the defaults, each as {@code name=value}
     * @return the factory of its logs
     */
    protected EventLogFactory newFactory(URI uri, String... properties) {
        return TestApplication.factory(closeLater(TestApplication.startOn(
                uri,
                Stream.concat(
                                Stream.of(
                                        "spring.data.redis.timeout=2s",
                                        "spring.data.redis.connect-timeout=2s",
                                        "eventlog.follow.poll-timeout=300ms",
                                        "eventlog.follow.batch-size=7",
                                        "eventlog.follow.window-size=10",
                                        "eventlog.follow.recovery.delay=50ms",
                                        "eventlog.follow.recovery.max-delay=200ms"),
                                Stream.of(properties))
                        .toArray(String[]::new))));
    }

    /**
     * Adds the address of the server to properties.
     *
     * @param properties properties of an application, each as {@code name=value}
     * @return all of them
     */
    protected String[] withRedis(String... properties) {
        return Stream.concat(Stream.of(properties), Stream.of("spring.data.redis.url=" + redis.uri()))
                .toArray(String[]::new);
    }

    /**
     * Adds events at once and without the library, like a service in another language.
     *
     * @param key the key of the log
     * @param from the number of the first event
     * @param to the number after the last
     * @return their ids
     */
    protected List<EventId> add(String key, int from, int to) {
        List<EventId> ids = new ArrayList<>();
        Object answer = redis.ask(
                "EVAL",
                "local ids = {} for n = ARGV[1], ARGV[2] - 1 do"
                        + " ids[#ids + 1] = redis.call('XADD', KEYS[1], '*', 'n', string.format('%.0f', n)) end return ids",
                "1",
                key,
                Integer.toString(from),
                Integer.toString(to));
        for (Object id : (List<?>) Objects.requireNonNull(answer)) {
            ids.add(EventId.parse(String.valueOf(id)));
        }
        return ids;
    }

    /**
     * Adds an event with a chosen id.
     *
     * @param key the key of the log
     * @param id the id
     * @param number its number
     */
    protected void addWithId(String key, String id, int number) {
        redis.ask("XADD", key, id, "n", Integer.toString(number));
    }

    /**
     * Retracts single events.
     *
     * @param key the key of the log
     * @param ids their ids
     */
    protected void retract(String key, EventId... ids) {
        redis.ask(Stream.concat(Stream.of("XDEL", key), Arrays.stream(ids).map(EventId::toString))
                .toArray(String[]::new));
    }

    /**
     * Trims a log at its old end.
     *
     * @param key the key of the log
     * @param length the number of remaining events
     */
    protected void trim(String key, int length) {
        redis.ask("XTRIM", key, "MAXLEN", Integer.toString(length));
    }

    /**
     * Repeats a call until it succeeds, because the first call after a fault can still fail.
     *
     * @param call the call to repeat
     * @param <T> the type of its result
     * @return the first result
     */
    protected static <T> T eventually(Callable<T> call) {
        List<T> answers = new ArrayList<>();
        LogTests.await().ignoreExceptions().until(() -> answers.add(call.call()));
        return answers.get(0);
    }
}
