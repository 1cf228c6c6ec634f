package dev.eventlog.test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class TestRedisTests {

    @Test
    void invalidValueIsRefusedWithTheAllowedOnes() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> TestRedis.choose("docker"))
                .withMessage("eventlog.test.redis=docker: must be auto, embedded, testcontainers or a redis:// url");
    }

    @Test
    void urlWithoutAServerFails() {
        String url = "redis://user:secret@127.0.0.1:" + EmbeddedRedis.freePort();
        assertThatExceptionOfType(UncheckedIOException.class)
                .isThrownBy(() -> TestRedis.choose(url))
                .withMessageContaining(url.substring(url.indexOf('@') + 1))
                .withMessageNotContaining("secret");
    }

    @Test
    @Timeout(1)
    void missingDockerIsDetectedAtOnce(@TempDir Path root) {
        assertThat(TestRedis.docker(Map.of(), root)).isNull();
        assertThat(TestRedis.docker(Map.of("DOCKER_HOST", "tcp://127.0.0.1:" + EmbeddedRedis.freePort()), root))
                .isNull();
        assertThat(TestRedis.docker(Map.of("DOCKER_HOST", "unix:///no/such.sock"), root))
                .isNull();
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void dockerIsDetectedByAnOpenSocket(@TempDir Path root) throws Exception {
        Path socket = root.resolve("docker.sock");
        Map<String, String> environment = Map.of("XDG_RUNTIME_DIR", root.toString());
        try (ServerSocketChannel engine = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            engine.bind(UnixDomainSocketAddress.of(socket));
            assertThat(TestRedis.docker(environment, root)).isEqualTo("unix://" + socket);
        }
        assertThat(Files.exists(socket)).isTrue();
        assertThat(TestRedis.docker(environment, root))
                .as("a socket file without a process")
                .isNull();
    }

    @Test
    void embeddedRedisRestartsWithOrWithoutItsData() {
        try (EmbeddedRedis redis = EmbeddedRedis.onDisk()) {
            assertThat(RedisProbe.answers(redis.uri())).isTrue();
            redis.kill();
            assertThat(RedisProbe.answers(redis.uri())).isFalse();
            redis.start();
            assertThat(RedisProbe.answers(redis.uri())).isTrue();
            redis.kill();
            redis.deleteData();
            redis.start();
            assertThat(RedisProbe.answers(redis.uri())).isTrue();
        }
    }

    @Test
    void embeddedRedisRefusesAPortInUse() {
        try (EmbeddedRedis redis = EmbeddedRedis.inMemory()) {
            assertThatIllegalStateException()
                    .isThrownBy(() -> EmbeddedRedis.start(redis.port(), null, "--save", "", "--appendonly", "no"))
                    .withMessageContaining("at its port");
            assertThat(RedisProbe.answers(redis.uri()))
                    .as("the other server still answers")
                    .isTrue();
        }
    }

    @Test
    void redisOfTheTestsAnswers() {
        assertThat(TestRedis.get()).isSameAs(TestRedis.get());
        assertThat(RedisProbe.answers(TestRedis.get().uri())).isTrue();
        assertThat(TestRedis.get().isAtLeast(5)).isTrue();
        assertThat(TestRedis.get().toString()).contains(" (redis://");
    }
}
