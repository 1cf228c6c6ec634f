package dev.eventlog.redis;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.ReadFrom;
import io.lettuce.core.SslVerifyMode;
import io.lettuce.core.resource.ClientResources;
import java.time.Duration;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.springframework.data.redis.connection.lettuce.LettuceClientConfiguration;
import org.springframework.data.redis.connection.lettuce.RedisCredentialsProviderFactory;

/** The application's client configuration, with the necessary changes. */
record LettuceClientCopy(
        LettuceClientConfiguration original, Duration commandTimeout, UnaryOperator<ClientOptions> otherwise)
        implements LettuceClientConfiguration {

    @Override
    public Duration getCommandTimeout() {
        return commandTimeout;
    }

    @Override
    public Optional<ClientOptions> getClientOptions() {
        return original.getClientOptions()
                .or(() -> Optional.of(ClientOptions.create()))
                .map(otherwise);
    }

    @Override
    public Optional<ReadFrom> getReadFrom() {
        return Optional.empty();
    }

    @Override
    public boolean isUseSsl() {
        return original.isUseSsl();
    }

    @Override
    @Deprecated
    public boolean isVerifyPeer() {
        return original.isVerifyPeer();
    }

    @Override
    public SslVerifyMode getVerifyMode() {
        return original.getVerifyMode();
    }

    @Override
    public boolean isStartTls() {
        return original.isStartTls();
    }

    @Override
    public Optional<ClientResources> getClientResources() {
        return original.getClientResources();
    }

    @Override
    public Optional<String> getClientName() {
        return original.getClientName();
    }

    @Override
    public Optional<RedisCredentialsProviderFactory> getRedisCredentialsProviderFactory() {
        return original.getRedisCredentialsProviderFactory();
    }

    @Override
    public Duration getShutdownTimeout() {
        return original.getShutdownTimeout();
    }

    @Override
    public Duration getShutdownQuietPeriod() {
        return original.getShutdownQuietPeriod();
    }
}
