package dev.eventlog.testing;

/** What kind of Redis a test uses. */
public enum RedisKind {

    /**
     * A {@link dev.eventlog.testing.memory.InMemoryRedis} of the application context, and a bean in it. Starts in milliseconds, and
     * fails as a test tells it.
     */
    IN_MEMORY,

    /**
     * A real Redis, one for all tests of the JVM: in a container if Docker runs and Testcontainers is on the classpath, otherwise
     * a process of its own if {@code com.github.codemonstur:embedded-redis} is.
     */
    REAL
}
