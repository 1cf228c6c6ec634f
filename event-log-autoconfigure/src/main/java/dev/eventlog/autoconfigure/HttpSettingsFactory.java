package dev.eventlog.autoconfigure;

import dev.eventlog.http.HttpSettings;
import dev.eventlog.sse.EventStreamAccess;
import java.util.Objects;
import org.springframework.beans.factory.ObjectProvider;

/** Makes the settings of logs on HTTP, which are those of both web stacks. */
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

    /** Without somebody who decides, every log would be for everybody. */
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
