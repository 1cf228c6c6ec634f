package dev.eventlog.annotation;

import dev.eventlog.EventLogOptions;
import dev.eventlog.Tail;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * An annotation with all its attributes resolved.
 *
 * @param id the id of the listener
 * @param method the method that gets the events
 * @param logs the names of the logs, at least one
 * @param from where to start
 * @param options changes the options of the logs
 * @param name the name for stored positions; null for none
 * @param autoStartup whether to start with the application; null if the annotation does not set it
 * @param policy the policy for exceptions of the method
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
