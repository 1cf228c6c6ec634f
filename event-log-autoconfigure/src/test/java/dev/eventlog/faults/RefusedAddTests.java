package dev.eventlog.faults;

import static dev.eventlog.test.LogTests.await;
import static dev.eventlog.test.LogTests.event;
import static dev.eventlog.test.LogTests.events;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.eventlog.AddOptions;
import dev.eventlog.AddOutcomeUnknownException;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogException;
import dev.eventlog.EventLogFactory;
import dev.eventlog.EventLogOptions;
import dev.eventlog.EventLogUnavailableException;
import dev.eventlog.redis.Connections;
import dev.eventlog.redis.LogStream;
import dev.eventlog.test.ClosingTests;
import dev.eventlog.test.EmbeddedRedis;
import dev.eventlog.test.TestApplication;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.data.redis.connection.RedisConnectionFactory;

/** After any refusal by Redis, the log, its expiry, and the record of the add are unchanged. */
@Tag("faults")
class RefusedAddTests extends ClosingTests {

    private static final String RULE =
            "~sensors:* +xadd +xlen +xinfo|stream +exists +pexpire +eval +evalsha +get +set +ping";
    private static final String KEY = "sensors:1";
    private static final String RECORD = "sensors:1:once:{sensors:1}:order-17";
    private static final Duration HOUR = Duration.ofHours(1);
    private static final String LONGER = "36000000";

    /** The kinds of adds, which need different commands. */
    enum Way {
        ONE(Duration.ZERO, 1, AddOptions.none(), "xadd"),
        ONE_EXPIRING(HOUR, 1, AddOptions.none(), "xadd pexpire evalsha"),
        ONE_ONCE(Duration.ZERO, 1, AddOptions.idempotent("order-17"), "xadd get set exists evalsha"),
        ONE_EXPIRING_ONCE(HOUR, 1, AddOptions.idempotent("order-17"), "xadd get set pexpire evalsha"),
        THREE(Duration.ZERO, 3, AddOptions.none(), "xadd exists evalsha"),
        THREE_EXPIRING(HOUR, 3, AddOptions.none(), "xadd pexpire evalsha"),
        THREE_ONCE(Duration.ZERO, 3, AddOptions.idempotent("order-17"), "xadd get set evalsha");

        private final Duration ttl;
        private final int count;
        private final AddOptions terms;
        private final List<String> needs;

        Way(Duration ttl, int count, AddOptions terms, String needs) {
            this.ttl = ttl;
            this.count = count;
            this.terms = terms;
            this.needs = List.of(needs.split(" "));
        }

        private void addTo(EventLogFactory factory) {
            EventLog log = factory.create(KEY, options -> options.ttlAfterLastAdd(ttl));
            if (count == 1) {
                log.add(event(1), terms);
            } else {
                log.addAll(events(1, 1 + count), terms);
            }
        }
    }

    private final EmbeddedRedis redis = closeLater(EmbeddedRedis.inMemory());

