package dev.eventlog.testing;

import dev.eventlog.testing.memory.InMemoryRedis;
import java.net.URI;
import java.util.function.Supplier;
import org.springframework.beans.factory.support.BeanDefinitionRegistry;
import org.springframework.beans.factory.support.RootBeanDefinition;
import org.springframework.boot.data.redis.autoconfigure.DataRedisConnectionDetails;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.test.context.ContextCustomizer;
import org.springframework.test.context.MergedContextConfiguration;

/**
 * Adds the connection to the Redis of a test to its context.
 *
 * @param kind the kind of Redis that the test requests
 */
record RedisContextCustomizer(RedisKind kind) implements ContextCustomizer {

    private static final String REDIS = "inMemoryRedis";

    @Override
    public void customizeContext(ConfigurableApplicationContext context, MergedContextConfiguration test) {
        register(context);
    }

    void register(ConfigurableApplicationContext context) {
        BeanDefinitionRegistry beans = (BeanDefinitionRegistry) context.getBeanFactory();
        String property = context.getEnvironment().getProperty(EventLogRedis.PROPERTY, "");
        String wanted = property.isBlank() ? kind.name() : property;
        Supplier<URI> address;
        if (isNamed(RedisKind.IN_MEMORY, wanted)) {
            beans.registerBeanDefinition(REDIS, new RootBeanDefinition(InMemoryRedis.class, InMemoryRedis::start));
            address = () -> context.getBean(REDIS, InMemoryRedis.class).uri();
        } else {
            address = elsewhere(wanted);
        }
        RootBeanDefinition details =
                new RootBeanDefinition(DataRedisConnectionDetails.class, () -> RedisAddress.of(address.get()));
        details.setPrimary(true);
        beans.registerBeanDefinition("eventLogRedisConnectionDetails", details);
    }

    private static Supplier<URI> elsewhere(String wanted) {
        if (isNamed(RedisKind.REAL, wanted)) {
            return RealRedis::uri;
        }
        if (wanted.startsWith("redis://")) {
            return () -> URI.create(wanted);
        }
        throw new IllegalArgumentException(EventLogRedis.PROPERTY + "=" + wanted
                + ": the value must be in-memory, real, or the address of a server, such as redis://localhost:6379");
    }

    private static boolean isNamed(RedisKind kind, String wanted) {
        return kind.name().replace('_', '-').equalsIgnoreCase(wanted.replace('_', '-'));
    }
}
