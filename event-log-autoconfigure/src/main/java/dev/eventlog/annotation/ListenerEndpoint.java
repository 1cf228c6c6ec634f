package dev.eventlog.annotation;

import dev.eventlog.EventLogOptions;
import dev.eventlog.Tail;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * An annotation with everything in it resolved.
 *
 * @param id of the listener
 * @param method takes the events
 * @param logs the names of the logs, at least one
 * @param from where to begin
 * @param options changes the options of the logs
 * @param name by which to keep positions; null for none
 * @param autoStartup whether to start with the application; null if the annotation does not say
 * @param policy what to do when the method throws
 */
record ListenerEndpoint(
        String id,
        ListenerMethod method,
        Set<String> logs,
        Tail from,
        Consumer<EventLogOptions.Builder> options,
        @Nullable String name,
        @Nullable Boolean autoStartup,
        EventLogErrorPolicy policy) {}
