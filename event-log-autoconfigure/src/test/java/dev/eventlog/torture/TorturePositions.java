package dev.eventlog.torture;

import dev.eventlog.EventId;
import dev.eventlog.EventPositions;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.config.BeanPostProcessor;

/**
 * Wraps the positions of an application, wherever they are stored, and tells each {@link TortureNamed} where it
 * continues. Each application needs its own object, and can have one instance for each name and log.
 */
final class TorturePositions implements BeanPostProcessor {

    private final Map<String, TortureNamed> instances = new ConcurrentHashMap<>();

    /** Registers an instance that begins to follow. */
    void follows(TortureNamed instance) {
        instances.put(key(instance.name, instance.log.name()), instance);
    }

    private @Nullable TortureNamed instance(String name, String log) {
        return instances.get(key(name, log));
    }

    private static String key(String name, String log) {
        return name + '@' + log;
    }

    @Override
    public Object postProcessAfterInitialization(Object bean, String beanName) {
        return bean instanceof EventPositions positions ? new Overheard(positions) : bean;
    }

    private final class Overheard implements EventPositions {

        private final EventPositions positions;

        Overheard(EventPositions positions) {
            this.positions = positions;
        }

        @Override
        public Optional<EventId> load(String name, String log) {
            long asked = System.nanoTime();
            Optional<EventId> found = positions.load(name, log);
            TortureNamed instance = instance(name, log);
            if (instance != null && begins()) {
                found.ifPresent(position -> instance.standsAt(position, asked));
            }
            return found;
        }

        /**
         * Whether the caller looks for its start. It may instead check whether a position was stored despite a lost
         * answer.
         */
        private static boolean begins() {
            return StackWalker.getInstance()
                    .walk(frames ->
                            frames.noneMatch(frame -> frame.getMethodName().equals("isStoredAlready")));
        }

        @Override
        public boolean store(String name, String log, @Nullable EventId before, EventId position) {
            long asked = System.nanoTime();
            TortureNamed instance = instance(name, log);
            boolean stored = positions.store(name, log, before, position);
            if (stored && instance != null) {
                instance.hasStored(before, position, asked);
            }
            return stored;
        }
    }
}
