package dev.eventlog.autoconfigure;

import org.springframework.boot.autoconfigure.condition.AnyNestedCondition;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnSingleCandidate;
import org.springframework.data.redis.connection.RedisConnectionFactory;

/**
 * Matches if the Redis of the logs is unambiguous: a connection factory has the name for logs, or there is only one, or
 * one is primary.
 */
final class OneRedis extends AnyNestedCondition {

    /** The name of the connection factory of the logs, if the rest of the application uses another one. */
    static final String FACTORY = "eventLogConnectionFactory";

    /** The name of the bean with all connections of the library. */
    static final String CONNECTIONS = "eventLogConnections";

    OneRedis() {
        super(ConfigurationPhase.REGISTER_BEAN);
    }

    @ConditionalOnBean(name = FACTORY, value = RedisConnectionFactory.class)
    static final class Named {}

    @ConditionalOnSingleCandidate(RedisConnectionFactory.class)
    static final class Single {}
}
