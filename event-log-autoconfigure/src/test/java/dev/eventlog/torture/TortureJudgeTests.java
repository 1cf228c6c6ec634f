package dev.eventlog.torture;

import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.EventId;
import dev.eventlog.Gap;
import dev.eventlog.Tail;
import dev.eventlog.torture.TortureClock.Change;
import dev.eventlog.torture.TortureJudge.Attempt;
import dev.eventlog.torture.TortureJudge.Outcome;
import dev.eventlog.torture.TortureModel.Reader;
import dev.eventlog.torture.TortureWatch.Got;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests the judge: it accepts correct histories, and finds every fault in the others. */
class TortureJudgeTests {

    /** The number of histories. A system property sets it higher, after a change of the judge. */
    private static final int HISTORIES = Integer.getInteger("torture.histories", 300);

    private static final int LOSSES = 200;

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void judgeFindsNothingInGoodHistories(boolean counts) {
        for (long seed = 0; seed < HISTORIES; seed++) {
            assertThat(history(seed, counts).judge()).as("seed " + seed).isEmpty();
        }
    }

    @Test
    void judgeFindsALostEventInEveryHistory() {
        int mutated = 0;
        for (long seed = 0; seed < LOSSES; seed++) {
            TortureModel model = history(seed, true);
            Random random = new Random(seed);
            List<TortureAccount> accounts = model.trace.accounts.stream()
                    .filter(account -> !between(model, account).isEmpty())
                    .toList();
            if (!accounts.isEmpty()) {
                TortureAccount account = accounts.get(random.nextInt(accounts.size()));
                List<Integer> between = between(model, account);
                TortureMutation.remove(account, between.get(random.nextInt(between.size())));
                assertThat(model.judge()).as("seed " + seed).isNotEmpty();
                mutated++;
            }
        }
        assertThat(mutated).isGreaterThan(LOSSES / 2);
    }

    /**
     * {@return the places of the events that arrived together with the next event, except the first event} A retracted
     * event is left out, because a restart may have lost it.
     */
    private static List<Integer> between(TortureModel model, TortureAccount account) {
        List<Integer> found = new ArrayList<>();
        for (int i = 1; i + 1 < account.calls().size(); i++) {
            if (account.calls().subList(i - 1, i + 2).stream().allMatch(Got.class::isInstance)
                    && !model.wasRetracted(((Got) account.calls().get(i)).number())
                    && account.times().get(i).equals(account.times().get(i + 1))) {
                found.add(i);
            }
        }
        return found;
    }

