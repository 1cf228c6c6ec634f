package dev.eventlog.autoconfigure;

import dev.eventlog.durable.Leadership;
import dev.eventlog.redis.Connections;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.thread.Threading;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.integration.redis.util.RedisLockRegistry;
import org.springframework.integration.support.leader.LockRegistryLeaderInitiator;
import org.springframework.integration.support.locks.LockRegistry;

/**
 * Auto-configuration that lets one follower of a name run at a time, with the locks of Spring Integration. The locks
 * come from a bean named {@code eventLogLockRegistry}, by default one on the Redis of the application.
 */
@AutoConfiguration(before = EventLogAutoConfiguration.class, after = DataRedisAutoConfiguration.class)
@ConditionalOnClass(LockRegistryLeaderInitiator.class)
@EnableConfigurationProperties(EventLogProperties.class)
public final class NamedFollowerAutoConfiguration {

    /** The name of the bean with the locks. */
    static final String LOCKS = "eventLogLockRegistry";

    NamedFollowerAutoConfiguration() {}

    @Bean
    @ConditionalOnBean(name = LOCKS)
    @ConditionalOnMissingBean
    Leadership eventLogLeadership(
            @Qualifier(LOCKS) LockRegistry<?> locks, EventLogProperties properties, Environment environment) {
        return new Leadership(locks, properties.follow().lease(), Threading.VIRTUAL.isActive(environment));
    }

    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass({RedisLockRegistry.class, RedisConnectionFactory.class})
    static class RedisLocks {

        @Bean(defaultCandidate = false)
        @ConditionalOnMissingBean(name = LOCKS)
        @Conditional(OneRedis.class)
        RedisLockRegistry eventLogLockRegistry(
                @Qualifier(OneRedis.CONNECTIONS) Connections redis, EventLogProperties properties) {
            RedisLockRegistry locks = new RedisLockRegistry(
                    redis.commands().getRequiredConnectionFactory(),
                    properties.keyPrefix() + "eventlog:lock",
                    properties.follow().lease());
            locks.setIdleBetweenTries(properties.follow().lease().dividedBy(10));
            return locks;
        }
    }
}
