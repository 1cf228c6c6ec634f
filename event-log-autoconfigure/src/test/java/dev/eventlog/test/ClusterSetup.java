package dev.eventlog.test;

import static dev.eventlog.test.LogTests.await;

import dev.eventlog.test.EmbeddedRedis.ConfigurationFile;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.awaitility.core.ConditionTimeoutException;

/** A Redis Cluster of three masters with one replica each, which a test can break. */
public final class ClusterSetup implements AutoCloseable {

    private static final int MASTERS = 3;
    private static final int SLOTS = 16_384;
    private static final int BUS = 10_000; // the offset of the port for other nodes

    private final List<EmbeddedRedis> nodes = new ArrayList<>();

    private ClusterSetup() {}

    /** {@return a complete cluster: every slot has a master, and every replica is connected} */
    public static ClusterSetup start() {
        ClusterSetup cluster = new ClusterSetup();
        List<Integer> ports = new ArrayList<>();
        while (ports.size() < 2 * MASTERS) {
            int port = freePort();
            if (!ports.contains(port)) {
                ports.add(port);
            }
        }
        for (int i = 0; i < ports.size(); i++) {
            // The nodes start with the file that they would write themselves, so they need no introduction.
            cluster.nodes.add(EmbeddedRedis.start(
                    ports.get(i),
                    new ConfigurationFile("nodes.conf", nodes(ports, i)),
                    "--save",
                    "",
                    "--cluster-enabled",
                    "yes",
                    "--cluster-node-timeout",
                    "1500",
                    "--cluster-replica-validity-factor",
                    "0",
                    "--cluster-allow-replica-migration",
                    "no",
                    "--repl-diskless-sync-delay",
                    "0",
                    "--repl-ping-replica-period",
                    "1"));
        }
        cluster.awaitComplete();
        return cluster;
    }

    private static int freePort() {
        return IntStream.generate(EmbeddedRedis::freePort)
                .filter(port -> port + BUS < 65_536 && isFree(port + BUS))
                .findFirst()
                .orElseThrow();
    }

    private static boolean isFree(int port) {
        try {
            new ServerSocket(port, 1, InetAddress.getLoopbackAddress()).close();
            return true;
        } catch (IOException taken) {
            return false;
        }
    }

    private static String nodes(List<Integer> ports, int myself) {
        StringBuilder file = new StringBuilder();
        for (int i = 0; i < ports.size(); i++) {
            int master = i % MASTERS;
            boolean replica = i >= MASTERS;
            file.append("%s 127.0.0.1:%d@%d %s%s %s 0 0 %d connected%s\n"
                    .formatted(
                            id(i),
                            ports.get(i),
                            ports.get(i) + BUS,
                            i == myself ? "myself," : "",
                            replica ? "slave" : "master",
                            replica ? id(master) : "-",
                            master + 1,
                            replica
                                    ? ""
                                    : " %d-%d"
                                            .formatted(master * SLOTS / MASTERS, (master + 1) * SLOTS / MASTERS - 1)));
        }
        return file + "vars currentEpoch " + MASTERS + " lastVoteEpoch 0\n";
    }

    private static String id(int node) {
        return "%040x".formatted(node + 1);
    }

    private String id(EmbeddedRedis node) {
        return id(nodes.indexOf(node));
    }

    /** Waits until every node runs and knows a master for each slot, and every replica has the data of its master. */
    public void awaitComplete() {
        for (EmbeddedRedis node : nodes) {
            if (!node.isRunning()) {
                node.start();
            }
        }
        for (EmbeddedRedis node : nodes) {
            node.ask("CONFIG", "SET", "masterauth", "");
            await().until(() -> isOk(node));
            await().until(() -> node.info("replication", "role").equals("master")
                    || node.info("replication", "master_link_status").equals("up"));
        }
        await().until(() -> masters().size() == MASTERS);
        for (EmbeddedRedis master : masters()) { // a master refuses to fail over to a replica that it does not know
            await().until(() ->
                    ((List<?>) Objects.requireNonNull(master.ask("CLUSTER", "REPLICAS", id(master)))).size() == 1);
        }
    }

    private static boolean isOk(EmbeddedRedis node) {
        return String.valueOf(node.ask("CLUSTER", "INFO")).contains("cluster_state:ok");
    }

    /** {@return the properties for an application, each as {@code name=value}} */
    public List<String> properties() {
        return List.of("spring.data.redis.cluster.nodes="
                + nodes.stream().map(node -> "127.0.0.1:" + node.port()).collect(Collectors.joining(",")));
    }

    /** {@return the running nodes that consider themselves masters} */
    public List<EmbeddedRedis> masters() {
        return nodes.stream()
                .filter(node ->
                        node.isRunning() && node.info("replication", "role").equals("master"))
                .toList();
    }

    /**
     * The master of a key's slot.
     *
     * @param key the key
     * @return its master, according to the other nodes
     */
    public EmbeddedRedis masterOf(String key) {
        return masterOf(slot(key), running().get(0));
    }

    private long slot(String key) {
        return (Long) Objects.requireNonNull(running().get(0).ask("CLUSTER", "KEYSLOT", key));
    }

