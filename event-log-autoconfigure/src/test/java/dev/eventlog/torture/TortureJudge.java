package dev.eventlog.torture;

import dev.eventlog.EventId;
import dev.eventlog.torture.TortureClock.Change;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Holds what a torture run has seen against what has become of its logs, by the promise: whole, told, retracted is not lost, a
 * number is right or absent, nothing added means nothing added. Nothing is let pass because it is hard to do better; where Redis
 * itself cannot tell, which the history decides in each case, it is counted among the figures.
 */
final class TortureJudge {

    /** An add and how it ended. One with an idempotency key may have been tried before, with the same key and events. */
    record Attempt(
            String log,
            List<Long> numbers,
            long sentAt,
            Outcome outcome,
            long endedAt,
            List<EventId> ids,
            @Nullable String key) {

        Attempt(String log, List<Long> numbers, long sentAt, Outcome outcome, long endedAt, List<EventId> ids) {
            this(log, numbers, sentAt, outcome, endedAt, ids, null);
        }

        @Override
        public String toString() {
            return "add to '" + log + "' of " + numbers.size() + " from number " + numbers.get(0) + ", " + outcome
                    + " after " + Duration.ofNanos(endedAt - sentAt).toMillis() + " ms"
                    + (ids.isEmpty() ? "" : ", first as " + ids.get(0)) + (key == null ? "" : ", key " + key);
        }
    }

    /** How an add ended. */
    enum Outcome {
        ANSWERED,
        UNKNOWN,
        FAILED
    }

    private final TortureHistory history;
    private final boolean counts;
    private final Map<String, Long> maxLengths;
    private final TortureFindings findings = new TortureFindings();
    private TortureClock clock;

    /**
     * A judge.
     *
     * @param counts whether this Redis counts what was added, so that gaps say how much they are
     * @param maxLengths of the logs that have one
     */
    TortureJudge(TortureHistory history, boolean counts, Map<String, Long> maxLengths) {
        this.history = history;
        this.counts = counts;
        this.maxLengths = maxLengths;
        this.clock = new TortureClock(history, List.of(), List.of());
    }

    /** {@return what was found, each a kind, a colon and a text} */
    List<String> violations() {
        return findings.violations();
    }

    TortureFindings findings() {
        return findings;
    }

    /** Takes over what the run itself complains of: a kind, a colon and a text. */
    void trouble(String trouble) {
        String kind = TortureFindings.kind(trouble);
        findings.violation(kind, trouble.substring(kind.length() + 2));
    }

    Map<String, Integer> figures() {
        return findings.figures();
    }

    /** Judges the adds; to be called first. */
    void judgeAdds(List<Attempt> all, List<Change> changes) {
        clock = new TortureClock(history, all, changes);
        new TortureAdds(history, counts, findings).judge(all);
    }

    /** Judges what one follower got. */
    void judge(TortureWatch watch) {
        judge(TortureAccount.of(watch));
    }

    void judge(TortureAccount account) {
        long maxLength = maxLengths.getOrDefault(account.log(), Long.MAX_VALUE);
        new TortureSteps(history, clock, counts, findings, account, maxLength).judge();
    }

    /** Judges all that followers of one name of one log got, one after the other, each for itself and together. */
    void judgeChain(List<TortureWatch> watches) {
        judgeAccounts(watches.stream().map(TortureAccount::of).toList());
    }

    void judgeAccounts(List<TortureAccount> chain) {
        chain.forEach(this::judge);
        new TortureChain(history, clock, findings).judge(chain);
    }
}
