package dev.eventlog.test;

import java.net.URI;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.data.redis.autoconfigure.DataRedisConnectionDetails;
import org.springframework.boot.testcontainers.service.connection.ServiceConnection;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.ImportSelector;
import org.springframework.core.type.AnnotationMetadata;

/** Import this class to connect an application to the {@link TestRedis}. */
@Configuration(proxyBeanMethods = false)
@Import(TestRedisConnection.Selector.class)
public class TestRedisConnection {

    static final class Selector implements ImportSelector {

        @Override
        public String[] selectImports(AnnotationMetadata importing) {
            Class<?> configuration = TestRedis.get().container() != null ? ToContainer.class : ToServer.class;
            return new String[] {configuration.getName()};
        }
    }
}

class ToContainer {

    @Bean
    @ServiceConnection("redis")
    TestRedis.Container redisContainer() {
        return Objects.requireNonNull(TestRedis.get().container());
    }
}

class ToServer {

    @Bean
    DataRedisConnectionDetails redisConnectionDetails() {
        return new Details(TestRedis.get().uri());
    }

    private record Details(URI uri) implements DataRedisConnectionDetails {

        @Override
        public @Nullable String getUsername() {
            String[] user = user();
            return user.length == 2 && !user[0].isEmpty() ? user[0] : null;
        }

        @Override
        public @Nullable String getPassword() {
            String[] user = user();
            return user.length == 2 ? user[1] : null;
        }

        @Override
        public Standalone getStandalone() {
            String path = uri.getPath();
            int database = path == null || path.length() < 2 ? 0 : Integer.parseInt(path.substring(1));
            return Standalone.of(uri.getHost(), RedisProbe.port(uri), database);
        }

        private String[] user() {
            String userInfo = uri.getUserInfo();
            return userInfo == null ? new String[0] : userInfo.split(":", 2);
        }
    }
}
