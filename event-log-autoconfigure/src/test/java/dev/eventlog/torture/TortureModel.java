package dev.eventlog.torture;

import dev.eventlog.EventId;
import dev.eventlog.Gap;
import dev.eventlog.Tail;
import dev.eventlog.torture.TortureJudge.Attempt;
import dev.eventlog.torture.TortureJudge.Outcome;
import dev.eventlog.torture.TortureWatch.Got;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A correct log with correct followers, in which a judge must find no violation. The model is not a second judge,
 * because it knows only the current contents of the log and the pending events of each follower. Before and after each
 * change, it adds an event to another log, so that the judge knows the time of the change.
 */
final class TortureModel {

    static final String LOG = "log";
    static final String PULSE = "pulse";
    private static final long STEP = 1_000;

    private record Entry(long number, EventId id) {}

    /** The contents at a moment. A restart can go back to them. */
    private record Moment(boolean exists, boolean complete, List<Entry> entries, List<Entry> ever) {}

    /** A follower of the log. */
    final class Reader {
        final TortureAccount account;
        private final List<Entry> pending = new ArrayList<>();
        private EventId last = EventId.MIN;
        private EventId cursor =
                ever.isEmpty() ? EventId.MIN : ever.get(ever.size() - 1).id();
        private EventId floor = EventId.MIN; // it requests all events above this id
        private long missed;
        private boolean beganAgain;
        private boolean cannotTell; // whether it resumes after an event that is gone
        private boolean knowsLog = exists; // if false, the first log that it sees is not a new one
        private boolean ended; // whether it received the end of its log

        private Reader(String who, Tail tail, @Nullable Got resumed, @Nullable String durableName) {
            long now = now();
            account = new TortureAccount(
                    who,
                    LOG,
                    tail,
                    resumed,
                    now,
                    now,
                    false,
                    durableName,
                    false,
                    0,
                    new ArrayList<>(),
                    new ArrayList<>(),
                    new ArrayList<>());
        }

        /** Takes at most this number of events. A gap comes first if one is due. */
        void look(int most) {
            long now = now();
            if (ended || pending.isEmpty() || most == 0) {
                return;
            }
            EventId first = pending.get(0).id();
            if (beganAgain) {
                call(new Gap(LOG, Gap.Kind.BEGAN_AGAIN, last, first, OptionalLong.empty()), now);
            } else if (missed > 0 || cannotTell) {
                boolean certain = counts && !cannotTell && !isClosingEntryDeleted();
                OptionalLong number = certain ? OptionalLong.of(missed) : OptionalLong.empty();
                call(new Gap(LOG, Gap.Kind.REMOVED, last, first, number), now);
            }
            beganAgain = false;
            cannotTell = false;
            missed = 0;
            for (int i = 0; i < most && !pending.isEmpty(); i++) {
                Entry next = pending.remove(0);
                call(new Got(next.id(), next.number()), now);
                last = next.id();
                ended = last.equals(EventId.MAX);
                cursor = last;
                floor = floor.compareTo(last) < 0 ? last : floor;
            }
        }

        private void call(Object call, long at) {
            account.calls().add(call);
            account.times().add(at);
        }

        /** Replaces this follower with one that resumes at its position, unless it has reached the end of the log. */
        Reader resume(String who, @Nullable String durableName) {
            if (ended) {
                return this;
            }
            Got end = account.calls().stream()
                    .filter(Got.class::isInstance)
                    .map(Got.class::cast)
                    .reduce((one, other) -> other)
                    .orElseThrow();
            Reader next = new Reader(who, Tail.after(end.id()), end, durableName);
            next.pending.addAll(pending);
            next.last = last;
            next.cursor = last;
            next.floor = last;
            next.missed = missed;
            next.knowsLog = true;
            next.beganAgain =
                    beganAgain && ever.stream().noneMatch(entry -> entry.id().equals(end.id()));
            next.cannotTell = !next.beganAgain
                    && entries.stream().noneMatch(entry -> entry.id().equals(end.id()));
            readers.remove(this);
            return register(next);
        }
    }

