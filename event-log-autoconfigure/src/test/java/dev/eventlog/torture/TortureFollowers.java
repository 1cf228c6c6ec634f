package dev.eventlog.torture;

import dev.eventlog.Event;
import dev.eventlog.EventBatchListener;
import dev.eventlog.EventLog;
import dev.eventlog.FollowOptions;
import dev.eventlog.Tail;
import dev.eventlog.torture.TortureWatch.Got;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Uses {@link EventLog#follow}. Some listeners throw from time to time, and must then receive the same call again. */
final class TortureFollowers extends TortureReader {

    private final boolean throwing;

    TortureFollowers(
            TortureScene scene, List<List<EventLog>> logs, int log, String name, Random random, boolean throwing) {
        super(scene, logs, log, name, random);
        this.throwing = throwing;
    }

    @Override
    void comeAndGo() throws InterruptedException {
        @Nullable Got end = null;
        while (scene.harming) {
            EventLog of = log();
            Tail tail = tail(end);
            TortureWatch watch = watch(of, tail, end, pace());
            TortureThrower thrower = new TortureThrower(watch, random.nextLong(), random.nextBoolean());
            EventBatchListener<Event> listener = throwing ? thrower : watch;
            Consumer<FollowOptions.Builder> options = throwing ? thrower::customize : none -> {};
            long stay = stay();
            if (!open(watch, of, false, () -> watch.follower = of.follow(tail, listener, options))) {
                return;
            }
            begins(watch);
            if (!stay(watch, stay)) {
                staysToTheEnd();
                return;
            }
            watch.close();
            end = watch.last();
        }
    }
}
