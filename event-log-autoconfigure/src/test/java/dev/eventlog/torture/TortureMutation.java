package dev.eventlog.torture;

import dev.eventlog.Completion;
import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.Gap;
import dev.eventlog.Tail;
import dev.eventlog.torture.TortureJudge.Attempt;
import dev.eventlog.torture.TortureJudge.Outcome;
import dev.eventlog.torture.TortureModel.Reader;
import dev.eventlog.torture.TortureWatch.Got;
import dev.eventlog.torture.TortureWatch.Pace;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * One fault in an otherwise correct history.
 *
 * @param what the fault
 * @param foundAs the kind of violation that a judge must find, perhaps among others
 * @param change adds the fault to a correct history
 */
record TortureMutation(String what, String foundAs, Consumer<Good> change) {

    private static final String WRONG_NUMBER = "Wrong number of missed events";

    /**
     * A correct history in which everything happens that is allowed. The numbers are those of {@link #at}, from 0 on:
     *
     * <pre>
     * all:     0 1  2 3 4  gap of 3  5 6  7 8 9 10 11  began again  12 13 14 15 16  gap of 2  17
     * resumed: the same from gap of 3 on
     * </pre>
     */
    static final class Good {
        final TortureModel model = new TortureModel(true);
        final TortureAccount all;
        final TortureAccount newest;
        final TortureAccount resumed;
        final TortureAccount named;
        final TortureAccount namedNext;
        private final EventId goneBefore;

        Good() {
            model.add(1);
            Reader early = model.follow("early", Tail.all());
            early.look(1);
            goneBefore = ((Got) early.account.calls().get(0)).id();
            model.add(2);
            model.trim(2);
            Reader follower = model.follow("all", Tail.all());
            Reader last = model.follow("last", Tail.last(1));
            Reader first = model.follow("named 1", Tail.all(), "name");
            List<Reader> both = List.of(follower, last, first);
            both.forEach(each -> each.look(9));
            model.add(1);
            model.add(1);
            model.add(1);
            model.add(1);
            model.retract(3); // an event that no follower has received
            both.forEach(each -> each.look(9));
            Reader again = last.resume("resumed", null);
            Reader second = first.resume("named 2", "name");
            List<Reader> now = List.of(follower, again, second);
            model.add(5);
            model.trim(2);
            now.forEach(each -> each.look(9));
            for (int i = 0; i < 5; i++) {
                model.add(1);
                now.forEach(each -> each.look(9));
            }
            model.delete();
            model.add(2);
            now.forEach(each -> each.look(9));
            model.add(3);
            now.forEach(each -> each.look(9));
            model.add(4);
            model.retract(model.size() - 3);
            model.trim(1);
            now.forEach(each -> each.look(9));
            model.add(1, "key");
            all = follower.account;
            newest = last.account;
            resumed = again.account;
            named = first.account;
            namedNext = second.account;
        }
    }

    void accept(Good good) {
        change.accept(good);
    }

    @Override
    public String toString() {
        return what;
    }