    private final boolean counts;
    private final List<Reader> readers = new ArrayList<>();
    private final List<Entry> entries = new ArrayList<>();
    private final List<Entry> ever = new ArrayList<>(); // all events since the log began
    private final List<Moment> moments = new ArrayList<>(); // before each step that can be lost
    private final Set<Long> retracted = new HashSet<>();
    private boolean exists;
    private boolean complete;
    private long numbers;
    private long ticks;
    final TortureHistory history = new TortureHistory();
    final TortureTrace trace;

    TortureModel(boolean counts) {
        this.counts = counts;
        this.trace = new TortureTrace(counts, Map.of());
    }

    private long now() {
        return ticks * STEP + STEP / 2;
    }

    /** {@return the violations that a judge finds} */
    List<String> judge() {
        return trace.judge(history).violations();
    }

    /** Appends one step of Redis to the history. Call this before the model does the same. */
    private void write(List<List<String>> commands) {
        moments.add(new Moment(exists, complete, List.copyOf(entries), List.copyOf(ever)));
        ticks++;
        history.take(commands, 0);
    }

    /** Adds an event to the other log, to mark the time. */
    private void pulse() {
        long number = ++numbers;
        EventId id = new EventId(ticks + 1, 0);
        write(List.of(xadd(PULSE, number, id)));
        attempt(PULSE, List.of(number), List.of(id), null);
    }

    private static List<String> xadd(String log, long number, EventId id) {
        return List.of("XADD", log, id.toString(), "n", Long.toString(number));
    }

    private void attempt(String log, List<Long> numbers, List<EventId> ids, @Nullable String key) {
        trace.attempts.add(new Attempt(
                log, numbers, ticks * STEP - STEP / 3, Outcome.ANSWERED, ticks * STEP + STEP / 3, ids, key));
    }

    void add(int count) {
        add(count, null);
    }

