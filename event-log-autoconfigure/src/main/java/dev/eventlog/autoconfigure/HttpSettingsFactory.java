package dev.eventlog.autoconfigure;

import dev.eventlog.http.HttpSettings;
import dev.eventlog.sse.EventStreamAccess;
import java.util.Objects;
import org.springframework.beans.factory.ObjectProvider;

/** Creates the settings of logs over HTTP, for both web stacks. */
final class HttpSettingsFactory {

    private HttpSettingsFactory() {}

    static HttpSettings settings(EventLogProperties properties) {
        EventLogProperties.Http http = properties.http();
        return new HttpSettings(
                path(properties),
                http.writable(),
                http.longPollTimeout(),
                http.sseLifetime(),
                http.maxBodySize().toBytes(),
                properties.read().pageSize(),
                properties.follow().batchSize());
    }

    /** Returns the bean that decides about access. Without it, every client could access every log. */
    static EventStreamAccess required(ObjectProvider<EventStreamAccess> access, EventLogProperties properties) {
        EventStreamAccess found = access.getIfUnique();
        if (found == null) {
            throw new NoAccessException(path(properties));
        }
        return found;
    }

    private static String path(EventLogProperties properties) {
        return Objects.requireNonNull(properties.http().path());
    }
}
