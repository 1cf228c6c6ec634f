package dev.eventlog.redis;

import org.springframework.data.redis.connection.RedisConnectionFactory;

/**
 * The application's connection factory makes connections of Lettuce and cannot be copied, as something stands before it. Its own
 * connection is shared by all of the application, which would wait whenever a feed blocks, and it may send an add twice.
 */
final class HiddenFactoryException extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    HiddenFactoryException(RedisConnectionFactory before) {
        super("the LettuceConnectionFactory of the application is hidden behind an object of "
                + before.getClass().getName()
                + ", so the event logs cannot open connections of their own. Declare a bean"
                + " of type LettuceConnectionFactory with the name eventLogConnectionFactory. Nothing was sent.");
    }
}
