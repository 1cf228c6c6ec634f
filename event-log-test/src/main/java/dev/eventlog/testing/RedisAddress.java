package dev.eventlog.testing;

import java.net.URI;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.data.redis.autoconfigure.DataRedisConnectionDetails;

/** A server at a {@code redis://} address, with the user, password, and database of the address, if it has them. */
record RedisAddress(@Nullable String username, @Nullable String password, DataRedisConnectionDetails.Standalone server)
        implements DataRedisConnectionDetails {

    static RedisAddress of(URI uri) {
        @Nullable String userInfo = uri.getUserInfo();
        String[] login = userInfo == null ? new String[0] : userInfo.split(":", 2);
        @Nullable String path = uri.getPath();
        int database = path == null || path.length() < 2 ? 0 : Integer.parseInt(path.substring(1));
        return new RedisAddress(
                login.length == 2 && !login[0].isEmpty() ? login[0] : null,
                login.length == 2 ? login[1] : null,
                DataRedisConnectionDetails.Standalone.of(
                        uri.getHost(), uri.getPort() == -1 ? 6379 : uri.getPort(), database));
    }

    @Override
    public @Nullable String getUsername() {
        return username;
    }

    @Override
    public @Nullable String getPassword() {
        return password;
    }

    @Override
    public Standalone getStandalone() {
        return server;
    }
}
