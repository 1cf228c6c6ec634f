package dev.eventlog.torture;

import dev.eventlog.test.EmbeddedRedis;
import dev.eventlog.test.SentinelSetup;
import dev.eventlog.test.TcpProxy;
import dev.eventlog.torture.TortureClock.Change;
import dev.eventlog.torture.TortureMasters.Writes;
import dev.eventlog.torture.TorturePlan.Fault;
import dev.eventlog.torture.TorturePlan.Kind;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.awaitility.core.ConditionTimeoutException;

/**
 * A master, its replica, and a sentinel that can swap their roles. Each application has its own proxies. The sentinel
 * tells it the addresses of these proxies, so that faults of connections can affect only some applications.
 *
 * <p>The history is that of the current master. At a failover, it continues with the writes of the new master, and the
 * writes that only the old master had are lost. Both servers accept writes for a while. In the history, the lost writes
 * of the old master come before all writes of the new one. This history is as exact as that of a single server, on one
 * condition: after a failover, the old master accepts writes only on connections that were already open. Needs Redis 7
 * or later, because the replicas of older versions store received writes and earlier data in one file.
 */
final class TortureSentinel extends TortureServer {

    private static final int SECONDS_TO_SETTLE = 25;

    private static final int MILLIS_TO_LOOK = 20;

    /** The proxies of an application. */
    private record Way(TcpProxy sentinel, List<TcpProxy> servers) {

        List<TcpProxy> all() {
            List<TcpProxy> all = new ArrayList<>(servers);
            all.add(sentinel);
            return all;
        }
    }

    private final TortureScene scene;
    private final SentinelSetup setup = SentinelSetup.startOnDisk();
    private final List<Way> ways = new ArrayList<>();
    private final TortureHistory history = new TortureHistory();
    private final TortureMainLine line = new TortureMainLine(history);
    private final Random random;
    private volatile EmbeddedRedis master;
    private volatile boolean closed;
    private final TortureMasters masters;
    private Writes writes; // the file of the master

    TortureSentinel(TortureScene scene, int clients) {
        this.scene = scene;
        this.random = scene.random(8, 0, 0);
        this.master = setup.master();
        if (!master.isAtLeast(7)) {
            setup.close();
            throw new IllegalArgumentException("--sentinel needs Redis 7 or later: see --redis");
        }
        this.masters = new TortureMasters(setup);
        this.writes = masters.take().get(0);
        scene.start("torture-masters", () -> {
            while (!closed) {
                masters.look();
                TimeUnit.MILLISECONDS.sleep(MILLIS_TO_LOOK);
            }
        });
        for (int i = 0; i < clients; i++) {
            List<TcpProxy> servers = setup.servers().stream()
                    .map(server -> new TcpProxy(server.uri()))
                    .toList();
            TcpProxy sentinel = new TcpProxy(setup.sentinel().uri());
            Map<String, String> ports = new HashMap<>();
            for (int server = 0; server < servers.size(); server++) {
                ports.put(
                        Integer.toString(setup.servers().get(server).port()),
                        Integer.toString(servers.get(server).uri().getPort()));
            }
            sentinel.replaceInReplies(ports);
            ways.add(new Way(sentinel, servers));
        }
    }

    @Override
    List<String> settings(int client) {
        return setup.properties(ways.get(client).sentinel().uri());
    }

    @Override
    EmbeddedRedis master() {
        return master;
    }

    @Override
    void harm(Fault fault) throws InterruptedException {
        List<Way> some = new ArrayList<>();
        for (int i = 0; i < ways.size(); i++) {
            if ((fault.amount() >> i % 7 & 1) != 0) {
                some.add(ways.get(i));
            }
        }
        if (harmConnections(
                fault, some.stream().flatMap(way -> way.all().stream()).toList())) {
            return;
        }
        long begin = System.nanoTime();
        EmbeddedRedis before = master;
        try {
            if (!harmServer(fault, before)) {
                harm(fault, some);
            }
        } catch (ConditionTimeoutException | UncheckedIOException notDone) {
            scene.count("faults that could not be caused");
        }
        if (fault.kind() != Kind.PARTITION_OF_SOME && fault.kind() != Kind.CLIENT_KILL) {
            settleSince(begin);
        }
    }

    /**
     * Waits for a stable state, and notes a change of the master. A late sentinel may have begun it before this fault.
     */
    private void settleSince(long begin) throws InterruptedException {
        if (settle()) {
            scene.note(new Change(Math.min(begin, masters.changingSince()), System.nanoTime()));
        }
    }

