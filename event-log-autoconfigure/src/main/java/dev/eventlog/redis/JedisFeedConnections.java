package dev.eventlog.redis;

import java.time.Duration;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.jedis.JedisClientConfiguration;
import org.springframework.data.redis.connection.jedis.JedisClientConfiguration.JedisClientConfigurationBuilder;
import org.springframework.data.redis.connection.jedis.JedisConnectionFactory;

/** Feed connections by a copy of the application's Jedis factory, without its pool. */
final class JedisFeedConnections implements FeedConnections {

    private final JedisConnectionFactory factory;

    private JedisFeedConnections(JedisConnectionFactory factory) {
        this.factory = factory;
    }

    static boolean fit(RedisConnectionFactory application) {
        return application instanceof JedisConnectionFactory;
    }

    static FeedConnections of(RedisConnectionFactory application, Duration pollTimeout) {
        JedisConnectionFactory original = (JedisConnectionFactory) application;
        if (original.isRedisClusterAware()) {
            // Jedis keeps the connections of a cluster in pools of its own, one a node
            return new ApplicationConnections(application);
        }
        JedisClientConfiguration client = client(original.getClientConfiguration(), pollTimeout);
        JedisConnectionFactory copy;
        if (original.getSentinelConfiguration() != null) {
            copy = new JedisConnectionFactory(original.getSentinelConfiguration(), client);
        } else if (original.getStandaloneConfiguration() != null) {
            copy = new JedisConnectionFactory(original.getStandaloneConfiguration(), client);
        } else {
            return new ApplicationConnections(application);
        }
        copy.afterPropertiesSet();
        copy.start();
        return new JedisFeedConnections(copy);
    }

    private static JedisClientConfiguration client(JedisClientConfiguration original, Duration pollTimeout) {
        Duration patience = FeedConnections.patience(original.getReadTimeout(), pollTimeout);
        JedisClientConfigurationBuilder builder = JedisClientConfiguration.builder()
                .connectTimeout(original.getConnectTimeout())
                .readTimeout(patience)
                .customizeClientConfig(config -> {
                    original.getClientConfigCustomizer().ifPresent(customizer -> customizer.customize(config));
                    config.blockingSocketTimeoutMillis(Math.toIntExact(patience.toMillis()));
                });
        original.getClientCustomizer().ifPresent(builder::customizeClient);
        original.getClientName().ifPresent(builder::clientName);
        if (original.isUseSsl()) {
            var ssl = builder.useSsl();
            original.getSslSocketFactory().ifPresent(ssl::sslSocketFactory);
            original.getSslParameters().ifPresent(ssl::sslParameters);
            original.getHostnameVerifier().ifPresent(ssl::hostnameVerifier);
        }
        return builder.build();
    }

    @Override
    public FeedConnection open() {
        RedisConnection connection = factory.getConnection();
        return new FeedConnection(connection, connection::close);
    }

    @Override
    public void close() {
        factory.destroy();
    }
}