    /** Adds this number of events in one step, unless the log is complete. */
    void add(int count, @Nullable String key) {
        if (complete) {
            return;
        }
        pulse();
        List<Entry> added = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            added.add(new Entry(++numbers, new EventId(ticks + 1, i)));
        }
        write(added.stream().map(entry -> xadd(LOG, entry.number(), entry.id())).toList());
        written(added, key);
    }

    /** Completes the log. All followers get one more entry, which is the last one. */
    void complete() {
        if (!complete) {
            pulse();
            Entry end = new Entry(++numbers, EventId.MAX);
            String reason = Long.toString(end.number());
            write(List.of(List.of("XADD", LOG, EventId.MAX.toString(), "@complete", "failed", "@reason", reason)));
            complete = true;
            written(List.of(end), null);
        }
    }

    /** Deletes the entry that ends the log. All followers get it nevertheless, because the log stays complete. */
    void deleteClosingEntry() {
        if (complete && !isClosingEntryDeleted()) {
            pulse();
            write(List.of(List.of("XDEL", LOG, EventId.MAX.toString())));
            entries.remove(entries.size() - 1);
            pulse();
        }
    }

    private boolean isClosingEntryDeleted() {
        return complete && entries.stream().noneMatch(entry -> entry.id().equals(EventId.MAX));
    }

    /** The entries that a follower gets: those of Redis, and always that which ends a complete log. */
    private List<Entry> visible() {
        List<Entry> visible = new ArrayList<>(entries);
        if (isClosingEntryDeleted()) {
            visible.add(ever.get(ever.size() - 1));
        }
        return visible;
    }

    private void written(List<Entry> added, @Nullable String key) {
        attempt(
                LOG,
                added.stream().map(Entry::number).toList(),
                added.stream().map(Entry::id).toList(),
                key);
        exists = true;
        entries.addAll(added);
        ever.addAll(added);
        for (Reader reader : readers) {
            reader.pending.addAll(added);
            reader.knowsLog = true;
        }
        pulse();
    }

    /** Trims the log. The closing entry counts as an event, and stays. */
    void trim(int most) {
        int length = complete && !isClosingEntryDeleted() ? Math.max(1, most) : most;
        if (exists) {
            pulse();
            write(List.of(List.of("XTRIM", LOG, "MAXLEN", Integer.toString(length))));
            while (entries.size() > length) {
                Entry gone = entries.remove(0);
                readers.forEach(reader -> reader.missed += reader.pending.remove(gone) ? 1 : 0);
            }
            pulse();
        }
    }

    /** Deletes a single existing event. */
    void retract(int at) {
        if (at < entries.size() && !entries.get(at).id().equals(EventId.MAX)) {
            pulse();
            Entry gone = entries.get(at);
            write(List.of(List.of("XDEL", LOG, gone.id().toString())));
            entries.remove(gone);
            retracted.add(gone.number());
            readers.forEach(reader -> reader.pending.remove(gone));
            pulse();
        }
    }

    void delete() {
        if (exists) {
            pulse();
            write(List.of(List.of("DEL", LOG)));
            exists = false;
            complete = false;
            entries.clear();
            ever.clear();
            for (Reader reader : readers) {
                reader.pending.clear();
                reader.beganAgain = true;
            }
            pulse();
        }
    }

    /** A restart loses the newest writes. */
    void lose(int steps) {
        if (moments.isEmpty()) {
            return;
        }
        int left = Math.max(0, moments.size() - steps);
        Moment back = moments.get(left);
        boolean another = exists != back.exists() || complete != back.complete() || !entries.equals(back.entries());
        moments.subList(left, moments.size()).clear();
        history.lose(steps);
        ticks++;
        exists = back.exists();
        complete = back.complete();
        entries.clear();
        entries.addAll(back.entries());
        ever.clear();
        ever.addAll(back.ever());
        for (Reader reader : readers) {
            boolean cursorIsLost = !reader.cursor.equals(EventId.MIN)
                    && ever.stream().noneMatch(entry -> entry.id().equals(reader.cursor));
            if (another || cursorIsLost) {
                goesBack(reader);
            }
        }
        pulse();
    }

    /** Lets a follower begin again after a loss. It gets the events that it has not received yet. */
    private void goesBack(Reader reader) {
        List<Long> had = new ArrayList<>();
        reader.account.calls().forEach(call -> {
            if (call instanceof Got got) {
                had.add(got.number());
            }
        });
        reader.pending.clear();
        visible().stream()
                .filter(entry -> entry.id().compareTo(reader.floor) > 0 && !had.contains(entry.number()))
                .forEach(reader.pending::add);
        reader.beganAgain = reader.knowsLog;
        reader.cannotTell = false;
        reader.missed = 0;
        reader.knowsLog |= exists;
    }

    Reader follow(String who, Tail tail) {
        return follow(who, tail, null);
    }

    Reader follow(String who, Tail tail, @Nullable String durableName) {
        Reader reader = new Reader(who, tail, null, durableName);
        List<Entry> visible = visible();
        reader.pending.addAll(visible);
        if (tail instanceof Tail.Last last) {
            reader.pending
                    .subList(0, (int) Math.max(0, visible.size() - last.count() - (complete ? 1 : 0)))
                    .clear();
        } else if (tail instanceof Tail.From from) {
            reader.pending.removeIf(entry -> entry.id().compareTo(from.id()) < 0);
        }
        int asked = visible.size() - reader.pending.size();
        reader.floor = asked == 0 ? EventId.MIN : visible.get(asked - 1).id();
        return register(reader);
    }

    private Reader register(Reader reader) {
        readers.add(reader);
        trace.accounts.add(reader.account);
        return reader;
    }

    /** {@return whether somebody deleted this single event, even if a restart lost the deletion} */
    boolean wasRetracted(long number) {
        return retracted.contains(number);
    }

    EventId newest() {
        return entries.get(entries.size() - 1).id();
    }

    int size() {
        return entries.size();
    }

    List<Reader> readers() {
        return List.copyOf(readers);
    }
}