    static List<TortureMutation> all() {
        return List.of(
                calls("a lost event", "Skipped although it existed", all -> remove(all, at(all, 3))),
                calls(
                        "two events swapped",
                        "Out of order",
                        all -> Collections.swap(all.calls(), at(all, 7), at(all, 8))),
                calls("an event repeated", "Delivered twice", all -> insert(all, at(all, 8), got(all, 7))),
                calls("an event repeated later", "Delivered twice", all -> insert(all, at(all, 11), got(all, 7))),
                calls("a gap's number too high by one", WRONG_NUMBER, all -> number(all, 0, 1)),
                calls("a gap's number too low by one", WRONG_NUMBER, all -> number(all, 0, -1)),
                calls("a gap reported after a later event", "Missed, but not reported", all -> {
                    Collections.swap(all.calls(), gap(all, 0), at(all, 5));
                }),
                calls("a missing gap", "Missed, but not reported", all -> remove(all, gap(all, 0))),
                calls("a gap without a number and without missing events", "A gap without missing events", all -> {
                    insert(all, at(all, 8), removed(all, 7, 8, OptionalLong.empty()));
                }),
                calls("a gap of one event without missing events", WRONG_NUMBER, all -> {
                    insert(all, at(all, 8), removed(all, 7, 8, OptionalLong.of(1)));
                }),
                calls("a gap over events that were delivered", "A gap between the wrong events", all -> {
                    Collections.swap(all.calls(), gap(all, 0), at(all, 4));
                }),
                calls("a gap over an event that existed", "Skipped although it existed", all -> {
                    remove(all, at(all, 5));
                    all.calls().set(gap(all, 0), removed(all, 4, 5, OptionalLong.of(4)));
                }),
                calls("an event that nobody added", "Delivered an event that nobody added", all -> {
                    insert(all, at(all, 8), new Got(got(all, 7).id().next(), 1_000_000));
                }),
                calls("a retracted event counted as missed", WRONG_NUMBER, all -> number(all, 2, 1)),
                calls("BEGAN_AGAIN missing", "Began again, but not reported", all -> remove(all, gap(all, 1))),
                calls("BEGAN_AGAIN reported as REMOVED", "Began again, but reported as removed", all -> {
                    all.calls().set(gap(all, 1), removed(all, 11, 12, OptionalLong.empty()));
                }),
                calls("BEGAN_AGAIN reported for nothing", "Reported a new beginning that did not happen", all -> {
                    EventId before = got(all, 13).id();
                    EventId next = got(all, 14).id();
                    insert(
                            all,
                            at(all, 14),
                            new Gap(TortureModel.LOG, Gap.Kind.BEGAN_AGAIN, before, next, OptionalLong.empty()));
                }),
                calls("an event of the earlier life after BEGAN_AGAIN", "Began again, but not reported", all -> {
                    all.times().set(at(all, 11), all.times().get(gap(all, 1)));
                    Collections.swap(all.calls(), gap(all, 1), at(all, 11));
                }),
                calls("BEGAN_AGAIN reported too early", "Reported a new beginning that did not happen", all -> {
                    Collections.swap(all.calls(), gap(all, 1), at(all, 11));
                }),
                calls("BEGAN_AGAIN with a guessed number", WRONG_NUMBER, all -> {
                    Gap gap = (Gap) all.calls().get(gap(all, 1));
                    all.calls().set(gap(all, 1), numbered(gap, OptionalLong.of(7)));
                }),
                calls("two gaps instead of one", "Two gaps in a row", all -> {
                    insert(all, gap(all, 0), all.calls().get(gap(all, 0)));
                }),
                new TortureMutation(
                        "a delivered event that was gone before the start",
                        "Delivered although it was gone before the start",
                        good -> insert(good.all, 0, new Got(good.goneBefore, number(good, good.goneBefore)))),
                new TortureMutation(
                        "a delivered event from before the tail",
                        "Delivered from before the start",
                        good -> insert(good.newest, 0, got(good.all, 0))),
                new TortureMutation(
                        "another delivery of the event after which the follower resumed",
                        "Delivered although the follower resumed after it",
                        good -> insert(good.resumed, 0, got(good.all, 4))),
                new TortureMutation(
                        "a missing gap of a follower that resumed",
                        "Missed, but not reported",
                        good -> remove(good.resumed, gap(good.resumed, 0))),
                new TortureMutation("two callbacks at once", "A follower misbehaved", TortureMutation::overlap),
                new TortureMutation("the end reported before the last event", "Skipped although it existed", good -> {
                    end(good);
                    remove(good.all, good.all.calls().size() - 2);
                }),
                new TortureMutation("an end that nobody wrote", "Delivered an event that nobody added", good -> {
                    insertLast(good.all, new Got(EventId.MAX, 1_000_000));
                }),
                new TortureMutation(
                        "the end missing before the log began again", "Began again, but not reported", good -> {
                            end(good);
                            good.model.delete();
                            good.model.add(1);
                            remove(good.all, good.all.calls().size() - 1);
                            insertLast(good.all, new Got(good.model.newest(), lastNumber(good)));
                        }),
                new TortureMutation("the end reported twice", "A follower misbehaved", TortureMutation::endTwice),
                new TortureMutation(
                        "a completion in the file that was reported as refused",
                        "Written although reported as not added",
                        good -> {
                            end(good);
                            lastAdd(
                                    good,
                                    add -> new Attempt(
                                            add.log(),
                                            add.numbers(),
                                            add.sentAt(),
                                            Outcome.FAILED,
                                            add.endedAt(),
                                            List.of()));
                        }),
                new TortureMutation("an answered add missing in the file", "Not written as answered", good -> {
                    good.model.trace.attempts.add(new Attempt(
                            TortureModel.LOG, List.of(1_000_000L), 1, Outcome.ANSWERED, 2, List.of(new EventId(1, 5))));
                }),
                new TortureMutation(
                        "an add in the file that was reported as failed",
                        "Written although reported as not added",
                        good -> lastAdd(
                                good,
                                add -> new Attempt(
                                        add.log(),
                                        add.numbers(),
                                        add.sentAt(),
                                        Outcome.FAILED,
                                        add.endedAt(),
                                        List.of()))),
                new TortureMutation("an idempotent add written twice", "Added again with the same key", good -> {
                    good.model.add(1, "key");
                    good.model.history.take(
                            List.of(List.of(
                                    "XADD", TortureModel.LOG, "1000000-0", "n", Long.toString(lastNumber(good)))),
                            0);
                }),
                new TortureMutation("an add written twice", "Added more than once", good -> {
                    good.model.add(1);
                    good.model.history.take(
                            List.of(List.of(
                                    "XADD", TortureModel.LOG, "1000000-0", "n", Long.toString(lastNumber(good)))),
                            0);
                }),
                new TortureMutation("an add written only in part", "Added only in part", good -> {
                    good.model.add(2);
                    lastAdd(good, add -> {
                        List<Long> numbers = new ArrayList<>(add.numbers());
                        numbers.add(1_000_000L);
                        return new Attempt(add.log(), numbers, add.sentAt(), Outcome.UNKNOWN, add.endedAt(), List.of());
                    });
                }),
                new TortureMutation("a committed batch delivered again", "Delivered again after a commit", good -> {
                    Got earlier = got(good.all, 1);
                    for (int i = 4; i > 1; i--) {
                        insert(good.namedNext, 0, got(good.all, i));
                    }
                    goOnAfter(good, earlier);
                }),
                new TortureMutation(
                        "a position found beyond what was delivered",
                        "Continued after an event that was not delivered",
                        good -> {
                            remove(good.namedNext, 0);
                            Got next = (Got) good.namedNext.calls().get(0);
                            remove(good.namedNext, 0);
                            goOnAfter(good, next);
                        }),
                new TortureMutation("two followers of one name at once", "Two followers of one name at once", good -> {
                    int end = good.named.times().size() - 1;
                    good.named.times().set(end, Long.MAX_VALUE);
                }));
    }

