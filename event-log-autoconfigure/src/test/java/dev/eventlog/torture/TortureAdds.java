package dev.eventlog.torture;

import static dev.eventlog.torture.TortureFindings.some;

import dev.eventlog.torture.TortureHistory.Added;
import dev.eventlog.torture.TortureJudge.Attempt;
import dev.eventlog.torture.TortureJudge.Outcome;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Judges adds: Redis added all events of an add or none, with the answered ids, and only once. */
final class TortureAdds {

    private final TortureHistory history;
    private final boolean counts;
    private final TortureFindings findings;

    TortureAdds(TortureHistory history, boolean counts, TortureFindings findings) {
        this.history = history;
        this.counts = counts;
        this.findings = findings;
    }

    /** Judges each add alone, but adds with the same idempotency key together. */
    void judge(List<Attempt> all) {
        for (Attempt attempt : all) {
            findings.count("adds " + attempt.outcome().name().toLowerCase(Locale.ROOT));
            if (attempt.key() == null) {
                List<List<Added>> sets = sets(attempt.numbers());
                if (sets.size() > 1) {
                    findings.violation("Added more than once", some(sets) + ", " + attempt);
                }
                judgeOutcome(attempt, sets);
                judgeSets(attempt, sets);
            }
        }
        judgeKeys(all);
    }

    /** Judges adds with idempotency keys. While Redis remembers a key, the log has at most one set of its events. */
    void judgeKeys(List<Attempt> all) {
        Map<String, List<Attempt>> byKey = new LinkedHashMap<>();
        for (Attempt attempt : all) {
            if (attempt.key() != null) {
                byKey.computeIfAbsent(attempt.log() + " " + attempt.key(), each -> new ArrayList<>())
                        .add(attempt);
            }
        }
        byKey.values().forEach(this::judgeKey);
    }

    private void judgeKey(List<Attempt> attempts) {
        Attempt first = attempts.get(0);
        List<Long> numbers = attempts.stream()
                .flatMap(each -> each.numbers().stream())
                .distinct()
                .toList();
        List<List<Added>> sets = sets(numbers);
        for (Attempt attempt : attempts) {
            if (attempt.outcome() == Outcome.ANSWERED) {
                judgeOutcome(attempt, sets);
            }
        }
        if (attempts.stream().allMatch(each -> each.outcome() == Outcome.FAILED)) {
            judgeOutcome(first, sets);
        }
        judgeSets(first, sets);
        findings.count("keys of adds");
        for (int i = 1; i < sets.size(); i++) {
            Added before = sets.get(i - 1).get(0);
            Added again = sets.get(i).get(0);
            if (mayBeAddedAgain(first, before, again)) {
                findings.count("keys added again after Redis had forgotten them");
            } else {
                findings.violation("Added again with the same key", some(sets) + ", " + attempts);
            }
        }
    }

    /** Whether Redis may have forgotten the key: its record expired or was deleted, or the log is a new one. */
    private boolean mayBeAddedAgain(Attempt attempt, Added before, Added again) {
        List<TortureLife> both = history.lives(attempt.log()).stream()
                .filter(life -> life.holds(before) && life.holds(again))
                .toList();
        String key = attempt.log();
        boolean tagged = key.indexOf('{') >= 0 && key.indexOf('}') > key.indexOf('{') + 1;
        String record = key + ":once:" + (tagged ? "" : "{" + key + "}:") + attempt.key();
        return both.isEmpty()
                || history.wasGone(record, before.tick, again.tick)
                || (!counts && both.stream().allMatch(life -> allGoneUpTo(before, again.tick, life)));
    }

    /** Before Redis 7, a log that lost the events of a key and all older events looks like a new log. */
    private static boolean allGoneUpTo(Added last, int tick, TortureLife life) {
        return life.events.subList(0, life.at(last) + 1).stream().allMatch(each -> life.goneAt(each) <= tick);
    }

    /** The events with these numbers. Events that were added by one step of Redis are together in one list. */
    private List<List<Added>> sets(List<Long> numbers) {
        Map<Integer, List<Added>> sets = new TreeMap<>();
        for (long number : numbers) {
            for (Added added : history.of(number)) {
                sets.computeIfAbsent(added.tick, each -> new ArrayList<>()).add(added);
            }
        }
        return List.copyOf(sets.values());
    }

    private void judgeOutcome(Attempt attempt, Collection<List<Added>> sets) {
        boolean asAnswered = sets.stream()
                .anyMatch(set -> set.stream().map(added -> added.id).toList().equals(attempt.ids()));
        switch (attempt.outcome()) {
            case ANSWERED -> {
                if (!asAnswered) {
                    findings.violation("Not written as answered", sets + ", " + attempt);
                }
            }
            case FAILED -> {
                if (!sets.isEmpty()) {
                    findings.violation("Written although reported as not added", sets + ", " + attempt);
                }
            }
            case UNKNOWN -> {
                if (!sets.isEmpty()) {
                    findings.count("adds with an unknown outcome that were written");
                }
            }
        }
    }

    private void judgeSets(Attempt attempt, List<List<Added>> sets) {
        for (List<Added> set : sets) {
            if (set.size() != attempt.numbers().size()) {
                findings.violation("Added only in part", some(set) + ", " + attempt);
            }
            for (int i = 1; i < set.size(); i++) {
                if (set.get(i).order != set.get(i - 1).order + 1) {
                    findings.violation("Not adjacent", some(set) + ", " + attempt);
                    break;
                }
            }
        }
    }
}