    private List<EmbeddedRedis> running() {
        return nodes.stream().filter(EmbeddedRedis::isRunning).toList();
    }

    private EmbeddedRedis masterOf(long slot, EmbeddedRedis asked) {
        return ranges(asked).stream()
                .filter(range -> range.first() <= slot && slot <= range.last())
                .map(Range::master)
                .findFirst()
                .orElseThrow();
    }

    private record Range(long first, long last, EmbeddedRedis master) {}

    private List<Range> ranges(EmbeddedRedis asked) {
        List<Range> ranges = new ArrayList<>();
        for (Object answer : (List<?>) Objects.requireNonNull(asked.ask("CLUSTER", "SLOTS"))) {
            List<?> range = (List<?>) answer;
            Object port = ((List<?>) range.get(2)).get(1);
            EmbeddedRedis master = nodes.stream()
                    .filter(node -> port.equals((long) node.port()))
                    .findFirst()
                    .orElseThrow();
            ranges.add(new Range((Long) range.get(0), (Long) range.get(1), master));
        }
        return ranges;
    }

    /**
     * The replica of a master.
     *
     * @param master a master
     * @return its replica
     */
    public EmbeddedRedis replicaOf(EmbeddedRedis master) {
        return running().stream()
                .filter(node -> node.info("replication", "role").equals("slave")
                        && node.info("replication", "master_port").equals(Integer.toString(master.port())))
                .findFirst()
                .orElseThrow();
    }

    /**
     * Moves the slot of a key with its data, like {@code redis-cli --cluster reshard}.
     *
     * @param key a key
     * @param to the new master
     * @param halfway an action after the keys have moved, while only the two masters know it
     */
    public void moveSlot(String key, EmbeddedRedis to, Runnable halfway) {
        String slot = Long.toString(slot(key));
        EmbeddedRedis from = masterOf(key);
        to.ask("CLUSTER", "SETSLOT", slot, "IMPORTING", id(from));
        from.ask("CLUSTER", "SETSLOT", slot, "MIGRATING", id(to));
        while (true) {
            List<?> keys = (List<?>) Objects.requireNonNull(from.ask("CLUSTER", "GETKEYSINSLOT", slot, "100"));
            if (keys.isEmpty()) {
                break;
            }
            List<String> migrate = new ArrayList<>(
                    List.of("MIGRATE", "127.0.0.1", Integer.toString(to.port()), "", "0", "5000", "KEYS"));
            keys.forEach(each -> migrate.add(String.valueOf(each)));
            from.ask(migrate.toArray(String[]::new));
        }
        halfway.run();
        to.ask("CLUSTER", "SETSLOT", slot, "NODE", id(to));
        from.ask("CLUSTER", "SETSLOT", slot, "NODE", id(to));
        for (EmbeddedRedis node : nodes) {
            await().until(() -> masterOf(Long.parseLong(slot), node) == to);
        }
    }

    /**
     * Takes the slot of a key from its master, so that no master has it for a while.
     *
     * @param key a key
     * @param meanwhile an action while no node knows a master for the slot
     */
    public void withoutMaster(String key, Runnable meanwhile) {
        String slot = Long.toString(slot(key));
        EmbeddedRedis master = masterOf(key);
        nodes.forEach(node -> node.ask("CLUSTER", "DELSLOTS", slot));
        try {
            meanwhile.run();
        } finally {
            master.ask("CLUSTER", "ADDSLOTS", slot);
        }
        for (EmbeddedRedis node : nodes) {
            await().ignoreExceptions().until(() -> masterOf(Long.parseLong(slot), node) == master);
        }
    }

    /**
     * Lets a replica replace its master in a planned failover, which loses nothing.
     *
     * @param master the master
     */
    public void failover(EmbeddedRedis master) {
        EmbeddedRedis replica = replicaOf(master);
        replica.ask("CLUSTER", "FAILOVER");
        try {
            awaitTakenOver(master, replica);
        } catch (ConditionTimeoutException givenUp) { // Redis gives up after five seconds and does not retry
            replica.ask("CLUSTER", "FAILOVER");
            awaitTakenOver(master, replica);
        }
    }

    /**
     * Kills a master without notice. Returns when its replica has replaced it.
     *
     * @param master the master
     */
    public void kill(EmbeddedRedis master) {
        EmbeddedRedis replica = replicaOf(master);
        master.kill();
        awaitTakenOver(master, replica);
    }

    private void awaitTakenOver(EmbeddedRedis master, EmbeddedRedis replica) {
        for (EmbeddedRedis node : running()) {
            await().until(() -> isOk(node)
                    && ranges(node).stream().anyMatch(range -> range.master() == replica)
                    && ranges(node).stream().noneMatch(range -> range.master() == master));
        }
    }

    /**
     * Stops replication to a replica, so that a failover loses later adds.
     *
     * @param replica the replica
     */
    public static void stopReplication(EmbeddedRedis replica) {
        replica.ask("CONFIG", "SET", "masterauth", "which the master does not know");
        replica.ask("CLIENT", "KILL", "TYPE", "master");
        await().until(() -> replica.info("replication", "master_link_status").equals("down"));
    }

    @Override
    public void close() {
        nodes.forEach(EmbeddedRedis::close);
    }
}
