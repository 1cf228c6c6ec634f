package dev.eventlog.torture;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * How a torture run is to be.
 *
 * @param processes how many applications run in processes of their own, which are killed and started again
 * @param sentinel whether Redis is a master with a replica, watched over by a sentinel
 * @param faketime whether the server's clock is set back by an hour now and then
 * @param properties of all applications, {@code name=value} each
 */
record TortureSettings(
        long seed, Duration length, int processes, boolean sentinel, boolean faketime, List<String> properties) {

    /**
     * Runs below this length have no processes of their own unless they are asked for. Neither have those with a sentinel: who
     * connects in the middle of a failover may read and write at the master that was, and the history does not show when.
     */
    private static final Duration SHORT = Duration.ofSeconds(20);

    static TortureSettings of(long seed, Duration length) {
        return new TortureSettings(seed, length, 0, false, false, List.of());
    }

    /** {@return the settings that the arguments ask for} */
    static TortureSettings parse(String... arguments) {
        long seed = System.nanoTime() & 0xffff;
        Duration length = Duration.ofMinutes(5);
        int processes = -1;
        boolean sentinel = false;
        boolean faketime = false;
        List<String> properties = new ArrayList<>();
        for (int i = 0; i < arguments.length; i++) {
            String name = arguments[i];
            if (name.equals("--sentinel")) {
                sentinel = true;
                continue;
            }
            if (name.equals("--faketime")) {
                faketime = true;
                continue;
            }
            if (i + 1 == arguments.length) {
                throw new IllegalArgumentException(name + " is no argument, or wants a value");
            }
            String value = arguments[++i];
            switch (name) {
                case "--seed" -> seed = Long.parseLong(value);
                case "--minutes" -> length = Duration.ofMinutes(Long.parseLong(value));
                case "--seconds" -> length = Duration.ofSeconds(Long.parseLong(value));
                case "--redis" -> System.setProperty("embedded.redis.executable", value);
                case "--driver" -> properties.add("spring.data.redis.client-type=" + value);
                case "--dedicated" -> properties.add("eventlog.follow.dedicated-connections=" + value);
                case "--processes" -> processes = Integer.parseInt(value);
                default -> throw new IllegalArgumentException(name);
            }
        }
        if (sentinel && faketime) {
            throw new IllegalArgumentException("--faketime is not for a run with --sentinel");
        }
        if (processes < 0) {
            processes = length.compareTo(SHORT) < 0 || sentinel ? 0 : 1;
        }
        return new TortureSettings(seed, length, processes, sentinel, faketime, List.copyOf(properties));
    }
}
