package dev.eventlog.observability;

import dev.eventlog.autoconfigure.EventLogProperties;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.springframework.util.PatternMatchUtils;

/**
 * The values of the tag log: a log's is the first pattern that its name fits, so that there are no more of them than patterns,
 * and one.
 *
 * @param patterns the patterns
 */
record LogTags(List<String> patterns) {

    /** The tag of the logs that no pattern fits. */
    private static final String OTHER = "*";

    static LogTags of(EventLogProperties properties) {
        return new LogTags(properties.observability().logPatterns());
    }

    /** {@return all tags that there can be} */
    Set<String> all() {
        Set<String> tags = new LinkedHashSet<>(patterns);
        tags.add(OTHER);
        return tags;
    }

    /** {@return the tag of a log} */
    String of(String log) {
        for (String pattern : patterns) {
            if (PatternMatchUtils.simpleMatch(pattern, log)) {
                return pattern;
            }
        }
        return OTHER;
    }
}