    private static TortureMutation calls(String what, String foundAs, Consumer<TortureAccount> change) {
        return new TortureMutation(what, foundAs, good -> change.accept(good.all));
    }

    /** Adds two more events and the end, and lets all followers receive them. */
    private static void end(Good good) {
        good.model.add(2);
        good.model.complete();
        good.model.readers().forEach(reader -> reader.look(9));
    }

    private static void insertLast(TortureAccount account, Object call) {
        account.calls().add(call);
        account.times().add(account.times().get(account.times().size() - 1) + 10_000_000);
    }

    private static void endTwice(Good good) {
        TortureWatch watch = new TortureWatch("ended", TortureModel.LOG, Tail.last(0), false, null, Pace.QUICK, 1);
        watch.onComplete(Completion.done());
        watch.onComplete(Completion.done());
        good.all.complaints().addAll(watch.complaints());
    }

    private static void overlap(Good good) {
        TortureWatch watch = new TortureWatch("overlap", TortureModel.LOG, Tail.last(0), false, null, Pace.QUICK, 1);
        List<Event> batch = new AbstractList<>() {
            @Override
            public Event get(int index) {
                watch.onCaughtUp(); // like a call from another thread
                return new Event(new EventId(1, 0), Map.of("n", "1"));
            }

            @Override
            public int size() {
                return 1;
            }
        };
        try {
            watch.onBatch(batch);
        } catch (Exception unforeseen) {
            throw new IllegalStateException(unforeseen);
        }
        good.all.complaints().addAll(watch.complaints());
    }

