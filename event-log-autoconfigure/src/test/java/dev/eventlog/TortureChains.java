package dev.eventlog;

import dev.eventlog.TortureHistory.Added;
import dev.eventlog.TortureHistory.Life;
import dev.eventlog.TortureNamed.Incarnation;
import dev.eventlog.TortureWatch.Got;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Holds what the instances of named followers got, taken together in the order of time, against what has become of the logs:
 * every event that the last life of the log still has is delivered at least once, or lies before where a gap was told.
 */
final class TortureChains {

    private TortureChains() {}

    /** {@return what was found, each a kind, a colon and a text} */
    static List<String> judge(TortureScene scene, TortureHistory history) {
        List<String> violations = new ArrayList<>();
        Map<String, List<TortureWatch>> chains = new TreeMap<>();
        for (TortureNamed instance : scene.named()) {
            instance.complaints()
                    .forEach(complaint ->
                            violations.add("A named follower misbehaved: " + instance + ": " + complaint));
            List<TortureWatch> chain =
                    chains.computeIfAbsent(instance.log.name(), log -> new ArrayList<>());
            for (Incarnation each : instance.incarnations()) {
                chain.add(each.watch(instance.name, instance.log, event(history, instance.log.name(), each.after)));
            }
        }
        chains.forEach((log, chain) -> {
            chain.sort(Comparator.comparingLong(watch -> watch.calledAt));
            scene.count("chains of named followers");
            judge(log, chain, history, violations, scene);
        });
        return violations;
    }

    private static @Nullable Got event(TortureHistory history, String log, EventId id) {
        @Nullable Got found = null;
        for (Life life : history.lives(log)) {
            for (Added added : life.events) {
                found = added.id.equals(id) ? new Got(id, added.number) : found;
            }
        }
        return found;
    }

    private static void judge(
            String log, List<TortureWatch> chain, TortureHistory history, List<String> violations, TortureScene scene) {
        Set<Long> got = new HashSet<>();
        List<Gap> gaps = new ArrayList<>();
        for (TortureWatch incarnation : chain) {
            scene.count("incarnations of named followers");
            for (Object call : incarnation.calls()) {
                if (call instanceof Got event) {
                    scene.count(got.add(event.number()) ? "named events" : "named events again");
                } else if (call instanceof Gap gap) {
                    gaps.add(gap);
                    scene.count("named gaps");
                }
            }
        }
        List<Life> lives = history.lives(log);
        if (lives.isEmpty() || chain.isEmpty()) {
            return;
        }
        Life last = lives.get(lives.size() - 1);
        Map<Added, Integer> missed = new HashMap<>();
        @Nullable Added newest = null;
        for (Added added : last.events) {
            boolean excused = got.contains(added.number) || last.removed.containsKey(added);
            if (!excused && gaps.stream().noneMatch(gap -> added.id.compareTo(gap.firstAvailable()) < 0)) {
                missed.merge(added, 1, Integer::sum);
            }
            newest = got.contains(added.number) ? added : newest;
        }
        Added end = newest;
        missed.keySet().removeIf(added -> end != null && added.order > end.order); // added as all was closed
        if (!missed.isEmpty()) {
            violations.add("Missed by a named follower: of '" + log + "' " + missed.size() + ", the first "
                    + missed.keySet().stream().min(Comparator.comparingInt(added -> added.order)));
        }
    }
}
