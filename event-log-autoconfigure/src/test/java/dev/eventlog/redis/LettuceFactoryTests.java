package dev.eventlog.redis;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.eventlog.redis.LettuceFactory.PatientProvider;
import io.lettuce.core.RedisConnectionException;
import io.lettuce.core.api.StatefulConnection;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionProvider;

class LettuceFactoryTests {

    @Test
    void connectionThatNeverComesIsGivenUp() {
        PatientProvider provider = new PatientProvider(new Never(), Duration.ofMillis(50));
        assertThatExceptionOfType(RedisConnectionException.class)
                .isThrownBy(() -> provider.getConnection(StatefulConnection.class))
                .withMessageContaining("Unable to connect within 50 ms")
                .matches(failure -> RedisFailures.isKnownToHaveDoneNothing(failure));
    }

    /** As Lettuce is where a sentinel closes the connection at the wrong moment. */
    private static final class Never implements LettuceConnectionProvider {

        @Override
        public <T extends StatefulConnection<?, ?>> CompletionStage<T> getConnectionAsync(Class<T> type) {
            return new CompletableFuture<>();
        }
    }
}
