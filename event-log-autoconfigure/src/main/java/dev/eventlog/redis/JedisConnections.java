package dev.eventlog.redis;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import org.apache.commons.pool2.impl.GenericObjectPoolConfig;
import org.springframework.aot.hint.ProxyHints;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.RedisSentinelConfiguration;
import org.springframework.data.redis.connection.RedisStandaloneConfiguration;
import org.springframework.data.redis.connection.jedis.JedisClientConfiguration;
import org.springframework.data.redis.connection.jedis.JedisClientConfiguration.JedisClientConfigurationBuilder;
import org.springframework.data.redis.connection.jedis.JedisConnectionFactory;
import org.springframework.data.redis.core.StringRedisTemplate;
import org.springframework.util.ReflectionUtils;
import redis.clients.jedis.Jedis;

/**
 * Connections from two copies of the application's Jedis factory. One has a pool like the application's pool, for commands; Jedis
 * never repeats a command by itself. The other one has no pool, for feeds.
 */
final class JedisConnections implements Connections {

    /** How long to wait for a pooled connection if the application waits for answers without a limit. */
    private static final Duration LONGEST_WITHOUT_LIMIT = Duration.ofMinutes(1);

    private final RenewedFactory<JedisConnectionFactory> commands;
    private final StringRedisTemplate template;
    private final Line line;
    private final JedisConnectionFactory feeds;

    private JedisConnections(RenewedFactory<JedisConnectionFactory> commands, JedisConnectionFactory feeds) {
        this.commands = commands;
        this.template = new StringRedisTemplate(commands);
        this.line = Drivers.line(template, ApplicationConnections::send);
        this.feeds = feeds;
    }

    static boolean fit(RedisConnectionFactory application) {
        return application instanceof JedisConnectionFactory;
    }

    static Connections of(RedisConnectionFactory application, Duration pollTimeout) {
        JedisConnectionFactory original = (JedisConnectionFactory) application;
        if (original.isRedisClusterAware()) {
            return new JedisClusterConnections(original, pollTimeout);
        }
        JedisClientConfigurationBuilder client = client(original.getClientConfiguration(), pollTimeout);
        JedisConnectionFactory copy;
        if (original.getSentinelConfiguration() != null) {
            GenericObjectPoolConfig<Jedis> noLimit = new GenericObjectPoolConfig<>();
            noLimit.setMaxTotal(-1);
            JedisClientConfiguration pooled =
                    client.usePooling().poolConfig(noLimit).build(); // Jedis asks the sentinels only through a pool
            copy = new SingleFactory(original.getSentinelConfiguration(), pooled);
        } else if (original.getStandaloneConfiguration() != null) {
            copy = new SingleFactory(original.getStandaloneConfiguration(), client.build());
        } else {
            return new ApplicationConnections(application, ApplicationConnections::send);
        }
        return new JedisConnections(new RenewedFactory<>(() -> started(forCommands(original))), started(copy));
    }

    /** {@return a factory of connections to one server, which has nothing to close} */
    static JedisConnectionFactory single(RedisStandaloneConfiguration server, JedisClientConfiguration client) {
        return started(new SingleFactory(server, client));
    }

    private static JedisConnectionFactory forCommands(JedisConnectionFactory original) {
        JedisClientConfiguration client = patient(original.getClientConfiguration());
        RedisSentinelConfiguration sentinel = original.getSentinelConfiguration();
        return sentinel != null
                ? new SingleFactory(sentinel, client)
                : new SingleFactory(Objects.requireNonNull(original.getStandaloneConfiguration()), client);
    }

    private static JedisConnectionFactory started(JedisConnectionFactory copy) {
        copy.afterPropertiesSet();
        copy.start();
        return copy;
    }

