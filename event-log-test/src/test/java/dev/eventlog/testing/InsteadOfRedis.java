package dev.eventlog.testing;

import dev.eventlog.testing.memory.InMemoryRedis;

/**
 * Gives the library's own tests an in-memory Redis instead of a real one. It runs as long as the process, like the
 * applications that these tests share.
 */
final class InsteadOfRedis {

    /** The property with the Redis of the library's tests. */
    private static final String SWITCH = "eventlog.test.redis";

    /** The property with the port of a Redis that no other test uses. */
    private static final String SERVER = "eventlog.test.server-port";

    private static final String BEFORE = System.getProperty(SWITCH, "auto");
    private static final InMemoryRedis SHARED = InMemoryRedis.start();
    private static final InMemoryRedis OWN = InMemoryRedis.start();

    private InsteadOfRedis() {}

    static void begin() {
        System.setProperty(SWITCH, SHARED.uri().toString());
        System.setProperty(SERVER, Integer.toString(OWN.uri().getPort()));
    }

    static void end() {
        System.setProperty(SWITCH, BEFORE);
        System.clearProperty(SERVER);
    }
}
