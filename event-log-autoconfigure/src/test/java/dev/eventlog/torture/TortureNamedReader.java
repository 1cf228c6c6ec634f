package dev.eventlog.torture;

import dev.eventlog.EventLog;
import dev.eventlog.EventLogUnavailableException;
import dev.eventlog.Tail;
import dev.eventlog.torture.TortureWatch.Pace;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/**
 * An instance of a named follower in one application. It starts and stops repeatedly, and waits for the lease each
 * time.
 */
final class TortureNamedReader {

    private final TortureScene scene;
    private final TorturePositions positions;
    private final EventLog log;
    private final String name;
    private final String instance;
    private final Random random;

    TortureNamedReader(
            TortureScene scene, TorturePositions positions, EventLog log, String name, String instance, Random random) {
        this.scene = scene;
        this.positions = positions;
        this.log = log;
        this.name = name;
        this.instance = instance;
        this.random = random;
    }

    void comeAndGo() throws InterruptedException {
        for (int times = 1; scene.harming; times++) {
            Pace pace = Pace.values()[random.nextInt(Pace.values().length)];
            TortureNamed now = new TortureNamed(instance + "." + times, name, log, pace, new Random(random.nextLong()));
            scene.note(now);
            positions.follows(now);
            long stay = 500 + random.nextInt(random.nextInt(3) == 0 ? 20_000 : 5_000);
            if (!open(now)) {
                return;
            }
            if (!scene.stay(stay)) {
                now.toTheEnd = true;
                return;
            }
            now.close();
        }
    }

    private boolean open(TortureNamed now) throws InterruptedException {
        while (scene.harming) {
            try {
                now.follower = log.follow(Tail.all(), now, options -> options.named(name));
                return true;
            } catch (EventLogUnavailableException away) {
                scene.count("named follows refused because Redis was away");
                TimeUnit.MILLISECONDS.sleep(20);
            }
        }
        return false;
    }
}