    private void harm(Fault fault, List<Way> some) throws InterruptedException {
        switch (fault.kind()) {
            case FAILOVER -> setup.failover();
            case FAILOVER_LOSING_THE_NEWEST -> {
                setup.stopReplication();
                TimeUnit.MILLISECONDS.sleep(fault.millis());
                setup.failover();
            }
            case KILL_MASTER -> {
                EmbeddedRedis killed = setup.killMaster();
                TimeUnit.MILLISECONDS.sleep(fault.millis());
                killed.start();
                follow(killed, setup.master());
            }
            case PARTITION_OF_SOME -> {
                int server = setup.servers().indexOf(master);
                List<TcpProxy> cut =
                        some.stream().map(way -> way.servers().get(server)).toList();
                boolean silent = fault.amount() % 2 == 0;
                if (silent) {
                    cut.forEach(TcpProxy::swallow);
                } else {
                    cut.forEach(TcpProxy::refuse);
                    cut.forEach(TcpProxy::cut);
                }
                TimeUnit.MILLISECONDS.sleep(fault.millis());
                if (silent) {
                    cut.forEach(TcpProxy::pass);
                    cut.forEach(TcpProxy::cut);
                } else {
                    cut.forEach(TcpProxy::accept);
                }
            }
            default -> throw new IllegalArgumentException(fault.toString());
        }
    }

    private static void follow(EmbeddedRedis server, EmbeddedRedis master) {
        server.ask("REPLICAOF", "127.0.0.1", Integer.toString(master.port()));
    }

    /**
     * Waits until one server is the master and the other one its replica, and continues with the writes of the master.
     *
     * @return whether the master has changed, even if only for a while
     */
    private boolean settle() throws InterruptedException {
        long begin = System.nanoTime();
        long demoteAfter = TimeUnit.MILLISECONDS.toNanos(random.nextInt(3_000));
        setup.servers().forEach(server -> {
            if (!server.isRunning()) {
                server.start();
            }
        });
        while (true) {
            try {
                EmbeddedRedis now = setup.master();
                EmbeddedRedis other = setup.servers().get(1 - setup.servers().indexOf(now));
                if (isSettled(now, other)) {
                    return goOn();
                }
                if (System.nanoTime() - begin > demoteAfter
                        && now.info("replication", "role").equals("master")) {
                    setup.allowReplication();
                    if (other.info("replication", "role").equals("master")) {
                        follow(other, now);
                    }
                }
            } catch (UncheckedIOException away) {
                // the server is frozen, or is closing all its connections
            }
            if (System.nanoTime() - begin > TimeUnit.SECONDS.toNanos(SECONDS_TO_SETTLE)) {
                scene.trouble("The run itself failed: the servers have not settled: " + state());
                return true;
            }
            line.append(writes.more());
            TimeUnit.MILLISECONDS.sleep(50);
        }
    }

    private static boolean isSettled(EmbeddedRedis master, EmbeddedRedis replica) {
        return master.info("replication", "role").equals("master")
                && replica.info("replication", "role").equals("slave")
                && replica.info("replication", "master_link_status").equals("up")
                && replica.info("replication", "master_port").equals(Integer.toString(master.port()))
                && writesNothingAnew(master)
                && writesNothingAnew(replica);
    }

    private static boolean writesNothingAnew(EmbeddedRedis server) {
        return server.info("persistence", "aof_rewrite_in_progress").equals("0")
                && server.info("persistence", "aof_rewrite_scheduled").equals("0");
    }

    private boolean goOn() {
        line.append(writes.more());
        List<Writes> since = masters.take();
        if (new HashSet<>(since).size() < since.size()) {
            scene.trouble("The run itself failed: a replaced server became the master again with its old"
                    + " data, which one history cannot show: run another seed");
        }
        for (Writes next : since.subList(1, since.size())) {
            writes = next;
            master = next.server;
            String wrong = line.goOn(next.base(), next.all());
            if (wrong != null) {
                scene.trouble("The run itself failed: the histories of two masters contradict each other: " + wrong);
            }
            scene.count("masters");
        }
        return since.size() > 1;
    }

    @Override
    TortureHistory end() {
        ways.forEach(way -> way.all().forEach(TcpProxy::close));
        try {
            settleSince(System.nanoTime());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        setup.servers().forEach(EmbeddedRedis::kill);
        line.append(writes.more());
        line.end();
        return history;
    }

    @Override
    String state() {
        Object said;
        try {
            said = setup.master().uri();
        } catch (UncheckedIOException away) {
            said = away.getMessage();
        }
        return "the sentinel says the master is " + said + "; "
                + state(setup.servers().get(0)) + "; " + state(setup.servers().get(1));
    }

    @Override
    public void close() {
        ways.forEach(way -> way.all().forEach(TcpProxy::close));
        closed = true;
        masters.close();
        setup.close();
        line.delete();
    }
}
