package dev.eventlog.testing;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.test.autoconfigure.OverrideAutoConfiguration;
import org.springframework.boot.test.context.filter.annotation.TypeExcludeFilters;
import org.springframework.context.annotation.ComponentScan.Filter;
import org.springframework.core.annotation.AliasFor;
import org.springframework.core.env.Environment;
import org.springframework.test.context.BootstrapWith;
import org.springframework.test.context.junit.jupiter.SpringExtension;

/**
 * A test slice for the parts of an application that use event logs. Its context has an
 * {@link dev.eventlog.EventLogFactory}, Jackson, annotated listeners, and a Redis. By default, the Redis is in memory
 * and is a bean:
 *
 * <pre>
 * &#64;EventLogTest
 * &#64;Import(Orders.class)
 * class OrdersTests {
 *
 *     &#64;Autowired Orders orders;
 *     &#64;Autowired EventLogFactory eventLogs;
 *     &#64;Autowired InMemoryRedis redis;
 * }</pre>
 *
 * <p>Components of the application are in the context only if the test imports them or includes them with a filter. The
 * logs exist as long as the context, which Spring shares between tests, so use different logs in each test.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Inherited
@BootstrapWith(EventLogTestContextBootstrapper.class)
@ExtendWith(SpringExtension.class)
@OverrideAutoConfiguration(enabled = false)
@TypeExcludeFilters(EventLogTypeExcludeFilter.class)
@ImportAutoConfiguration
@EventLogRedis
public @interface EventLogTest {

    /** {@return the kind of Redis} */
    @AliasFor(annotation = EventLogRedis.class, attribute = "value")
    RedisKind redis() default RedisKind.IN_MEMORY;

    /** {@return properties of the {@link Environment}, each as {@code name=value}} */
    String[] properties() default {};

    /** {@return whether components are left out unless a filter includes them} */
    boolean useDefaultFilters() default true;

    /** {@return filters for components to add to the context} */
    Filter[] includeFilters() default {};

    /** {@return filters for components to leave out of the context} */
    Filter[] excludeFilters() default {};

    /** {@return auto-configurations to leave out of the context} */
    @AliasFor(annotation = ImportAutoConfiguration.class, attribute = "exclude")
    Class<?>[] excludeAutoConfiguration() default {};
}
