package dev.eventlog.torture;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * The settings of a torture run.
 *
 * @param processes the number of applications in their own processes, which are killed and started again
 * @param sentinel whether Redis is a master with a replica and a sentinel
 * @param faketime whether the clock of the server is set back by an hour from time to time
 * @param properties the properties of all applications, each as {@code name=value}
 */
record TortureSettings(
        long seed, Duration length, int processes, boolean sentinel, boolean faketime, List<String> properties) {

    /**
     * Runs below this length have no separate processes by default. Runs with a sentinel have none either: a process
     * that connects in the middle of a failover may use the old master, and the history does not show when.
     */
    private static final Duration SHORT = Duration.ofSeconds(20);

    static TortureSettings of(long seed, Duration length) {
        return new TortureSettings(seed, length, 0, false, false, List.of());
    }

    /** {@return the settings of the arguments} */
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
                throw new IllegalArgumentException(name + " is not an argument, or needs a value");
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
            throw new IllegalArgumentException("--faketime does not work with --sentinel");
        }
        if (processes < 0) {
            processes = length.compareTo(SHORT) < 0 || sentinel ? 0 : 1;
        }
        return new TortureSettings(seed, length, processes, sentinel, faketime, List.copyOf(properties));
    }
}
