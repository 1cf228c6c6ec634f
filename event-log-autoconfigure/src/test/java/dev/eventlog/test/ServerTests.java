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

/** Tests with a server of their own, to do harm to, and with a proxy between it and the applications. */
@Tag("faults")
@SuppressWarnings("this-escape") // what is closed later is known to nobody before
public abstract class ServerTests extends ClosingTests {

    /** The server, which has every write on disk before it answers. */
    protected final EmbeddedRedis redis = closeLater(EmbeddedRedis.onDiskOrRunning());

    /** Stands before it. */
    protected final TcpProxy proxy = closeLater(new TcpProxy(redis.uri()));

    /**
     * Starts an application behind the proxy, with small batches and a small window.
     *
     * @param properties {@code name=value} each; they win
     * @return what makes its logs
     */
    protected EventLogFactory newFactory(String... properties) {
        return newFactory(proxy.uri(), properties);
    }

    /**
     * Starts an application, with small batches and a small window.
     *
     * @param uri where it finds its Redis
     * @param properties {@code name=value} each; they win
     * @return what makes its logs
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
     * Adds events at one moment and past the library, as a service in another language would.
     *
     * @param key the key of the log
     * @param from the number of the first one
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
     * Adds an event with an id of its own.
     *
     * @param key the key of the log
     * @param id the id
     * @param number its number
     */
    protected void addWithId(String key, String id, int number) {
        redis.ask("XADD", key, id, "n", Integer.toString(number));
    }

    /**
     * Deletes events by themselves.
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
     * @param length how many events are left
     */
    protected void trim(String key, int length) {
        redis.ask("XTRIM", key, "MAXLEN", Integer.toString(length));
    }

    /**
     * Does something as often as it takes: the first call after a fault may still find it.
     *
     * @param call what to do
     * @param <T> the type of its answer
     * @return the first answer
     */
    protected static <T> T eventually(Callable<T> call) {
        List<T> answers = new ArrayList<>();
        LogTests.await().ignoreExceptions().until(() -> answers.add(call.call()));
        return answers.get(0);
    }
}
