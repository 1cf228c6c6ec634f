package dev.eventlog.autoconfigure;

import dev.eventlog.EventLogFactory;
import dev.eventlog.EventLogObserver;
import dev.eventlog.EventPositions;
import dev.eventlog.EventUpcaster;
import dev.eventlog.UnreadableEventHandler;
import dev.eventlog.autoconfigure.EventLogProperties.Follow;
import dev.eventlog.autoconfigure.EventLogProperties.Recovery;
import dev.eventlog.core.RedisEventLogFactory;
import dev.eventlog.durable.Leadership;
import dev.eventlog.follow.FollowSettings;
import dev.eventlog.redis.Connections;
import dev.eventlog.redis.RedisEventPositions;
import java.util.concurrent.Executor;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.jackson.autoconfigure.JacksonAutoConfiguration;
import org.springframework.boot.thread.Threading;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;
import org.springframework.core.env.Environment;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.core.StringRedisTemplate;
import org.springframework.util.backoff.BackOff;
import org.springframework.util.backoff.ExponentialBackOff;
import tools.jackson.databind.json.JsonMapper;

/** Auto-configuration of an {@link EventLogFactory} on the application's Redis. */
@AutoConfiguration(after = {DataRedisAutoConfiguration.class, JacksonAutoConfiguration.class})
@ConditionalOnClass({StringRedisTemplate.class, JsonMapper.class})
@EnableConfigurationProperties(EventLogProperties.class)
public final class EventLogAutoConfiguration {

    /** The name of the application's own bean that runs listeners. */
    static final String EXECUTOR = "eventLogTaskExecutor";

    EventLogAutoConfiguration() {}

    /** The connections of the library. The factory closes them, because it uses them last. */
    @Bean(defaultCandidate = false, destroyMethod = "")
    @ConditionalOnMissingBean(EventLogFactory.class)
    @Conditional(OneRedis.class)
    Connections eventLogConnections(
            @Qualifier(OneRedis.FACTORY) ObjectProvider<RedisConnectionFactory> own,
            ObjectProvider<RedisConnectionFactory> redis,
            EventLogProperties properties) {
        RedisConnectionFactory chosen = own.getIfAvailable();
        return Connections.of(
                chosen != null ? chosen : redis.getObject(), properties.follow().pollTimeout());
    }

    @Bean
    @ConditionalOnMissingBean(EventLogFactory.class)
    @ConditionalOnBean(name = OneRedis.CONNECTIONS)
    RedisEventLogFactory eventLogFactory(
            @Qualifier(OneRedis.CONNECTIONS) Connections redis,
            ObjectProvider<JsonMapper> json,
            EventLogProperties properties,
            Environment environment,
            @Qualifier(EXECUTOR) ObjectProvider<Executor> executor,
            ObjectProvider<EventLogObserver> observers,
            EventPositions positions,
            ObjectProvider<Leadership> leadership,
            ObjectProvider<EventUpcaster> upcasters,
            ObjectProvider<UnreadableEventHandler> unreadable) {
        UnreadableEventHandler handler = unreadable.getIfAvailable();
        if (handler == null) {
            new PropertiesCheck(properties).checkHandler();
        }
        RedisEventLogFactory.Settings settings = new RedisEventLogFactory.Settings(
                properties.keyPrefix(),
                properties.options(),
                properties.read().pageSize(),
                followSettings(properties.follow()),
                properties.follow().maxThreads(),
                properties.keyPrefix() + properties.record().key(),
                properties.record().lease(),
                Threading.VIRTUAL.isActive(environment));
        return new RedisEventLogFactory(
                redis,
                new RedisEventLogFactory.Conversion(
                        json.getIfUnique(JsonMapper::new),
                        upcasters.orderedStream().toList(),
                        handler),
                settings,
                executor.getIfAvailable(),
                observers.orderedStream().toList(),
                positions,
                leadership.getIfAvailable());
    }

    @Bean
    @ConditionalOnMissingBean(EventPositions.class)
    @ConditionalOnBean(name = OneRedis.CONNECTIONS)
    RedisEventPositions eventPositions(
            @Qualifier(OneRedis.CONNECTIONS) Connections redis, EventLogProperties properties) {
        return new RedisEventPositions(
                redis, properties.keyPrefix() + properties.positions().key());
    }

    private static FollowSettings followSettings(Follow follow) {
        return new FollowSettings(
                follow.batchSize(),
                follow.pollTimeout(),
                follow.windowSize(),
                follow.closeTimeout(),
                backOff(follow.recovery()),
                follow.dedicatedConnections(),
                follow.sweepInterval(),
                follow.lease(),
                follow.concurrency(),
                follow.scanInterval());
    }

    static BackOff backOff(Recovery recovery) {
        ExponentialBackOff backOff = new ExponentialBackOff(recovery.delay().toMillis(), recovery.multiplier());
        backOff.setMaxInterval(recovery.maxDelay().toMillis());
        backOff.setJitter(recovery.jitter().toMillis());
        return backOff;
    }
}
