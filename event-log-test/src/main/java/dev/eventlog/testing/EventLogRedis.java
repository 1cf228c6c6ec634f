package dev.eventlog.testing;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Starts a Redis for a Spring Boot test, and connects the application to it. {@link EventLogTest} includes this
 * annotation. Add it to a {@code @SpringBootTest}:
 *
 * <pre>
 * &#64;SpringBootTest
 * &#64;EventLogRedis
 * class ShopTests {
 * }</pre>
 *
 * <p>The property {@value #PROPERTY}, as a system property or any other property of the test, overrides the annotation.
 * So the same tests can also run on a real Redis. Its values are {@code in-memory}, {@code real}, and
 * {@code redis://host:port} for a running server.
 *
 * <p>The connection replaces {@code spring.data.redis.host}, {@code url}, and similar properties, and also a
 * {@code @ServiceConnection}. Use either these or this annotation.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Inherited
public @interface EventLogRedis {

    /** The property that selects the Redis of all tests. */
    String PROPERTY = "test.eventlog.redis";

    /** {@return the kind of Redis} */
    RedisKind value() default RedisKind.IN_MEMORY;
}
