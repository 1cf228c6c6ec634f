package dev.eventlog.torture;

import dev.eventlog.test.AppendOnlyFile;
import dev.eventlog.test.EmbeddedRedis;
import dev.eventlog.test.TcpProxy;
import dev.eventlog.torture.TorturePlan.Fault;
import dev.eventlog.torture.TorturePlan.Kind;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One server that stores each write on disk before it answers, and one proxy in front of it that all applications
 * share.
 */
final class TortureSingle extends TortureServer {

    private final EmbeddedRedis redis = EmbeddedRedis.onDisk();
    private final TcpProxy proxy = new TcpProxy(redis.uri());
    private final TortureHistory history = new TortureHistory();
    private final @Nullable TortureServerClock clock;

    /**
     * Starts the server.
     *
     * @param faketime whether its clock can be set
     */
    TortureSingle(boolean faketime) {
        clock = faketime ? new TortureServerClock() : null;
        if (clock != null) {
            redis.kill();
            redis.setEnvironment(clock.environment());
            redis.start();
        }
    }

    @Override
    List<String> settings(int client) {
        return List.of("spring.data.redis.url=" + proxy.uri());
    }

    @Override
    EmbeddedRedis master() {
        return redis;
    }

    @Override
    void harm(Fault fault) throws InterruptedException {
        if (fault.kind() == Kind.CLOCK_BACK && clock != null) {
            clock.back(redis);
            return;
        }
        if (harmConnections(fault, List.of(proxy)) || harmServer(fault, redis)) {
            return;
        }
        redis.kill();
        history.read(redis.writes());
        if (fault.kind() == Kind.KILL_LOSING_ALL) {
            history.lose(Integer.MAX_VALUE);
            redis.deleteData();
        } else if (fault.kind() == Kind.KILL_LOSING_THE_NEWEST && history.length() > 0) {
            AppendOnlyFile.cut(redis.writes(), history.lose(fault.amount()));
        }
        TimeUnit.MILLISECONDS.sleep(fault.millis());
        redis.start();
    }

    @Override
    TortureHistory end() {
        proxy.close();
        redis.kill();
        history.read(redis.writes());
        return history;
    }

    @Override
    String state() {
        return state(redis);
    }

    @Override
    public void close() {
        proxy.close();
        redis.close();
        if (clock != null) {
            clock.delete();
        }
    }
}
