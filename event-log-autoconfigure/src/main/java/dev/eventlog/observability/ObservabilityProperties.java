package dev.eventlog.observability;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.springframework.beans.factory.InitializingBean;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.util.PatternMatchUtils;

/**
 * Configuration of what event logs tell of themselves.
 *
 * @param logPatterns Patterns over log names, in which an asterisk stands for any text. The first that fits is the tag log of
 *     what is measured; it is an asterisk where none fits.
 * @param propagateTrace Whether an add stores its trace with each event, in one more field, for followers to go on with.
 * @param metrics Meters.
 * @param observations Observations.
 */
@ConfigurationProperties("eventlog.observability")
record ObservabilityProperties(
        @DefaultValue List<String> logPatterns,
        @DefaultValue("false") boolean propagateTrace,
        @DefaultValue Metrics metrics,
        @DefaultValue Observations observations)
        implements InitializingBean {

    /** The tag of the logs that no pattern fits. */
    private static final String OTHER = "*";

    /**
     * Meters.
     *
     * @param enabled Whether event logs are measured, where there is a meter registry.
     */
    record Metrics(@DefaultValue("true") boolean enabled) {}

    /**
     * Observations.
     *
     * @param enabled Whether adds and batches are observed, where there is an observation registry.
     */
    record Observations(@DefaultValue("true") boolean enabled) {}

    @Override
    public void afterPropertiesSet() {
        for (int i = 0; i < logPatterns.size(); i++) {
            if (logPatterns.get(i).isBlank()) {
                throw new InvalidConfigurationPropertyValueException(
                        "eventlog.observability.log-patterns[" + i + "]",
                        logPatterns.get(i),
                        "It must be a pattern over log names, for example sensors:*.");
            }
        }
    }

    /** {@return all tags that there can be} */
    Set<String> tags() {
        Set<String> tags = new LinkedHashSet<>(logPatterns);
        tags.add(OTHER);
        return tags;
    }

    /** {@return the tag of a log: there are no more of them than patterns, and one} */
    String tagOf(String log) {
        for (String pattern : logPatterns) {
            if (PatternMatchUtils.simpleMatch(pattern, log)) {
                return pattern;
            }
        }
        return OTHER;
    }
}