    @Test
    void judgeFindsNothingInTheHistoryBeforeItIsMutated() {
        assertThat(new TortureMutation.Good().model.judge()).isEmpty();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("mutations")
    void judgeFindsEveryMutation(TortureMutation mutation) {
        TortureMutation.Good good = new TortureMutation.Good();
        mutation.accept(good);
        List<String> kinds = good.model.judge().stream()
                .map(TortureFindings::kind)
                .distinct()
                .toList();
        System.out.println("| " + mutation + " | " + String.join("; ", kinds) + " |");
        assertThat(kinds).contains(mutation.foundAs());
    }

    static Stream<TortureMutation> mutations() {
        System.out.println("| mutation | found as |\n| --- | --- |");
        return TortureMutation.all().stream();
    }

    @Test
    void storedTraceGetsTheSameFindings(@TempDir Path root) throws IOException {
        for (TortureMutation mutation : TortureMutation.all()) {
            TortureMutation.Good good = new TortureMutation.Good();
            good.model.lose(1); // so that the history has a write that the file of the server lacks
            good.model.add(1);
            mutation.accept(good);
            good.model.trace.troubles.add("A trouble: of\ttwo\nlines");
            Path folder = TortureReplay.keep(
                    Files.createDirectory(
                            root.resolve(Integer.toString(mutation.toString().hashCode()))),
                    1,
                    good.model.trace,
                    good.model.history,
                    root.resolve("missing"));
            assertThat(TortureReplay.judge(folder))
                    .as(mutation.toString())
                    .isEqualTo(good.model.judge())
                    .hasSizeGreaterThan(1);
        }
    }

    @Test
    void onlyAnsweredAddsTellWhatRanBeforeAMoment() {
        TortureHistory history = history(add("1-0", 1), command("XTRIM", "log", "MAXLEN", "0"), add("2-0", 2));
        TortureClock clock = new TortureClock(
                history,
                List.of(
                        new Attempt("log", List.of(1L), 10, Outcome.ANSWERED, 20, List.of(new EventId(1, 0))),
                        new Attempt("log", List.of(2L), 30, Outcome.UNKNOWN, 40, List.of())),
                List.of());
        assertThat(clock.before(20)).isZero();
        assertThat(clock.before(21)).isEqualTo(1);
        assertThat(clock.before(50)).as("an unknown outcome says nothing").isEqualTo(1);
        assertThat(clock.upTo(29)).isEqualTo(2);
        assertThat(clock.upTo(30)).isGreaterThan(2);
    }

    /**
     * During a failover both masters answer. A follower that has read from the new one may still be told what the old
     * one has.
     */
    @Test
    void followerMayBeginAgainIfTheOldMasterAnswersAfterTheNewOne() {
        TortureHistory history = history(add("1-0", 1), add("2-0", 2));
        history.lose(1);
        take(history, add("3-0", 3), add("4-0", 4));
        TortureAccount account = account(Tail.all(), 5);
        tell(account, 10, got("1-0", 1), got("3-0", 3), gap(Gap.Kind.BEGAN_AGAIN, "3-0", "4-0"), got("4-0", 4));
        assertThat(judged(history, account, List.of(new Change(0, 100)))).isEmpty();
        assertThat(judged(history, account, List.of())).containsExactly("Reported a new beginning that did not happen");
    }

    /** The events before its start are not due, although the log that it began in comes back with a change of the master. */
    @Test
    void eventsBeforeTheStartAreNotDueInALogThatComesBack() {
        TortureHistory history = history(
                add("1-0", 1),
                add("2-0", 2),
                add("4-0", 4),
                command("UNLINK", "log"),
                add("5-0", 5),
                add("other", "6-0", 6));
        history.lose(4);
        take(history, add("other", "7-0", 7));
        TortureAccount account = account(Tail.last(0), 25);
        tell(
                account,
                60,
                got("4-0", 4),
                gap(Gap.Kind.BEGAN_AGAIN, "4-0", "5-0"),
                got("5-0", 5),
                gap(Gap.Kind.BEGAN_AGAIN, "5-0", "2-0"),
                got("2-0", 2));
        assertThat(judged(
                        history,
                        account,
                        List.of(new Change(35, 100)),
                        sent(1, 1),
                        sent(2, 20),
                        sent(4, 30),
                        sent(5, 40),
                        sent(6, 50),
                        sent(7, 70)))
                .isEmpty();
    }

    @Test
    void idFromTwoMastersMeansTheEventThatHadItAtTheTime() {
        TortureHistory history = history(add("5-0", 1), add("6-0", 2));
        history.lose(2);
        take(history, add("5-0", 3));
        TortureAccount account = account(Tail.after(new EventId(5, 0)), 15);
        tell(account, 17, got("6-0", 2));
        assertThat(judged(history, account, List.of(new Change(0, 100)), sent(1, 1), sent(2, 2), sent(3, 50)))
                .isEmpty();
    }

    @Test
    void followerOfADeletedLogMayReportAGapIfTheLogComesBack() {
        TortureHistory history = history(
                add("1-0", 1),
                add("2-0", 2),
                command("XTRIM", "log", "MAXLEN", "1"),
                command("DEL", "log"),
                add("other", "3-0", 3));
        history.lose(2);
        TortureAccount account = account(Tail.last(0), 15);
        tell(account, 17, gap(Gap.Kind.REMOVED, "0-0", "2-0"), got("2-0", 2));
        assertThat(judged(history, account, List.of(), sent(1, 1), sent(2, 2), sent(3, 3)))
                .isEmpty();
    }

    /** The feed had read the event before an interruption, and cannot tell whether the event was deleted or lost. */
    @Test
    void retractedNewestEventMayPassForALostOneOnlyIfRedisDoesNotCount() {
        TortureHistory history = history(add("1-0", 1), add("2-0", 2), command("XDEL", "log", "2-0"), add("3-0", 3));
        TortureAccount account = account(Tail.all(), 5);
        tell(account, 10, got("1-0", 1), gap(Gap.Kind.BEGAN_AGAIN, "1-0", "3-0"), got("3-0", 3));
        assertThat(judged(history, false, account, List.of())).isEmpty();
        assertThat(judged(history, true, account, List.of()))
                .containsExactly("Reported a new beginning that did not happen");
    }

    /** Only at the end of the log, Redis tells a follower the number of the events up to its position. */
    @Test
    void followerFromAnIdMayReportAGapWithoutALossUntilItWasAtTheEnd() {
        for (boolean behind : new boolean[] {true, false}) {
            TortureHistory history = history(
                    add("1-0", 1),
                    add("2-0", 2),
                    behind ? add("3-0", 3) : List.of(),
                    add("other", "4-0", 4),
                    behind ? List.of() : add("3-0", 3),
                    command("XTRIM", "log", "MAXLEN", "1"),
                    add("other", "6-0", 6));
            TortureAccount account = account(Tail.from(new EventId(1, 0)), 5);
            tell(account, 10, got("1-0", 1), got("2-0", 2));
            tell(account, 30, gap(Gap.Kind.REMOVED, "2-0", "3-0"), got("3-0", 3));
            Attempt last = sent(3, behind ? 3 : 12);
            assertThat(judged(history, account, List.of(), sent(1, 1), sent(2, 2), sent(4, 4), last, sent(6, 20)))
                    .containsExactlyElementsOf(behind ? List.of() : List.of("A gap without missing events"));
        }
    }

    /**
     * Nothing distinguishes the ends of two logs that were completed without a reason. Here, a restart brings the
     * events of the first of them back.
     */
    @Test
    void endWithoutAReasonMayBeThatOfALaterLog() {
        for (boolean later : new boolean[] {true, false}) {
            List<List<String>> end = command("XADD", "log", EventId.MAX.toString(), "@complete", "done");
            TortureHistory history = history(
                    add("1-0", 1),
                    command("UNLINK", "log"),
                    add("2-0", 2),
                    end,
                    later ? command("UNLINK", "log") : List.of(),
                    later ? end : List.of(),
                    add("other", "6-0", 6));
            history.lose(later ? 3 : 1);
            take(history, add("other", "7-0", 7));
            TortureAccount account = account(Tail.after(new EventId(1, 0)), 5);
            String max = EventId.MAX.toString();
            tell(account, 30, gap(Gap.Kind.BEGAN_AGAIN, "1-0", max), got(max, TortureLogs.DONE));
            assertThat(judged(history, account, List.of(), sent(1, 1), sent(2, 2), sent(6, 40), sent(7, 50)))
                    .containsExactlyElementsOf(later ? List.of() : List.of("Skipped although it existed"));
        }
    }

    /** A restart brings an earlier log back, which was complete and empty. Its closing entry is deleted then. */
    @Test
    void unknownEndMayBeThatOfAnEarlierLogThatCameBack() {
        String max = EventId.MAX.toString();
        TortureHistory history = history(
                command("XADD", "log", max, "@complete", "failed", "@reason", "2"),
                command("UNLINK", "log"),
                add("3-0", 3));
        history.lose(2);
        take(history, command("XDEL", "log", max), add("other", "6-0", 6));
        TortureAccount account = account(Tail.all(), 15);
        tell(account, 16, got("3-0", 3));
        tell(account, 30, gap(Gap.Kind.BEGAN_AGAIN, "3-0", max), got(max, TortureLogs.UNKNOWN_END));
        assertThat(judged(history, account, List.of(), sent(2, 3), sent(3, 5), sent(6, 40)))
                .isEmpty();
    }

    /** The follower knows only the id of its event, which can have been retracted: only the closing entry shows the last id. */
    @Test
    void earlierCompleteLogIsHiddenIfItsClosingEntryWasDeleted() {
        for (boolean hidden : new boolean[] {true, false}) {
            String max = EventId.MAX.toString();
            TortureHistory history = history(add("1-0", 1), add("2-0", 2));
            history.lose(1);
            take(
                    history,
                    command("XADD", "log", max, "@complete", "done"),
                    hidden ? command("XDEL", "log", max) : List.of(),
                    add("other", "6-0", 6));
            TortureAccount account = account(Tail.after(new EventId(2, 0)), 15);
            tell(account, 30, got(max, hidden ? TortureLogs.UNKNOWN_END : TortureLogs.DONE));
            assertThat(judged(history, account, List.of(), sent(1, 1), sent(2, 2), sent(6, 40)))
                    .containsExactlyElementsOf(hidden ? List.of() : List.of("Began again, but not reported"));
        }
    }

    /** The follower began before its log. Nothing shows which of the logs that were completed without a reason it saw. */
    @Test
    void endOfAFollowerThatBeganBeforeItsLogMayBeThatOfALaterLog() {
        String max = EventId.MAX.toString();
        List<List<String>> end = command("XADD", "log", max, "@complete", "done");
        TortureHistory history = history(
                add("other", "1-0", 9),
                add("1-0", 1),
                end,
                command("UNLINK", "log"),
                add("2-0", 2),
                add("3-0", 3),
                end,
                command("XTRIM", "log", "MAXLEN", "1"),
                add("other", "6-0", 6));
        TortureAccount account = account(Tail.all(), 2);
        Gap gap = new Gap("log", Gap.Kind.REMOVED, EventId.MIN, EventId.MAX, OptionalLong.of(2));
        tell(account, 30, gap, got(max, TortureLogs.DONE));
        assertThat(judged(history, account, List.of(), sent(9, 1), sent(1, 5), sent(2, 7), sent(3, 8), sent(6, 40)))
                .isEmpty();
    }

    /** A follower may report a new beginning because it cannot tell. A restart brings the event back, but only later. */
    @Test
    void eventThatARestartBringsBackWasGoneBefore() {
        TortureHistory history =
                history(add("1-0", 1), add("2-0", 2), command("XTRIM", "log", "MAXLEN", "1"), add("other", "3-0", 3));
        history.lose(2);
        take(history, add("other", "4-0", 4));
        TortureAccount account = account(Tail.all(), 4);
        tell(account, 5, got("1-0", 1));
        tell(account, 30, gap(Gap.Kind.BEGAN_AGAIN, "1-0", "2-0"), got("2-0", 2));
        assertThat(judged(history, account, List.of(), sent(1, 1), sent(2, 3), sent(3, 40), sent(4, 50)))
                .isEmpty();
    }

    /** Redis 6.2 does not count. Only the max-length of a log shows that its earlier events may have been trimmed. */
    @Test
    void trimmingBeforeTheFirstReadIsNotNoticedWithoutCounts() {
        for (boolean counts : new boolean[] {true, false}) {
            TortureHistory history = history(
                    add("other", "1-0", 9),
                    add("1-0", 1),
                    add("2-0", 2),
                    command("XTRIM", "log", "MAXLEN", "1"),
                    add("other", "6-0", 6));
            TortureAccount account = account(Tail.all(), 2);
            tell(account, 30, got("2-0", 2));
            assertThat(judged(history, counts, account, List.of(), sent(9, 1), sent(1, 5), sent(2, 7), sent(6, 40)))
                    .containsExactlyElementsOf(
                            counts ? List.of("Missed after the start, but not reported") : List.of());
        }
    }

    /** The follower resumes in the last of several lives. In this life, a later event was retracted. */
    @Test
    void beginningIsHiddenIfAnyLifeOfTheNextEventHidesIt() {
        for (boolean hidden : new boolean[] {true, false}) {
            TortureHistory history = history(add("1-0", 1), add("2-0", 2));
            history.lose(1);
            take(history, add("3-0", 3), add("4-0", 4), add("5-0", 5));
            history.lose(1);
            take(history, hidden ? command("XDEL", "log", "4-0") : List.of(), add("other", "6-0", 6));
            TortureAccount account = account(Tail.after(new EventId(2, 0)), 15);
            tell(account, 20, got("3-0", 3));
            assertThat(judged(
                            history,
                            account,
                            List.of(),
                            sent(1, 1),
                            sent(2, 2),
                            sent(3, 3),
                            sent(4, 4),
                            sent(5, 5),
                            sent(6, 6)))
                    .containsExactlyElementsOf(hidden ? List.of() : List.of("Began again, but not reported"));
        }
    }

    @Test
    void followerThatWaitsForALaterIdNeedNotReportThatTheLogBeganAgain() {
        TortureHistory history = history(add("1-0", 1), add("other", "2-0", 2), command("DEL", "log"));
        take(history, add("3-0", 3), add("6-0", 6), add("7-0", 7));
        for (boolean all : new boolean[] {true, false}) {
            TortureAccount account = account(Tail.from(new EventId(5, 0)), 15);
            tell(account, 30, all ? got("6-0", 6) : got("7-0", 7));
            Attempt[] sent = {sent(1, 1), sent(2, 2), sent(3, 20), sent(6, 21), sent(7, 22)};
            assertThat(judged(history, account, List.of(), sent))
                    .containsExactlyElementsOf(all ? List.of() : List.of("Skipped although it existed"));
        }
    }

    /** Redis remembers only the deleted event with the greatest id. */
    @Test
    void retractedNewestEventMayPassForALostOneIfALaterOneWasRetractedToo() {
        TortureHistory history = history(
                add("1-0", 1),
                add("2-0", 2),
                add("3-0", 3),
                add("4-0", 4),
                command("XDEL", "log", "4-0"),
                command("XDEL", "log", "2-0"));
        TortureAccount account = account(Tail.all(), 5);
        tell(account, 10, got("1-0", 1), gap(Gap.Kind.BEGAN_AGAIN, "1-0", "3-0"), got("3-0", 3));
        assertThat(judged(history, account, List.of())).isEmpty();
    }

    @Test
    void followerMayBeginAgainAfterAnInterruptionOnlyIfNoEventHasTheLastId() {
        for (boolean raised : new boolean[] {true, false}) {
            TortureHistory history =
                    history(add("1-0", 1), raised ? command("XSETID", "log", "2-0") : List.of(), add("3-0", 2));
            TortureAccount account = account(Tail.all(), 5);
            tell(account, 10, got("1-0", 1), gap(Gap.Kind.BEGAN_AGAIN, "1-0", "3-0"), got("3-0", 2));
            assertThat(judged(history, account, List.of()))
                    .containsExactlyElementsOf(
                            raised ? List.of() : List.of("Reported a new beginning that did not happen"));
        }
    }

    @Test
    void followerThatBeganOnTheOldMasterMaySkipLowerIdsOfTheNewOne() {
        TortureHistory history = history(add("1-0", 1), add("5-0", 2));
        history.lose(1);
        take(history, add("4-0", 3), add("6-0", 4));
        TortureAccount account = account(Tail.last(1), 15);
        tell(account, 30, got("5-0", 2), gap(Gap.Kind.BEGAN_AGAIN, "5-0", "6-0"), got("6-0", 4));
        Attempt[] sent = {sent(1, 1), sent(2, 2), sent(3, 20), sent(4, 21)};
        assertThat(judged(history, account, List.of(new Change(10, 100)), sent)).isEmpty();
        assertThat(judged(history, account, List.of(new Change(16, 100)), sent))
                .containsExactly("Skipped although it existed");
    }

    /**
     * A follower learns the total number of events when it reads the event with the last id. Here no event has that id.
     */
    @Test
    void gapWithoutALossIsAcceptedOnlyIfTheLastIdWasRaised() {
        for (boolean raised : new boolean[] {true, false}) {
            TortureHistory history = history(
                    add("1-0", 1),
                    add("2-0", 2),
                    raised ? command("XSETID", "log", "3-0") : List.of(),
                    add("4-0", 3),
                    command("XTRIM", "log", "MAXLEN", "1"));
            TortureAccount account = account(Tail.from(new EventId(2, 0)), 5);
            tell(account, 6, got("2-0", 2));
            tell(account, 10, gap(Gap.Kind.REMOVED, "2-0", "4-0"), got("4-0", 3));
            assertThat(judged(history, account, List.of(), sent(1, 1), sent(2, 2), sent(3, 7)))
                    .containsExactlyElementsOf(raised ? List.of() : List.of("A gap without missing events"));
        }
    }

    /** With the closing entry, the newest deleted event of Redis is the last possible one. */
    @Test
    void gapAfterARetractedFirstEventIsAcceptedOnlyIfTheClosingEntryIsGone() {
        for (boolean gone : new boolean[] {true, false}) {
            TortureHistory history = history(
                    add("1-0", 1),
                    add("2-0", 2),
                    command("XADD", "log", EventId.MAX.toString(), "@complete", "failed", "@reason", "3"),
                    add("other", "4-0", 4),
                    gone ? command("XDEL", "log", EventId.MAX.toString()) : List.of(),
                    command("XDEL", "log", "1-0"));
            TortureAccount account = account(Tail.all(), 15);
            tell(account, 20, gap(Gap.Kind.REMOVED, "0-18446744073709551615", "2-0"), got("2-0", 2));
            assertThat(judged(history, account, List.of(), sent(1, 1), sent(2, 2), sent(3, 3), sent(4, 4)))
                    .containsExactlyElementsOf(gone ? List.of() : List.of("A gap without missing events"));
        }
    }

    @Test
    void trimDoesNotCountADeletedClosingEntry() {
        TortureHistory history = history(
                add("1-0", 1),
                add("2-0", 2),
                command("XADD", "log", EventId.MAX.toString(), "@complete", "failed", "@reason", "3"),
                command("XDEL", "log", EventId.MAX.toString()),
                command("XTRIM", "log", "MAXLEN", "2"),
                add("other", "4-0", 4));
        TortureAccount account = account(Tail.all(), 15);
        tell(account, 20, got("1-0", 1), got("2-0", 2));
        assertThat(judged(history, account, List.of(), sent(1, 1), sent(2, 2), sent(3, 3), sent(4, 4)))
                .isEmpty();
    }

    /** Another instance stored the older position that it had, after Redis had lost all data. */
    @Test
    void positionMayGoBackIfItWasLostAfterThePredecessorHadLoadedIt() {
        for (boolean lost : new boolean[] {true, false}) {
            TortureHistory history = history(
                    add("1-0", 1),
                    add("2-0", 2),
                    command("HSET", "positions", "name@log", "2-0"),
                    add("other", "3-0", 3),
                    lost ? command("DEL", "positions") : List.of(),
                    add("4-0", 4));
            long lease = TimeUnit.MILLISECONDS.toNanos(TortureLogs.LEASE);
            TortureAccount before = named(Tail.after(new EventId(2, 0)), 15);
            tell(before, 15 + 3 * lease, got("4-0", 4));
            TortureAccount next = named(Tail.after(new EventId(1, 0)), 15 + 4 * lease);
            tell(next, 15 + 5 * lease, got("2-0", 2));
            TortureFindings findings = new TortureFindings();
            List<Attempt> sent = List.of(sent(1, 1), sent(2, 3), sent(3, 5), sent(4, 17));
            new TortureChain(history, new TortureClock(history, sent, List.of()), findings)
                    .judge(List.of(before, next));
            assertThat(findings.violations().stream().map(TortureFindings::kind))
                    .containsExactlyElementsOf(lost ? List.of() : List.of("Delivered again after a commit"));
        }
    }

    /** {@return a history of the commands that Redis ran, in their order} */
    @SafeVarargs
    private static TortureHistory history(List<List<String>>... steps) {
        TortureHistory history = new TortureHistory();
        take(history, steps);
        return history;
    }

    @SafeVarargs
    private static void take(TortureHistory history, List<List<String>>... steps) {
        for (List<List<String>> step : steps) {
            history.take(step, 0);
        }
    }

    private static List<List<String>> command(String... words) {
        return List.of(List.of(words));
    }

    private static List<List<String>> add(String id, long number) {
        return add("log", id, number);
    }

    private static List<List<String>> add(String log, String id, long number) {
        return command("XADD", log, id, "n", Long.toString(number));
    }

    private static Attempt sent(long number, long at) {
        return new Attempt("log", List.of(number), at, Outcome.ANSWERED, at + 1, List.of());
    }

    private static Got got(String id, long number) {
        return new Got(EventId.parse(id), number);
    }

    private static Gap gap(Gap.Kind kind, String lastSeen, String first) {
        return new Gap("log", kind, EventId.parse(lastSeen), EventId.parse(first), OptionalLong.empty());
    }

    private static TortureAccount account(Tail tail, long calledAt) {
        return account(tail, calledAt, null);
    }

    private static TortureAccount named(Tail tail, long calledAt) {
        return account(tail, calledAt, "name");
    }

    private static TortureAccount account(Tail tail, long calledAt, @Nullable String durableName) {
        return new TortureAccount(
                "one",
                "log",
                tail,
                null,
                calledAt,
                calledAt + 1,
                false,
                durableName,
                false,
                0,
                new ArrayList<>(),
                new ArrayList<>(),
                new ArrayList<>());
    }

    private static void tell(TortureAccount account, long at, Object... calls) {
        for (Object call : calls) {
            account.calls().add(call);
            account.times().add(at);
        }
    }

    private static List<String> judged(
            TortureHistory history, TortureAccount account, List<Change> changes, Attempt... attempts) {
        return judged(history, true, account, changes, attempts);
    }

    private static List<String> judged(
            TortureHistory history, boolean counts, TortureAccount account, List<Change> changes, Attempt... attempts) {
        TortureClock clock = new TortureClock(history, List.of(attempts), changes);
        TortureFindings findings = new TortureFindings();
        new TortureSteps(history, clock, counts, findings, account, Long.MAX_VALUE).judge();
        return findings.violations().stream().map(TortureFindings::kind).toList();
    }

    private static int events(TortureAccount account) {
        return (int) account.calls().stream().filter(Got.class::isInstance).count();
    }

    /** A history without a fault. */
    private static TortureModel history(long seed, boolean counts) {
        Random random = new Random(seed);
        TortureModel model = new TortureModel(counts);
        for (int i = 0; i < 60; i++) {
            switch (random.nextInt(20)) {
                case 0, 1, 2, 3, 4, 5 -> model.add(1 + random.nextInt(4));
                case 6, 7 -> model.trim(random.nextInt(8));
                case 8, 9 -> model.retract(random.nextInt(10));
                case 10 -> {
                    if (random.nextInt(3) == 0) {
                        model.delete();
                    }
                }
                case 11 -> {
                    if (random.nextInt(2) == 0) {
                        model.lose(1 + random.nextInt(12));
                    }
                }
                case 12, 13 -> {
                    if (model.readers().size() < 4) {
                        model.follow("follower " + i, tail(random));
                    }
                }
                case 14 -> {
                    for (Reader reader : model.readers()) {
                        if (events(reader.account) > 0 && random.nextBoolean()) {
                            reader.resume("resumed " + i, null);
                        }
                    }
                }
                case 15 -> {
                    if (random.nextInt(4) == 0) {
                        model.complete();
                    }
                }
                case 16 -> {
                    if (random.nextInt(2) == 0) {
                        model.deleteClosingEntry();
                    }
                }
                default -> model.readers().forEach(reader -> reader.look(random.nextInt(8)));
            }
        }
        return model;
    }

    private static Tail tail(Random random) {
        return random.nextBoolean() ? Tail.all() : Tail.last(random.nextInt(5));
    }
}
