package dev.eventlog.torture;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The violations that a judge found, and the figures that it counted. */
final class TortureFindings {

    private final List<String> violations = new ArrayList<>();
    private final Map<String, Integer> figures = new TreeMap<>();

    /** Adds a violation of a guarantee. */
    void violation(String kind, Object text) {
        violations.add(kind + ": " + text);
    }

    /** Counts something that is allowed. */
    void count(String figure) {
        figures.merge(figure, 1, Integer::sum);
    }

    /** {@return the violations, each as a kind, a colon, and a text} */
    List<String> violations() {
        return violations;
    }

    Map<String, Integer> figures() {
        return figures;
    }

    /** {@return the kind of a violation} */
    static String kind(String violation) {
        return violation.substring(0, violation.indexOf(':'));
    }

    static String some(List<?> all) {
        return all.size() <= 3
                ? all.toString()
                : "[" + all.get(0) + ", " + all.get(1) + " … " + all.get(all.size() - 1) + "]";
    }
}
