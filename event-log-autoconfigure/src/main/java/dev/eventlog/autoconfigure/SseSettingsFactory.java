package dev.eventlog.autoconfigure;

import dev.eventlog.sse.SseSettings;
import org.springframework.boot.thread.Threading;
import org.springframework.core.env.Environment;

/** Creates the settings of streams, for both web stacks. */
final class SseSettingsFactory {

    private SseSettingsFactory() {}

    static SseSettings settings(EventLogProperties properties, Environment environment) {
        EventLogProperties.Sse sse = properties.sse();
        return new SseSettings(
                sse.heartbeat(),
                sse.reconnectDelay(),
                sse.writeTimeout(),
                sse.accessInterval(),
                EventLogAutoConfiguration.backOff(properties.follow().recovery()),
                Threading.VIRTUAL.isActive(environment));
    }
}
