package dev.eventlog.redis;

import org.springframework.data.redis.connection.RedisConnectionFactory;

/**
 * The application's connection factory uses Lettuce, but cannot be copied because another object wraps it. The whole application
 * shares its connection, so everything would wait while a feed blocks, and the connection may send an add twice.
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
