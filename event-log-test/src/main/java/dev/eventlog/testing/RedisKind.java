package dev.eventlog.testing;

/** The kind of Redis that a test uses. */
public enum RedisKind {

    /**
     * An {@link dev.eventlog.testing.memory.InMemoryRedis} for the application context, and a bean in it. It starts in
     * milliseconds, and a test can make it fail.
     */
    IN_MEMORY,

    /**
     * A real Redis, one for all tests of the JVM. It runs in a container if Docker is running and Testcontainers is on
     * the class path. Otherwise, it is a separate process, if {@code com.github.codemonstur:embedded-redis} is on the
     * class path.
     */
    REAL
}
