package dev.eventlog.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.eventlog.redis.LettuceFactory.PatientProvider;
import io.lettuce.core.api.StatefulConnection;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionProvider;
import org.springframework.util.ClassUtils;

/** This class is also loaded without Lettuce, so none of its methods may use a class of Lettuce. */
class LettuceFactoryTests {

    @Test
    void connectionThatIsNeverEstablishedTimesOut() {
        assumeTrue(ClassUtils.isPresent("io.lettuce.core.RedisClient", null), "it is about Lettuce");
        PatientProvider provider =
                new PatientProvider(new Never(), Duration.ofMillis(50), new LettuceLastAnswers(() -> {}));
        assertThatThrownBy(() -> provider.getConnection(StatefulConnection.class))
                .hasMessageContaining("Unable to connect within 50 ms")
                .satisfies(failure -> assertThat(RedisFailures.isKnownToHaveDoneNothing(failure))
                        .isTrue());
    }

    /** Behaves like Lettuce if a sentinel closes the connection at the wrong moment. */
    private static final class Never implements LettuceConnectionProvider {

        @Override
        public <T extends StatefulConnection<?, ?>> CompletionStage<T> getConnectionAsync(Class<T> type) {
            return new CompletableFuture<>();
        }
    }
}
