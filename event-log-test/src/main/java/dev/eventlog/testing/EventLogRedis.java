package dev.eventlog.testing;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Connects the application of a Spring Boot test to a Redis that is started for it. {@link EventLogTest} has it already. On a
 * {@code @SpringBootTest} it is all that is needed:
 *
 * <pre>
 * &#64;SpringBootTest
 * &#64;EventLogRedis
 * class ShopTests {
 * }</pre>
 *
 * <p>The property {@value #PROPERTY} wins over the annotation, as a system property or any other property of the test. So the same
 * tests can also run on a real Redis. Its values: {@code in-memory}, {@code real}, or {@code redis://host:port} for a server that
 * runs already.
 *
 * <p>The connection takes the place of {@code spring.data.redis.host}, {@code url}, and the like, and also of a
 * {@code @ServiceConnection}: use one of them or this annotation.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Inherited
public @interface EventLogRedis {

    /** The property that says on which Redis all tests run. */
    String PROPERTY = "test.eventlog.redis";

    /** {@return the kind of Redis} */
    RedisKind value() default RedisKind.IN_MEMORY;
}
