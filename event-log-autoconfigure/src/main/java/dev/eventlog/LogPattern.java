package dev.eventlog;

import java.nio.charset.StandardCharsets;

/**
 * A pattern over log names, such as {@code orders:*}. An asterisk stands for any text, and every other character for
 * itself, as in {@code eventlog.overrides}. Immutable.
 *
 * @param text the pattern, over names without {@code eventlog.key-prefix}
 */
public record LogPattern(String text) {

    /**
     * Checks the pattern.
     *
     * @param text the pattern
     * @throws IllegalArgumentException if it is null, blank, not valid Unicode, or has no asterisk
     */
    public LogPattern {
        if (text == null || text.isBlank() || text.indexOf('*') < 0) {
            throw new IllegalArgumentException("The log pattern '" + text
                    + "' must contain an asterisk, as in orders:*; to follow logs that you know, give their names");
        }
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
            throw new IllegalArgumentException("The log pattern '" + text + "' is not valid Unicode");
        }
    }

    /**
     * Creates a pattern.
     *
     * @param text the pattern, with at least one asterisk
     * @return the pattern
     * @throws IllegalArgumentException if it is null, blank, not valid Unicode, or has no asterisk
     */
    public static LogPattern of(String text) {
        return new LogPattern(text);
    }

    @Override
    public String toString() {
        return text;
    }
}
