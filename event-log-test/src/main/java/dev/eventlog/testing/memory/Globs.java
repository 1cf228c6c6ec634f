package dev.eventlog.testing.memory;

import java.util.regex.Pattern;

/** Matches keys against the glob-style patterns of Redis. */
final class Globs {

    private Globs() {}

    static Pattern pattern(String glob) {
        StringBuilder regex = new StringBuilder();
        for (int i = 0; i < glob.length(); i++) {
            char next = glob.charAt(i);
            if (next == '*') {
                regex.append(".*");
            } else if (next == '?') {
                regex.append('.');
            } else if (next == '[' && glob.indexOf(']', i) > 0) {
                int end = glob.indexOf(']', i);
                regex.append(glob, i, end + 1);
                i = end;
            } else {
                char literal = next == '\\' && i + 1 < glob.length() ? glob.charAt(++i) : next;
                regex.append(Pattern.quote(String.valueOf(literal)));
            }
        }
        return Pattern.compile(regex.toString(), Pattern.DOTALL);
    }
}