    @Test
    void addWithoutPermissionChangesNothing() {
        allow(RULE);
        EventLogFactory factory = start("app:secret@");
        for (Way way : Way.values()) {
            for (boolean existsBefore : new boolean[] {false, true}) {
                begin(existsBefore);
                for (String missing : way.needs) {
                    allow(RULE.replace("+" + missing + " ", ""));
                    assertLeftAlone(way, factory, "ACL rule");
                }
                allow(RULE.replace("~sensors:*", "~other:*"));
                assertLeftAlone(way, factory, "ACL rule");
                allow(RULE);
                way.addTo(factory);
                assertThat(redis.ask("XLEN", KEY)).isEqualTo((existsBefore ? 1L : 0L) + way.count);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void addToAFullRedisChangesNothing(boolean existsBefore) {
        EventLogFactory factory = start("");
        begin(existsBefore);
        redis.ask("CONFIG", "SET", "maxmemory", "1");
        for (Way way : Way.values()) {
            assertLeftAlone(way, factory, "maxmemory");
        }
    }

    @Test
    void addToAReplicaChangesNothing() {
        EventLogFactory factory = start("");
        begin(true);
        redis.ask("REPLICAOF", "127.0.0.1", Integer.toString(EmbeddedRedis.freePort()));
        for (Way way : Way.values()) {
            assertLeftAlone(way, factory, "READONLY");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void addWithAFailingDiskChangesNothing(boolean existsBefore) throws IOException {
        EventLogFactory factory = start("");
        begin(existsBefore);
        redis.ask("CONFIG", "SET", "save", "3600 1000000");
        List<?> folder = (List<?>) Objects.requireNonNull(redis.ask("CONFIG", "GET", "dir"));
        Files.createDirectory(Path.of(String.valueOf(folder.get(1)), "dump.rdb")); // a file cannot replace a directory
        redis.ask("BGSAVE");
        await().until(() -> redis.info("persistence", "rdb_last_bgsave_status").equals("err"));
        for (Way way : Way.values()) {
            assertLeftAlone(way, factory, "disk");
        }
    }

    @Test
    void addToAKeyOfAnotherTypeChangesNothing() {
        EventLogFactory factory = start("");
        redis.ask("SET", KEY, "text");
        redis.ask("PEXPIRE", KEY, LONGER);
        for (Way way : Way.values()) {
            assertLeftAlone(way, factory, "another Redis type");
        }
    }

    @Test
    void addWithARecordOfAnotherTypeChangesNothing() {
        EventLogFactory factory = start("");
        begin(true);
        redis.ask("LPUSH", RECORD, "text");
        for (Way way : List.of(Way.ONE_ONCE, Way.ONE_EXPIRING_ONCE, Way.THREE_ONCE)) {
            assertLeftAlone(
                    way,
                    factory,
                    RECORD + "', which stores the record of this idempotent add, holds another Redis type");
        }
    }

    @Test
    void addWithAMalformedRecordChangesNothing() {
        EventLogFactory factory = start("");
        begin(true);
        redis.ask("SET", RECORD, "text");
        for (Way way : List.of(Way.ONE_ONCE, Way.ONE_EXPIRING_ONCE, Way.THREE_ONCE)) {
            assertLeftAlone(way, factory, RECORD + "' should store the record of this idempotent add");
        }
    }

    /**
     * If only two ids are left, an add of three events uses none of them, even if the event at the last id was deleted.
     */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void addWithTooFewIdsLeftChangesNothing(boolean deleted) {
        EventLogFactory factory = start("");
        for (Way way : Way.values()) {
            redis.ask("FLUSHALL");
            begin(true);
            String last = "18446744073709551615-" + (way.count == 3 ? "18446744073709551613" : "18446744073709551615");
            redis.ask("XADD", KEY, last, "n", "9");
            if (deleted) {
                redis.ask("XDEL", KEY, last);
            }
            assertLeftAlone(way, factory, way.count == 3 ? "too few possible IDs left" : "it is complete");
        }
        redis.ask("FLUSHALL");
        redis.ask("XADD", KEY, "18446744073709551615-18446744073709551612", "n", "9");
        assertThat(factory.create(KEY).addAll(events(0, 3), AddOptions.idempotent("a")))
                .hasSize(3)
                .endsWith(EventId.MAX);
    }

    /** Uses an event without fields, which the library otherwise refuses. */
    @Test
    void outcomeOfAFailureAfterAWriteIsUnknown() {
        try (Connections connections = Connections.of(
                closeLater(TestApplication.startOn(redis.uri())).getBean(RedisConnectionFactory.class), HOUR)) {
            EventLogOptions options = EventLogOptions.builder().build();
            LogStream stream = new LogStream(KEY, KEY, connections, 100, options);
            assertThatExceptionOfType(AddOutcomeUnknownException.class)
                    .isThrownBy(() -> stream.addAll(List.of(Map.of("n", "1"), Map.of()), AddOptions.none()));
            assertThat(redis.ask("XLEN", KEY)).isEqualTo(1L);
            assertThatExceptionOfType(EventLogException.class)
                    .isThrownBy(() -> stream.addAll(List.of(Map.of(), Map.of("n", "1")), AddOptions.none()))
                    .isNotInstanceOf(AddOutcomeUnknownException.class);
            assertThat(redis.ask("XLEN", KEY)).isEqualTo(1L);
        }
    }

    private void assertLeftAlone(Way way, EventLogFactory factory, String reason) {
        for (int attempt = 0; attempt < 2; attempt++) {
            String before = state();
            EventLogException thrown = catchThrowableOfType(EventLogException.class, () -> way.addTo(factory));
            assertThat(thrown)
                    .as("%s", way)
                    .isNotNull()
                    .isNotInstanceOf(AddOutcomeUnknownException.class)
                    .hasMessageContaining(reason);
            assertThat(thrown instanceof EventLogUnavailableException)
                    .as("may be different a moment later")
                    .isEqualTo(reason.equals("READONLY"));
            assertThat(state()).as("%s after %s", way, thrown.getMessage()).isEqualTo(before);
        }
    }

    /** Everything that an add could change. */
    private String state() {
        String type = String.valueOf(redis.ask("TYPE", KEY));
        boolean expiresLater = Long.parseLong(String.valueOf(redis.ask("PTTL", KEY))) > 2 * HOUR.toMillis();
        return redis.ask("KEYS", "*") + " " + (type.equals("stream") ? redis.ask("XINFO", "STREAM", KEY) : type) + " "
                + expiresLater;
    }

    private void begin(boolean exists) {
        redis.ask("DEL", KEY, RECORD);
        if (exists) {
            redis.ask("XADD", KEY, "1-1", "n", "0");
            redis.ask("PEXPIRE", KEY, LONGER);
        }
    }

    private void allow(String rule) {
        redis.ask(Stream.concat(
                        Stream.of("ACL", "SETUSER", "app", "on", ">secret", "resetkeys", "-@all"),
                        Arrays.stream(rule.split(" ")))
                .toArray(String[]::new));
    }

    private EventLogFactory start(String user) {
        URI uri = URI.create(redis.uri().toString().replace("redis://", "redis://" + user));
        return TestApplication.factory(closeLater(TestApplication.startOn(uri, "spring.data.redis.timeout=2s")));
    }
}
