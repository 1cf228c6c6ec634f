package dev.eventlog.torture;

import dev.eventlog.torture.TortureNamed.Incarnation;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Turns the calls of named followers into accounts, one for each time that an instance took over: see {@link
 * TortureChain}.
 */
final class TortureChains {

    private TortureChains() {}

    static List<TortureAccount> accounts(TortureScene scene) {
        List<TortureAccount> accounts = new ArrayList<>();
        Map<String, List<Incarnation>> all = new HashMap<>(); // by log, because all have the same name
        for (TortureNamed instance : scene.named()) {
            all.computeIfAbsent(instance.log.name(), log -> new ArrayList<>()).addAll(instance.incarnations());
        }
        for (TortureNamed instance : scene.named()) {
            instance.complaints()
                    .forEach(complaint -> scene.trouble("A named follower misbehaved: " + instance + ": " + complaint));
            for (Incarnation each : instance.incarnations()) {
                scene.count("incarnations of named followers");
                accounts.add(TortureAccount.of(each.watch(
                        instance.name, instance.log, null, all.getOrDefault(instance.log.name(), List.of()))));
            }
        }
        return accounts;
    }
}