    @SuppressWarnings("deprecation") // the new names for customize and getCustomizer came with Spring Data Redis 4.1
    static JedisClientConfigurationBuilder client(JedisClientConfiguration original, Duration pollTimeout) {
        Duration patience = Drivers.patience(original.getReadTimeout(), pollTimeout);
        JedisClientConfigurationBuilder builder = JedisClientConfiguration.builder()
                .connectTimeout(original.getConnectTimeout())
                .readTimeout(patience)
                .customize(config -> {
                    original.getCustomizer().ifPresent(customizer -> customizer.customize(config));
                    config.blockingSocketTimeoutMillis(Math.toIntExact(patience.toMillis()));
                });
        original.getClientName().ifPresent(builder::clientName);
        if (original.isUseSsl()) {
            var ssl = builder.useSsl();
            original.getSslSocketFactory().ifPresent(ssl::sslSocketFactory);
            original.getSslParameters().ifPresent(ssl::sslParameters);
            original.getHostnameVerifier().ifPresent(ssl::hostnameVerifier);
        }
        return builder;
    }

    @Override
    public StringRedisTemplate commands() {
        return template;
    }

    @Override
    public Line line() {
        return line;
    }

    @Override
    public boolean pipelines() {
        return false;
    }

    @Override
    public void wrongServer(long begun) {
        commands.renew(begun);
    }

    @Override
    public FeedConnection open(String key) {
        if (!feeds.isRunning()) {
            feeds.start();
        }
        RedisConnection connection = feeds.getConnection();
        Jedis jedis = (Jedis) connection.getNativeConnection();
        return new FeedConnection(
                commands -> ApplicationConnections.send(connection, commands), connection::close, () -> cut(jedis));
    }

    /**
     * Does not call {@code disconnect()}, which first sends what the reader may just be writing, and throws if the server is
     * gone.
     */
    static void cut(Jedis jedis) {
        try {
            jedis.getConnection().forceDisconnect();
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    @Override
    public void stop() {
        feeds.stop();
        commands.stop();
    }

    @Override
    public void close() {
        feeds.destroy();
        commands.destroy();
    }

    /**
     * Returns the application's client configuration, but always with a pool, and with a wait for a pooled connection that is
     * limited to the wait for an answer. Without a limit, threads that wait while Redis goes away would wait forever, because
     * the pool gives later connections to other threads. A proxy, because the methods differ between versions of Spring Data.
     */
    private static JedisClientConfiguration patient(JedisClientConfiguration original) {
        return (JedisClientConfiguration) Proxy.newProxyInstance(
                JedisConnections.class.getClassLoader(),
                new Class<?>[] {JedisClientConfiguration.class},
                (proxy, method, arguments) -> {
                    if (method.getName().equals("isUsePooling")) {
                        return true;
                    }
                    if (method.getName().equals("getPoolConfig")) {
                        GenericObjectPoolConfig<?> pool =
                                original.getPoolConfig().orElseGet(GenericObjectPoolConfig::new);
                        return Optional.of(patient(pool, original.getReadTimeout()));
                    }
                    return ReflectionUtils.invokeMethod(method, original, arguments);
                });
    }

    /** A native image needs hints for proxies. */
    static void registerHints(ProxyHints hints) {
        hints.registerJdkProxy(JedisClientConfiguration.class);
    }

    private static GenericObjectPoolConfig<?> patient(GenericObjectPoolConfig<?> original, Duration longest) {
        GenericObjectPoolConfig<?> pool = original.clone();
        if (pool.getMaxWaitDuration().isNegative()) {
            pool.setMaxWait(longest.isZero() ? LONGEST_WITHOUT_LIMIT : longest);
        }
        return pool;
    }

    /**
     * Gives each caller a single connection. Later versions of Spring Data would give the caller a connection that borrows another
     * one from a pool for each command. Nobody could cut that one off from a blocking read, and a caller would wait for the pool
     * where {@link RenewedFactory} does not see it.
     */
    private static final class SingleFactory extends JedisConnectionFactory {

        SingleFactory(RedisSentinelConfiguration sentinel, JedisClientConfiguration client) {
            super(sentinel, client);
        }

        SingleFactory(RedisStandaloneConfiguration server, JedisClientConfiguration client) {
            super(server, client);
        }

        @SuppressWarnings(
                "MissingOverride") // Spring Data Redis 4.0 has no such method, and nothing but single connections
        public boolean isUseUnifiedJedis() {
            return false;
        }
    }
}
