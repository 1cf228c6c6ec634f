package dev.eventlog;

import dev.eventlog.TortureHistory.Added;
import dev.eventlog.TortureHistory.End;
import dev.eventlog.TortureHistory.Life;
import dev.eventlog.TortureHistory.Removal;
import dev.eventlog.TortureWatch.Got;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Holds what a torture run has seen against what has become of its logs, by the guarantee in the README. */
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
                    + " after " + (endedAt - sentAt) / 1_000_000 + " ms"
                    + (ids.isEmpty() ? "" : ", first as " + ids.get(0));
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
    private final Map<Long, Attempt> attempts = new HashMap<>();
    private final List<String> violations = new ArrayList<>();
    private final Map<String, Integer> figures = new TreeMap<>();

    /**
     * A judge.
     *
     * @param counts whether this Redis counts what was added, so that gaps say how much they are
     */
    TortureJudge(TortureHistory history, boolean counts) {
        this.history = history;
        this.counts = counts;
    }

    /** {@return what was found, each a kind, a colon and a text} */
    List<String> violations() {
        return violations;
    }

    Map<String, Integer> figures() {
        return figures;
    }

    private void violation(String kind, String text) {
        violations.add(kind + ": " + text);
    }

    private void count(String figure) {
        figures.merge(figure, 1, Integer::sum);
    }

    /** Judges the adds; to be called first. */
    void judgeAdds(List<Attempt> all) {
        for (Attempt attempt : all) {
            count("adds " + attempt.outcome().name().toLowerCase(Locale.ROOT));
            List<Added> found = new ArrayList<>();
            boolean twice = false;
            if (attempt.key() != null) {
                attempts.putIfAbsent(attempt.numbers().get(0), attempt);
                continue;
            }
            for (long number : attempt.numbers()) {
                attempts.put(number, attempt);
                List<Added> added = history.of(number);
                found.addAll(added);
                twice |= added.size() > 1;
            }
            if (twice) {
                violation("Added more than once", some(found) + ", " + attempt);
                continue;
            }
            List<EventId> ids = found.stream().map(added -> added.id).toList();
            if (attempt.outcome() == Outcome.ANSWERED && !ids.equals(attempt.ids())) {
                violation("Answered, but not written so", some(found) + ", " + attempt);
            }
            if (attempt.outcome() == Outcome.FAILED && !found.isEmpty()) {
                violation("Said not to be added, but written", some(found) + ", " + attempt);
            }
            if (attempt.outcome() == Outcome.UNKNOWN && !found.isEmpty()) {
                count("adds unknown that were carried out");
            }
            if (!found.isEmpty() && found.size() != attempt.numbers().size()) {
                violation("Added in part", some(found) + ", " + attempt);
            }
            for (int i = 1; i < found.size(); i++) {
                if (found.get(i).order != found.get(i - 1).order + 1) {
                    violation("Not side by side", some(found) + ", " + attempt);
                    break;
                }
            }
        }
    }

    /** Judges what one follower got. */
    void judge(TortureWatch watch) {
        count(watch.toTheEnd ? "followers to the end" : "followers that went");
        watch.complaints().forEach(complaint -> violation("A follower misbehaved", watch + ": " + complaint));
        Added before = watch.resumed == null ? null : added(watch, watch.resumed);
        boolean resuming = before != null;
        Gap gap = null;
        int deletedOnTheWay = 0;
        Set<Added> ever = Collections.newSetFromMap(new IdentityHashMap<>());
        Set<Added> inThisLife = Collections.newSetFromMap(new IdentityHashMap<>());
        for (Object call : watch.calls()) {
            if (call instanceof Gap told) {
                count("gaps " + told.kind().name().toLowerCase(Locale.ROOT));
                if (gap != null) {
                    violation("Two gaps in a row", watch + ": " + gap + " and " + told);
                }
                gap = told;
                if (told.kind() == Gap.Kind.BEGAN_AGAIN) {
                    inThisLife.clear();
                }
                continue;
            }
            count("events delivered");
            Added next = added(watch, (Got) call);
            if (next == null) {
                continue;
            }
            if (!inThisLife.add(next)) {
                violation("Delivered twice in a life", watch + where(before, next, gap));
            } else if (!ever.add(next)) {
                count("events delivered again after data was lost");
                if (holding(next).size() == 1) {
                    violation("Delivered twice", watch + where(before, next, gap));
                }
            }
            if (before == null) {
                judgeStart(watch, next, gap);
                deletedOnTheWay = deletedBefore(next);
            } else {
                deletedOnTheWay = judgeStep(watch, before, next, gap, deletedOnTheWay, resuming);
            }
            if (gap != null
                    && (!gap.firstAvailable().equals(next.id)
                            || (before != null && !gap.lastSeen().equals(before.id)))) {
                violation("A gap with other ends", watch + where(before, next, gap));
            }
            gap = null;
            before = next;
            resuming = false;
        }
        if (gap != null && watch.toTheEnd) {
            violation("A gap and nothing after it", watch + ": " + gap);
        }
    }

    private @Nullable Added added(TortureWatch watch, Got got) {
        for (Added added : history.of(got.number())) {
            if (added.id.equals(got.id()) && added.key.equals(watch.log)) {
                return added;
            }
        }
        violation("Delivered what nobody added", watch + ": " + got + ", of this number " + history.of(got.number()));
        return null;
    }

    private List<Life> holding(Added added) {
        return history.lives(added.key).stream()
                .filter(life -> life.index.containsKey(added))
                .toList();
    }

    /** The last life that holds both, if there is one. */
    private @Nullable Life common(Added one, Added other) {
        Life found = null;
        for (Life life : history.lives(one.key)) {
            if (life.index.containsKey(one) && life.index.containsKey(other)) {
                found = life;
            }
        }
        return found;
    }

    private static int at(Life life, Added added) {
        Integer index = life.index.get(added);
        if (index == null) {
            throw new IllegalArgumentException(added + " is not in " + life);
        }
        return index;
    }

    /** What was added after {@code follow} had returned is due, and so is what was there and is there still. */
    private void judgeStart(TortureWatch watch, Added first, @Nullable Gap gap) {
        if (gap != null) {
            return;
        }
        List<Added> missed = new ArrayList<>();
        for (Life life : history.lives(watch.log)) {
            for (Added due : life.events) {
                if (due.order < first.order && isDue(watch, due, life, first) && !isExcused(due)) {
                    missed.add(due);
                }
            }
        }
        if (!missed.isEmpty()) {
            List<Life> theirs = holding(missed.get(missed.size() - 1));
            boolean sameLife = theirs.get(theirs.size() - 1).index.containsKey(first);
            if (!sameLife && !watch.logWasThere) {
                count("whole lives missed by one that began before there was a log");
                return;
            }
            violation(
                    sameLife ? "Missed after the start and not told" : "A life missed after the start and not told",
                    watch + ": " + missed.size() + ", " + some(missed) + " of " + theirs + where(null, first, null));
        }
    }

    private boolean isDue(TortureWatch watch, Added added, Life life, Added first) {
        Attempt attempt = attempts.get(added.number);
        if (attempt == null) {
            return false;
        }
        if (attempt.sentAt() > watch.returnedAt) {
            return true;
        }
        return attempt.outcome() == Outcome.ANSWERED
                && attempt.endedAt() < watch.calledAt
                && life.index.containsKey(first)
                && holding(first).stream().noneMatch(each -> each.removed.containsKey(added))
                && !watch.limited
                && (watch.tail instanceof Tail.All
                        || (watch.tail instanceof Tail.From from && added.id.compareTo(from.id()) >= 0));
    }

    /** Deleted one by one, or lost by a restart before anybody had to have read it. */
    private boolean isExcused(Added added) {
        List<Life> lives = holding(added);
        return lives.get(lives.size() - 1).end == End.LOST || wasDeleted(added);
    }

    /** Deleted by itself, also if a restart that lost this brought it back. */
    private boolean wasDeleted(Added added) {
        return holding(added).stream().anyMatch(life -> life.removed.get(added) == Removal.DELETED);
    }

    /** From one delivered event to the next. Answers how many events were deleted on the way and have not been told yet. */
    private int judgeStep(
            TortureWatch watch, Added before, Added next, @Nullable Gap gap, int deletedBefore, boolean resuming) {
        boolean again = gap != null && gap.kind() == Gap.Kind.BEGAN_AGAIN;
        if (next.order < before.order && !again) {
            violation("Out of order", watch + where(before, next, gap));
            return 0;
        }
        Life life = common(before, next);
        if (life == null) {
            judgeAnotherLife(watch, before, next, gap, resuming);
            return deletedBefore(next);
        }
        int deleted = deletedBefore;
        List<Added> missed = new ArrayList<>();
        for (int i = at(life, before) + 1; i < at(life, next); i++) {
            Added between = life.events.get(i);
            if (wasDeleted(between)) {
                deleted++;
            } else {
                missed.add(between);
            }
        }
        if (gap == null) {
            if (!missed.isEmpty()) {
                violation(
                        "Missed and not told",
                        watch + ": " + missed.size() + ", " + some(missed) + where(before, next, null));
            }
            return deleted;
        }
        if (again) {
            if (next.order > before.order && holding(before).size() == 1) {
                if (counts) {
                    violation("Did not begin again", watch + where(before, next, gap));
                } else {
                    count("gaps began_again that were none");
                }
            }
            return deletedBefore(next);
        }
        if (gap.missed().isEmpty()) {
            if (missed.isEmpty() && deleted == 0) {
                count("gaps removed that were none, of an unknown number");
            }
            return deleted;
        }
        long told = gap.missed().getAsLong();
        int deletedLater = 0; // which can be told in advance
        for (Added later : life.events.subList(at(life, next), life.events.size())) {
            deletedLater += wasDeleted(later) ? 1 : 0;
        }
        if (told < Math.max(1, missed.size()) || told > missed.size() + deleted + deletedLater) {
            violation(
                    "Wrong number of missed events",
                    watch + ": " + missed.size() + " and up to " + deleted + " + " + deletedLater + " deleted ones"
                            + where(before, next, gap) + ", earlier " + gapsBefore(watch, gap));
            return 0; // once is enough
        }
        return (int) (missed.size() + deleted - told);
    }

    /** The last few gaps that were told before this one. */
    private static List<Gap> gapsBefore(TortureWatch watch, Gap gap) {
        List<Gap> all = watch.calls().stream()
                .filter(Gap.class::isInstance)
                .map(Gap.class::cast)
                .toList();
        int at = all.indexOf(gap);
        return all.subList(Math.max(0, at - 3), at);
    }

    /** How many events that come before this one in its life were deleted one by one: some may be told of later. */
    private int deletedBefore(Added first) {
        int most = 0;
        for (Life life : holding(first)) {
            int deleted = 0;
            for (Added before : life.events.subList(0, at(life, first))) {
                deleted += wasDeleted(before) ? 1 : 0;
            }
            most = Math.max(most, deleted);
        }
        return most;
    }

    private void judgeAnotherLife(TortureWatch watch, Added before, Added next, @Nullable Gap gap, boolean resuming) {
        if (gap == null) {
            int unread = unread(before);
            String kind = "Began again and not told" + (unread > 0 ? ", with unread events" : "");
            if (resuming) {
                count(kind + ", to one that resumed");
            } else if (unread == 0
                    && (!counts || holding(next).stream().anyMatch(life -> at(life, next) == most(before) + 1))) {
                count("began again and not told, where nothing was missed and the counts agreed");
            } else {
                violation(kind, watch + ": " + unread + " unread" + where(before, next, null));
            }
        } else if (gap.kind() == Gap.Kind.REMOVED && counts) {
            count("began again, told as removed");
            if (holding(next).stream().allMatch(each -> each.removed.isEmpty())) {
                violation("Began again and told as removed", watch + where(before, next, gap));
            }
        }
    }

    /** Which event of its lives it was. */
    private int most(Added added) {
        return holding(added).stream().mapToInt(life -> at(life, added)).max().orElse(-1);
    }

    /** How many events followed in the life in which this one was read, if that ended by being deleted. */
    private int unread(Added last) {
        int most = 0;
        for (Life life : holding(last)) {
            if (life.end == End.DELETED) {
                int unread = 0;
                for (Added after : life.events.subList(at(life, last) + 1, life.events.size())) {
                    unread += life.removed.get(after) == Removal.DELETED ? 0 : 1;
                }
                most = Math.max(most, unread);
            }
        }
        return most;
    }

    /** The lives that hold an event, and where in them it is. */
    private String places(Added added) {
        return holding(added).stream()
                .map(life -> at(life, added) + " in " + life)
                .toList()
                .toString();
    }

    private String where(@Nullable Added before, Added next, @Nullable Gap gap) {
        return " [after " + before + (before == null ? "" : ", " + places(before)) + " came " + next + ", "
                + places(next) + (gap == null ? ", no gap" : ", told: " + gap) + "]";
    }

    private static String some(List<Added> events) {
        return events.size() <= 3
                ? events.toString()
                : "[" + events.get(0) + ", " + events.get(1) + " … " + events.get(events.size() - 1) + "]";
    }
}
