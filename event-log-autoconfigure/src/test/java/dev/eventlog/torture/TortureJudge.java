package dev.eventlog.torture;

import dev.eventlog.EventId;
import dev.eventlog.torture.TortureClock.Change;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Compares the observations of a torture run with the history of its logs, by the rules of the promise: whole, told,
 * retracted is not lost, a number is right or absent, nothing added means nothing added. There is only one excuse:
 * Redis itself could not reveal what happened. The history decides this in each case, and the figures count these
 * cases.
 */
final class TortureJudge {

    /**
     * An add and its outcome. An add with an idempotency key may repeat an earlier one with the same key and events.
     */
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

    /** The outcome of an add. */
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
     * Creates a judge.
     *
     * @param counts whether this Redis counts the added events, so that gaps can have a number
     * @param maxLengths the max-length of each log that has one
     */
    TortureJudge(TortureHistory history, boolean counts, Map<String, Long> maxLengths) {
        this.history = history;
        this.counts = counts;
        this.maxLengths = maxLengths;
        this.clock = new TortureClock(history, List.of(), List.of());
    }

    /** {@return the violations, each as a kind, a colon, and a text} */
    List<String> violations() {
        return findings.violations();
    }

    TortureFindings findings() {
        return findings;
    }

    /** Adds a problem of the run itself: a kind, a colon, and a text. */
    void trouble(String trouble) {
        String kind = TortureFindings.kind(trouble);
        findings.violation(kind, trouble.substring(kind.length() + 2));
    }

    Map<String, Integer> figures() {
        return findings.figures();
    }

    /** Judges the adds. Call this first. */
    void judgeAdds(List<Attempt> all, List<Change> changes) {
        clock = new TortureClock(history, all, changes);
        new TortureAdds(history, counts, findings).judge(all);
    }

    /** Judges the calls that one follower received. */
    void judge(TortureWatch watch) {
        judge(TortureAccount.of(watch));
    }

    void judge(TortureAccount account) {
        long maxLength = maxLengths.getOrDefault(account.log(), Long.MAX_VALUE);
        new TortureSteps(history, clock, counts, findings, account, maxLength).judge();
    }

    /** Judges the followers of one log that have the same name: each one alone, and all of them as a sequence. */
    void judgeChain(List<TortureWatch> watches) {
        judgeAccounts(watches.stream().map(TortureAccount::of).toList());
    }

    void judgeAccounts(List<TortureAccount> chain) {
        chain.forEach(this::judge);
        new TortureChain(history, clock, findings).judge(chain);
    }
}
