package dev.eventlog.observability;

import dev.eventlog.autoconfigure.EventLogProperties;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.springframework.util.PatternMatchUtils;

/**
 * The values of the tag {@code log}: the first pattern that matches the name of a log, or an asterisk. So there is at
 * most one more value than there are patterns.
 *
 * @param patterns the patterns
 */
record LogTags(List<String> patterns) {

    /** The value for logs that match no pattern. */
    private static final String OTHER = "*";

    static LogTags of(EventLogProperties properties) {
        return new LogTags(properties.observability().logPatterns());
    }

    /** {@return all possible values} */
    Set<String> all() {
        Set<String> tags = new LinkedHashSet<>(patterns);
        tags.add(OTHER);
        return tags;
    }

    /** {@return the value for a log} */
    String of(String log) {
        for (String pattern : patterns) {
            if (PatternMatchUtils.simpleMatch(pattern, log)) {
                return pattern;
            }
        }
        return OTHER;
    }
}
