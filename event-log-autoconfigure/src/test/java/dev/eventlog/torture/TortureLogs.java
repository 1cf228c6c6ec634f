package dev.eventlog.torture;

import dev.eventlog.Completion;
import dev.eventlog.Event;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogFactory;
import dev.eventlog.EventLogOptions;
import dev.eventlog.test.TestApplication;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.springframework.context.ConfigurableApplicationContext;

/** The logs of a torture run, their contents, and the settings of the applications that use them. */
final class TortureLogs {

    /**
     * A log and its writers.
     *
     * @param pause the longest usual pause of a writer between two adds, in milliseconds
     */
    record Written(String name, Consumer<EventLogOptions.Builder> options, int pause, int writers) {}

    /** The lease of a named follower, in milliseconds. */
    static final int LEASE = 1_000;

    static final List<Written> ALL = List.of(
            new Written("plain", options -> {}, 30, 2),
            new Written("short", options -> options.maxLength(100), 20, 3),
            new Written("expiring", options -> options.ttlAfterLastAdd(Duration.ofMillis(600)), 400, 1),
            new Written("both", options -> options.maxLength(30).ttlAfterLastAdd(Duration.ofSeconds(2)), 60, 2),
            new Written("ending", options -> {}, 40, 2));

    /** The index of the log that is completed and deleted repeatedly. */
    static final int ENDING = 4;

    /** The number of an end without a reason. */
    static final long DONE = -2;

    /** The number of an end whose cause the reader does not know. */
    static final long UNKNOWN_END = -3;

    /** The settings of each application. Windows and pages are small, so that readers often reach their ends. */
    private static final List<List<String>> APPLICATIONS = List.of(
            List.of(
                    "eventlog.follow.batch-size=20",
                    "eventlog.follow.window-size=50",
                    "eventlog.follow.poll-timeout=300ms"),
            List.of("eventlog.follow.poll-timeout=1s"),
            List.of(
                    "eventlog.follow.batch-size=7",
                    "eventlog.follow.window-size=10",
                    "eventlog.follow.poll-timeout=50ms",
                    "eventlog.read.page-size=10"));

    static final int NUMBER_OF_APPLICATIONS = APPLICATIONS.size();

    private TortureLogs() {}

    /**
     * Returns the settings of an application.
     *
     * @param application the number of the application; further applications repeat the settings of the first ones
     * @param more more settings, each as {@code name=value}
     */
    static String[] settings(int application, List<String> more) {
        List<String> all = List.of(
                "spring.data.redis.timeout=500ms",
                "spring.data.redis.connect-timeout=500ms",
                "eventlog.follow.recovery.delay=50ms",
                "eventlog.follow.recovery.max-delay=500ms",
                "eventlog.follow.lease=" + LEASE + "ms",
                "logging.level.root=OFF");
        return Stream.of(all, APPLICATIONS.get(application % NUMBER_OF_APPLICATIONS), more)
                .flatMap(List::stream)
                .toArray(String[]::new);
    }

    /** {@return the logs of an application, in the order of {@link #ALL}} */
    static List<EventLog> of(ConfigurableApplicationContext application) {
        EventLogFactory factory = TestApplication.factory(application);
        return ALL.stream()
                .map(log -> factory.create(log.name(), log.options()))
                .toList();
    }

    /** {@return the max-length of each log that has one} */
    static Map<String, Long> maxLengths() {
        Map<String, Long> maxLengths = new TreeMap<>();
        for (Written log : ALL) {
            EventLogOptions.Builder builder = EventLogOptions.builder();
            log.options().accept(builder);
            EventLogOptions options = builder.build();
            if (options.hasMaxLength()) {
                maxLengths.put(log.name(), options.maxLength());
            }
        }
        return maxLengths;
    }

    /** {@return the event with a number} */
    static Map<String, String> event(long number) {
        return Map.of("n", Long.toString(number), "text", Long.toHexString(number * 0x9E3779B97F4A7C15L));
    }

    /** {@return the number of an end, which is its reason if it has one} */
    static long number(Completion end) {
        String reason = end.reason();
        return reason != null ? Long.parseLong(reason) : end.kind() == Completion.Kind.UNKNOWN ? UNKNOWN_END : DONE;
    }

    /** {@return the number of an event; -1 if it has none} */
    static long number(Event event) {
        return Long.parseLong(event.fields().getOrDefault("n", "-1"));
    }
}
