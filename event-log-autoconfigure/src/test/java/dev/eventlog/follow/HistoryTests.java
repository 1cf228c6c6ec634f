package dev.eventlog.follow;

import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.follow.History.Finding;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.logging.LogLevel;
import org.springframework.boot.logging.LoggingSystem;

/**
 * Compares thousands of generated histories with the fate of each event. The system properties {@code
 * eventlog.test.histories} and {@code eventlog.test.seed} set their number and the first seed. A failed history is
 * shortened until each step is necessary, and is then printed.
 */
class HistoryTests {

    private static final int STEPS = 60;

    @ParameterizedTest(name = "Redis counts: {0}")
    @ValueSource(booleans = {true, false})
    void everyHoleIsReportedAndNoNumberIsWrong(boolean counts) {
        LoggingSystem.get(getClass().getClassLoader()).setLogLevel("dev.eventlog", LogLevel.OFF);
        int histories = Integer.getInteger("eventlog.test.histories", 1_000);
        long first = Long.getLong("eventlog.test.seed", 1);
        long indistinguishable = 0;
        long begin = System.nanoTime();
        for (long seed = first; seed < first + histories; seed++) {
            History[] done = new History[1];
            Finding finding = History.run(seed, counts, STEPS, step -> true, done);
            indistinguishable += done[0].indistinguishable;
            assertThat(finding)
                    .withFailMessage(finding == null ? "" : shrunk(seed, counts), (Object[]) null)
                    .isNull();
        }
        long millis = Math.max(1, Duration.ofNanos(System.nanoTime() - begin).toMillis());
        System.out.println(histories + " histories from seed " + first + " in " + millis + " ms, "
                + histories * 1_000L / millis + " a second; " + indistinguishable
                + " times another log could not be told from a trimmed one");
    }

    private static String shrunk(long seed, boolean counts) {
        Set<Integer> left = new HashSet<>();
        History[] done = new History[1];
        boolean smaller = true;
        while (smaller) {
            smaller = false;
            for (int step = 0; step < STEPS; step++) {
                if (left.add(step)) {
                    if (History.run(seed, counts, STEPS, each -> !left.contains(each), done) != null) {
                        smaller = true;
                    } else {
                        left.remove(step);
                    }
                }
            }
        }
        Finding finding = History.run(seed, counts, STEPS, each -> !left.contains(each), done);
        return "Seed " + seed + ", " + (STEPS - left.size()) + " steps are needed: " + finding + "\n" + done[0]
                + "\n"
                + (finding == null || finding.getCause() == null
                        ? ""
                        : java.util.Arrays.toString(finding.getCause().getStackTrace())
                                .replace(",", "\n"));
    }
}
