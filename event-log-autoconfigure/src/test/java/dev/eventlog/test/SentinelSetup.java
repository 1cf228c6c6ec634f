package dev.eventlog.test;

import static dev.eventlog.test.LogTests.await;

import java.net.URI;
import java.util.List;
import java.util.stream.Stream;

/** A master with its replica, and a sentinel that watches over both: servers of the tests' own, to do harm to. */
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

    /** {@return one that is complete: the replica has its link, the sentinel knows both} */
    public static SentinelSetup start() {
        return start(5_000, "--repl-diskless-sync-delay", "0");
    }

    /**
     * One that is complete, and whose servers write down every write, from Redis 7 on in a file of nothing else.
     *
     * @return the servers
     */
    public static SentinelSetup startOnDisk() {
        return start(
                2_000,
                "--repl-diskless-sync-delay",
                "0",
                "--repl-backlog-size",
                "16mb",
                "--appendonly",
                "yes",
                "--appendfsync", // which may keep a write back for seconds, and a killed server would have answered it
                "no",
                "--aof-use-rdb-preamble",
                "no",
                "--auto-aof-rewrite-percentage",
                "0");
    }

    private static SentinelSetup start(int failoverTimeout, String... settings) {
        EmbeddedRedis master = EmbeddedRedis.with(settings);
        EmbeddedRedis replica = EmbeddedRedis.with(Stream.concat(
                        Stream.of(settings), Stream.of("--replicaof", "127.0.0.1", Integer.toString(master.port())))
                .toArray(String[]::new));
        // Before the sentinel looks, which looks again only after ten seconds.
        await().until(() -> replica.info("replication", "master_link_status").equals("up"));
        String watch = "sentinel monitor %1$s 127.0.0.1 %2$d 1\n"
                + "sentinel down-after-milliseconds %1$s 1000\n"
                + "sentinel failover-timeout %1$s %3$d\n";
        EmbeddedRedis sentinel = EmbeddedRedis.start(
                EmbeddedRedis.freePort(),
                new EmbeddedRedis.ConfigurationFile(
                        "sentinel.conf", watch.formatted(NAME, master.port(), failoverTimeout)),
                "sentinel.conf",
                "--sentinel");
        SentinelSetup setup = new SentinelSetup(master, replica, sentinel);
        await().until(() ->
                String.valueOf(sentinel.ask("SENTINEL", "REPLICAS", NAME)).contains("master-link-status, ok"));
        return setup;
    }

    /** {@return what an application is to be told of it, {@code name=value} each} */
    public List<String> properties() {
        return properties(sentinel.uri());
    }

    /**
     * What an application is to be told that finds the sentinel elsewhere.
     *
     * @param sentinel where
     * @return {@code name=value} each
     */
    public List<String> properties(URI sentinel) {
        return List.of(
                "spring.data.redis.sentinel.master=" + NAME,
                "spring.data.redis.sentinel.nodes=127.0.0.1:" + sentinel.getPort());
    }

    /** {@return the servers, whichever is the master} */
    public List<EmbeddedRedis> servers() {
        return List.of(first, second);
    }

    /** {@return the sentinel} */
    public EmbeddedRedis sentinel() {
        return sentinel;
    }

    /** {@return the master by what the sentinel says} */
    public EmbeddedRedis master() {
        List<?> address = (List<?>) sentinel.ask("SENTINEL", "GET-MASTER-ADDR-BY-NAME", NAME);
        return address != null && address.contains(Integer.toString(first.port())) ? first : second;
    }

    /** {@return the one that is not the master} */
    public EmbeddedRedis replica() {
        return master() == first ? second : first;
    }

    /**
     * Has the sentinel make the replica the master. Returns when the sentinel tells everybody so; the old master learns it
     * up to ten seconds later, and takes writes until then, which are lost.
     */
    public void failover() {
        EmbeddedRedis next = replica();
        sentinel.ask("SENTINEL", "FAILOVER", NAME);
        await().until(() -> master() == next);
    }

    /**
     * Kills the master without a warning to anybody. Returns when the sentinel has put the replica into its place.
     *
     * @return the one killed
     */
    public EmbeddedRedis killMaster() {
        EmbeddedRedis master = master();
        EmbeddedRedis next = replica();
        master.kill();
        await().until(() -> master() == next);
        return master;
    }

    /** Has the replica receive nothing from now on, so that a failover loses what is added. */
    public void stopReplication() {
        ClusterSetup.stopReplication(replica());
    }

    /** Has both servers replicate again. */
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
