package dev.eventlog;

import dev.eventlog.TortureNamed.Incarnation;
import java.util.ArrayList;
import java.util.List;

/** What the instances of named followers were told, as followers that took over from each other: see {@link TortureChain}. */
final class TortureChains {

    private TortureChains() {}

    static List<TortureAccount> accounts(TortureScene scene) {
        List<TortureAccount> accounts = new ArrayList<>();
        for (TortureNamed instance : scene.named()) {
            instance.complaints()
                    .forEach(complaint -> scene.trouble("A named follower misbehaved: " + instance + ": " + complaint));
            for (Incarnation each : instance.incarnations()) {
                scene.count("incarnations of named followers");
                accounts.add(TortureAccount.of(each.watch(instance.name, instance.log, null)));
            }
        }
        return accounts;
    }
}
