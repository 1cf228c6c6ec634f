package dev.eventlog.test;

import static dev.eventlog.test.LogTests.await;

import java.net.URI;
import java.util.List;
import java.util.stream.Stream;

/** A master with its replica, and a sentinel for both, which a test can break. */
public final class SentinelSetup implements AutoCloseable {

    private static final String NAME = "watched";

    private final EmbeddedRedis first;
    private final EmbeddedRedis second;
    private final EmbeddedRedis sentinel;

    private SentinelSetup(EmbeddedRedis first, EmbeddedRedis second, EmbeddedRedis sentinel) {
        this.first = first;
        this.second = second;
        this.sentinel = sentinel;
    }

    /** {@return a complete setup: the replica is connected, and the sentinel knows both servers} */
    public static SentinelSetup start() {
        return start(1_000, 5_000, "--repl-diskless-sync-delay", "0");
    }

    /**
     * Starts a complete setup whose servers store each write on disk, from Redis 7 on in a file with nothing else.
     *
     * @return the servers
     */
    public static SentinelSetup startOnDisk() {
        return start(
                3_000, // a busy machine must not look like a server that is away
                2_000,
                "--repl-diskless-sync-delay",
                "0",
                "--repl-backlog-size",
                "16mb",
                "--appendonly",
                "yes",
                "--appendfsync", // otherwise a write can be delayed for seconds, and a killed server would have
                // confirmed it
                "no",
                "--aof-use-rdb-preamble",
                "no",
                "--auto-aof-rewrite-percentage",
                "0");
    }

    private static SentinelSetup start(int downAfter, int failoverTimeout, String... settings) {
        EmbeddedRedis master = EmbeddedRedis.with(settings);
        EmbeddedRedis replica = EmbeddedRedis.with(Stream.concat(
                        Stream.of(settings), Stream.of("--replicaof", "127.0.0.1", Integer.toString(master.port())))
                .toArray(String[]::new));
        // This happens before the sentinel looks, because it looks again only after ten seconds.
        await().until(() -> replica.info("replication", "master_link_status").equals("up"));
        String watch = "sentinel monitor %1$s 127.0.0.1 %2$d 1\n"
                + "sentinel down-after-milliseconds %1$s %3$d\n"
                + "sentinel failover-timeout %1$s %4$d\n";
        EmbeddedRedis sentinel = EmbeddedRedis.start(
                EmbeddedRedis.freePort(),
                new EmbeddedRedis.ConfigurationFile(
                        "sentinel.conf", watch.formatted(NAME, master.port(), downAfter, failoverTimeout)),
                "sentinel.conf",
                "--sentinel");
        SentinelSetup setup = new SentinelSetup(master, replica, sentinel);
        await().until(() ->
                String.valueOf(sentinel.ask("SENTINEL", "REPLICAS", NAME)).contains("master-link-status, ok"));
        return setup;
    }

    /** {@return the properties for an application, each as {@code name=value}} */
    public List<String> properties() {
        return properties(sentinel.uri());
    }

    /**
     * Returns the properties for an application that finds the sentinel at another address.
     *
     * @param sentinel the address of the sentinel
     * @return the properties, each as {@code name=value}
     */
    public List<String> properties(URI sentinel) {
        return List.of(
                "spring.data.redis.sentinel.master=" + NAME,
                "spring.data.redis.sentinel.nodes=127.0.0.1:" + sentinel.getPort());
    }

    /** {@return both servers} */
    public List<EmbeddedRedis> servers() {
        return List.of(first, second);
    }

    /** {@return the sentinel} */
    public EmbeddedRedis sentinel() {
        return sentinel;
    }

    /** {@return the master, according to the sentinel} */
    public EmbeddedRedis master() {
        List<?> address = (List<?>) sentinel.ask("SENTINEL", "GET-MASTER-ADDR-BY-NAME", NAME);
        return address != null && address.contains(Integer.toString(first.port())) ? first : second;
    }

    /** {@return the server that is not the master} */
    public EmbeddedRedis replica() {
        return master() == first ? second : first;
    }

    /**
     * Makes the sentinel promote the replica. Returns when the sentinel reports the new master. The old master learns
     * of it up to ten seconds later, and accepts writes until then, which are lost.
     */
    public void failover() {
        EmbeddedRedis next = replica();
        sentinel.ask("SENTINEL", "FAILOVER", NAME);
        await().until(() -> master() == next);
    }

    /**
     * Kills the master without notice. Returns when the sentinel has promoted the replica.
     *
     * @return the killed server
     */
    public EmbeddedRedis killMaster() {
        EmbeddedRedis master = master();
        EmbeddedRedis next = replica();
        master.kill();
        await().until(() -> master() == next);
        return master;
    }

    /** Stops replication, so that a failover loses later adds. */
    public void stopReplication() {
        ClusterSetup.stopReplication(replica());
    }

    /** Restarts replication. */
    public void allowReplication() {
        for (EmbeddedRedis server : servers()) {
            if (server.isRunning()) {
                server.ask("CONFIG", "SET", "masterauth", "");
            }
        }
    }

    @Override
    public void close() {
        sentinel.close();
        second.close();
        first.close();
    }
}
