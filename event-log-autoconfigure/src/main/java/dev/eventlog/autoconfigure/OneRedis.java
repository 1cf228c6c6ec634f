package dev.eventlog.autoconfigure;

import org.springframework.boot.autoconfigure.condition.AnyNestedCondition;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnSingleCandidate;
import org.springframework.data.redis.connection.RedisConnectionFactory;

/** It is clear on which Redis the logs are: one is named for them, or there is one, or a primary one. */
final class OneRedis extends AnyNestedCondition {

    /** The name of the connection factory of the logs, where it is not that of the rest of the application. */
    static final String FACTORY = "eventLogConnectionFactory";

    /** The name of the connections of all that the library does. */
    static final String CONNECTIONS = "eventLogConnections";

    OneRedis() {
        super(ConfigurationPhase.REGISTER_BEAN);
    }

    @ConditionalOnBean(name = FACTORY, value = RedisConnectionFactory.class)
    static final class Named {}

    @ConditionalOnSingleCandidate(RedisConnectionFactory.class)
    static final class Single {}
}