    private static void goOnAfter(Good good, Got after) {
        TortureAccount next = good.namedNext;
        int at = good.model.trace.accounts.indexOf(next);
        good.model.trace.accounts.set(
                at,
                new TortureAccount(
                        next.who(),
                        next.log(),
                        Tail.after(after.id()),
                        after,
                        next.calledAt(),
                        next.returnedAt(),
                        next.toTheEnd(),
                        next.durableName(),
                        next.lastBatchMayComeAgain(),
                        next.lastBatchAt(),
                        next.calls(),
                        next.times(),
                        next.complaints()));
    }

    private static void lastAdd(Good good, UnaryOperator<Attempt> change) {
        List<Attempt> attempts = good.model.trace.attempts;
        for (int i = attempts.size() - 1; i >= 0; i--) {
            if (attempts.get(i).log().equals(TortureModel.LOG)) {
                attempts.set(i, change.apply(attempts.get(i)));
                return;
            }
        }
    }

    private static long lastNumber(Good good) {
        List<Long> numbers = new ArrayList<>();
        lastAdd(good, add -> {
            numbers.addAll(add.numbers());
            return add;
        });
        return numbers.get(0);
    }

    private static long number(Good good, EventId id) {
        return good.model.history.lives(TortureModel.LOG).stream()
                .flatMap(life -> life.events.stream())
                .filter(added -> added.id.equals(id))
                .findFirst()
                .orElseThrow()
                .number;
    }

    /** {@return the index of an event among the calls} */
    static int at(TortureAccount account, int event) {
        return where(account, Got.class, event);
    }

    private static int gap(TortureAccount account, int gap) {
        return where(account, Gap.class, gap);
    }

    private static int where(TortureAccount account, Class<?> kind, int which) {
        int left = which;
        for (int i = 0; i < account.calls().size(); i++) {
            if (kind.isInstance(account.calls().get(i)) && left-- == 0) {
                return i;
            }
        }
        throw new IllegalArgumentException("There are at most " + which + " in " + account.calls());
    }

    private static Got got(TortureAccount account, int event) {
        return (Got) account.calls().get(at(account, event));
    }

    static void remove(TortureAccount account, int call) {
        account.calls().remove(call);
        account.times().remove(call);
    }

    private static void insert(TortureAccount account, int at, Object call) {
        account.calls().add(at, call);
        account.times().add(at, account.times().get(at));
    }

    private static Gap removed(TortureAccount account, int before, int next, OptionalLong missed) {
        return new Gap(
                TortureModel.LOG,
                Gap.Kind.REMOVED,
                got(account, before).id(),
                got(account, next).id(),
                missed);
    }

    private static Gap numbered(Gap gap, OptionalLong missed) {
        return new Gap(gap.log(), gap.kind(), gap.lastSeen(), gap.firstAvailable(), missed);
    }

    private static void number(TortureAccount account, int which, int more) {
        int at = gap(account, which);
        Gap gap = (Gap) account.calls().get(at);
        account.calls().set(at, numbered(gap, OptionalLong.of(gap.missed().orElseThrow() + more)));
    }
}
