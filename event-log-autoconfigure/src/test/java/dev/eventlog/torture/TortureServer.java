package dev.eventlog.torture;

import dev.eventlog.test.EmbeddedRedis;
import dev.eventlog.test.TcpProxy;
import dev.eventlog.torture.TorturePlan.Fault;
import dev.eventlog.torture.TorturePlan.Kind;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

/** The Redis of a torture run, the network in front of it, and the faults of both. */
abstract class TortureServer implements AutoCloseable {

    /**
     * Returns the settings with which an application connects to this Redis.
     *
     * @param client the number of the application, because each can have its own proxies
     * @return the settings, each as {@code name=value}
     */
    abstract List<String> settings(int client);

    /** {@return the server that accepts writes now} */
    abstract EmbeddedRedis master();

    /** Causes a fault of the server or of connections. */
    abstract void harm(Fault fault) throws InterruptedException;

    /** Ends the server, and reads its writes. {@return the history of the logs} */
    abstract TortureHistory end();

    /** {@return a description of the server, for a run that fails} */
    abstract String state();

    /** Ends all processes, and deletes their data. */
    @Override
    public abstract void close();

    /** Changes a log like another client. The command fails if the server is away. */
    final void harmData(Fault fault) {
        String log = TortureLogs.ALL.get(fault.log()).name();
        String amount = Integer.toString(fault.amount());
        switch (fault.kind()) {
            case XTRIM -> master().ask("XTRIM", log, "MAXLEN", amount);
            case XDEL ->
                master().ask(
                                "EVAL",
                                "local all = redis.call('XRANGE', KEYS[1], '-', '+')"
                                        + " for i = 1, ARGV[1] do local one = all[#all - i * i + 1]"
                                        + " if one then redis.call('XDEL', KEYS[1], one[1]) end end",
                                "1",
                                log,
                                amount);
            case XSETID -> {
                // later ids continue from there, but the next log under this key begins an hour earlier
                List<?> time = (List<?>) Objects.requireNonNull(master().ask("TIME"));
                long ahead = Long.parseLong(String.valueOf(time.get(0))) * 1000 + 3_600_000;
                master().ask(
                                "EVAL",
                                "if redis.call('EXISTS', KEYS[1]) == 0 then return end"
                                        + " local info = redis.call('XINFO', 'STREAM', KEYS[1])"
                                        + " for i = 1, #info, 2 do if info[i] == 'last-generated-id' then"
                                        + " if tonumber(string.match(info[i + 1], '%d+')) < tonumber(ARGV[1]) then"
                                        + " redis.call('XSETID', KEYS[1], ARGV[1] .. '-0') end end end",
                                "1",
                                log,
                                Long.toString(ahead));
            }
            case DEL -> master().ask("DEL", log);
            case FLUSHALL -> master().ask("FLUSHALL");
            default -> throw new IllegalArgumentException(fault.toString());
        }
    }

    /** Causes a fault of connections. {@return whether the fault is of this kind} */
    static boolean harmConnections(Fault fault, List<TcpProxy> proxies) throws InterruptedException {
        switch (fault.kind()) {
            case CUT -> proxies.forEach(TcpProxy::cut);
            case REFUSE -> {
                proxies.forEach(TcpProxy::refuse);
                proxies.forEach(TcpProxy::cut);
                TimeUnit.MILLISECONDS.sleep(fault.millis());
                proxies.forEach(TcpProxy::accept);
            }
            case DELAY -> {
                proxies.forEach(proxy -> proxy.delay(Duration.ofMillis(fault.amount())));
                TimeUnit.MILLISECONDS.sleep(fault.millis());
                proxies.forEach(proxy -> proxy.delay(Duration.ZERO));
            }
            case SWALLOW, SWALLOW_AND_STAY_SILENT -> {
                proxies.forEach(TcpProxy::swallow);
                TimeUnit.MILLISECONDS.sleep(fault.millis());
                proxies.forEach(TcpProxy::pass);
                if (fault.kind() == Kind.SWALLOW) {
                    proxies.forEach(TcpProxy::cut);
                }
            }
            case CUT_INSTEAD_OF_REPLY -> {
                proxies.forEach(TcpProxy::cutInsteadOfReply);
                TimeUnit.MILLISECONDS.sleep(fault.millis());
                proxies.forEach(TcpProxy::pass);
            }
            default -> {
                return false;
            }
        }
        return true;
    }

    /** Causes a fault that the process of the server survives. {@return whether the fault is of this kind} */
    static boolean harmServer(Fault fault, EmbeddedRedis redis) throws InterruptedException {
        switch (fault.kind()) {
            case FREEZE -> {
                redis.freeze();
                TimeUnit.MILLISECONDS.sleep(fault.millis());
                redis.thaw();
            }
            case CLIENT_KILL -> redis.killConnections();
            case CLIENT_PAUSE -> {
                redis.ask("CLIENT", "PAUSE", Integer.toString(fault.millis()));
                TimeUnit.MILLISECONDS.sleep(fault.millis());
            }
            default -> {
                return false;
            }
        }
        return true;
    }

    /** {@return a description of a server} */
    static String state(EmbeddedRedis redis) {
        try {
            return "the server at " + redis.uri() + (redis.isRunning() ? "" : ", which should not be running,")
                    + " answers "
                    + redis.ask("PING") + " as process " + redis.info("server", "process_id") + ", "
                    + redis.info("replication", "role") + ", up for "
                    + redis.info("server", "uptime_in_seconds") + " s, clients connected "
                    + redis.info("clients", "connected_clients") + ", blocked "
                    + redis.info("clients", "blocked_clients");
        } catch (UncheckedIOException away) {
            return "the server at " + redis.uri() + (redis.isRunning() ? " should be running" : " is not running")
                    + ", and does not answer: " + away.getMessage();
        }
    }
}
