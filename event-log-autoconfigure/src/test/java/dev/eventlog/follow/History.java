package dev.eventlog.follow;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.EventLogException;
import dev.eventlog.EventLogOptions;
import dev.eventlog.EventLogUnavailableException;
import dev.eventlog.Gap;
import dev.eventlog.Tail;
import dev.eventlog.follow.ModelLog.Added;
import dev.eventlog.follow.ModelLog.Fate;
import dev.eventlog.redis.Connections;
import dev.eventlog.redis.EventMark;
import dev.eventlog.redis.Line;
import dev.eventlog.redis.LogStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.data.redis.core.StringRedisTemplate;
import org.springframework.util.backoff.FixedBackOff;

/**
 * One generated history of a log, its feed, and a few followers. A seed determines the steps, and each step can be left
 * out. The calls of each follower are compared with the fate of each event.
 */
final class History {

    /** A call that a follower received. */
    record Told(@Nullable Added event, @Nullable Loss gap, int life, int readByFeed) {}

    /** A finding in a history. */
    static final class Finding extends RuntimeException {

        private static final long serialVersionUID = 1L;

        Finding(String message) {
            super(message);
        }
    }

    private static final FollowSettings SETTINGS = new FollowSettings(
            4,
            Duration.ofMillis(1),
            6,
            Duration.ofSeconds(1),
            new FixedBackOff(1, Long.MAX_VALUE),
            8,
            Duration.ofSeconds(1),
            Duration.ofSeconds(1),
            16,
            Duration.ofSeconds(1));

    private final Random random;
    private final ModelLog model;
    private final long limit;
    private final List<String> steps = new ArrayList<>();
    private final List<Reader> readers = new ArrayList<>();
    private final LogStream stream;
    private @Nullable LogFeed feed;
    private int readByFeed = -1; // the index of the newest event that the feed has read
    private @Nullable Added endRead; // the closing entry that the feed has read
    private final boolean
            sharesItsLine; // a shared connection has looked before, so its first question is a plain one, too
    private final boolean answersLate; // other things may happen while an answer is under way
    private boolean polling;
    private boolean connected;
    private boolean interrupted;
    private boolean
            lostUnnoticed; // the newest events are lost, and the feed does not know yet that its connection is gone
    int indistinguishable;

    History(long seed, boolean counts) {
        this.random = new Random(seed);
        say("Redis counts: " + counts);
        this.model = new ModelLog(counts);
        this.limit = random.nextBoolean() ? 8 : Long.MAX_VALUE;
        this.sharesItsLine = random.nextBoolean();
        this.answersLate = seed % 2 != 0;
        EventLogOptions options = EventLogOptions.builder()
                .maxLength(limit == Long.MAX_VALUE ? 0 : limit)
                .build();
        this.stream = new LogStream("log", "key", new ModelConnections(model), 4, options);
    }

    /** A follower without threads. */
    private final class Reader {

        private final String name = "follower " + readers.size();
        private @Nullable Cursor cursor;
        private final int startOrder;
        private final int startLife;
        private final EventId startId;
        private final EventId lastSeen;
        private final boolean nothingSeen;
        private final List<Told> told = new ArrayList<>();
        private final List<Added> goneBefore;
        private boolean ended;

        /** Creates a reader that has looked up its start. It has no cursor yet. */
        Reader(StartPoint start) {
            EventId after = start.position();
            int order = -1;
            for (Added added : model.all) {
                if (added.isOf(model.life) && !added.isClosing() && !added.id.isAfter(after)) {
                    order = added.order;
                }
            }
            this.startOrder = order;
            this.startLife = model.life;
            this.startId = start.point().id();
            this.lastSeen = start.loss() != null || startId.equals(EventId.MAX) ? start.position() : startId;
            this.nothingSeen = !start.state().exists();
            this.goneBefore =
                    model.all.stream().filter(added -> added.fate != Fate.THERE).toList();
        }

        private Cursor cursor() {
            return Objects.requireNonNull(cursor);
        }

        /** {@return whether there is a finding} */
        boolean look(int most) {
            if (ended) {
                return false;
            }
            try {
                switch (cursor().look()) {
                    case NOTHING -> {
                        return false;
                    }
                    case COMPLETE -> {
                        end();
                        return true;
                    }
                    case MOVED -> {
                        return true;
                    }
                    case EVENTS -> {
                        List<Event> found = cursor().takeFound();
                        tellLoss();
                        List<Event> batch = found.subList(0, Math.min(found.size(), Math.max(1, most)));
                        batch.forEach(event -> told.add(new Told(model.of(event), null, model.life, readByFeed)));
                        cursor().taken(batch);
                        return true;
                    }
                }
            } catch (EventLogUnavailableException later) {
                return false;
            }
            return false;
        }

        private void tellLoss() {
            Loss loss = cursor().loss();
            if (loss != null) {
                told.add(new Told(null, loss, model.life, readByFeed));
                cursor().told();
            }
        }

        private void end() {
            Added closing = endRead;
            if (closing == null) {
                throw new Finding(name + ": told an end of a log that never had one");
            }
            tellLoss();
            told.add(new Told(closing, null, model.life, readByFeed));
            ended = true;
        }
    }

    /**
     * Runs this number of steps.
     *
     * @param kept selects the steps that are not left out
     * @return the finding; null if there is none
     */
    static @Nullable Finding run(long seed, boolean counts, int steps, Predicate<Integer> kept, History[] done) {
        History history = new History(seed, counts);
        done[0] = history;
        try {
            for (int i = 0; i < steps; i++) {
                long own = seed * 1_000_003 + i;
                if (kept.test(i)) {
                    history.step(i, new Random(own));
                }
            }
            history.comeToTheEnd();
            history.readers.forEach(history::judge);
            return null;
        } catch (Finding finding) {
            return finding;
        } catch (RuntimeException unforeseen) {
            Finding finding = new Finding("The history itself failed: " + unforeseen);
            finding.initCause(unforeseen);
            return finding;
        }
    }

    private void step(int index, Random dice) {
        int choice = dice.nextInt(100);
        if (choice < 30) {
            write(dice);
        } else if (choice < 55) {
            pollOnce(dice);
        } else if (choice < 85) {
            if (!readers.isEmpty()) {
                Reader reader = readers.get(dice.nextInt(readers.size()));
                boolean found = reader.look(dice.nextInt(6));
                say(reader.name + " looks: " + found + ", at " + reader.cursor().point());
            }
        } else if (choice < 91) {
            interrupt(dice);
        } else if (readers.size() < 3) {
            follow(dice);
        }
    }

    private void say(String step) {
        steps.add(step);
    }

    private void write(Random dice) {
        switch (dice.nextInt(17)) {
            case 16 -> {
                if (dice.nextInt(3) == 0) {
                    model.complete();
                    say("complete");
                }
            }
            case 0, 1, 2, 3, 4, 5, 6, 7 -> {
                int count = dice.nextInt(6) == 0 ? 8 + dice.nextInt(12) : 1 + dice.nextInt(3);
                model.add(count, dice.nextInt(3) == 0);
                say("add " + count + ", up to " + model.all.get(model.all.size() - 1));
                if (limit < Long.MAX_VALUE && dice.nextBoolean()) {
                    model.trim((int) limit + dice.nextInt(4));
                    say("trim to about " + limit);
                }
            }
            case 8, 9, 10 -> {
                int keep = dice.nextInt(Math.max(1, model.size()));
                model.trim(keep);
                say("trim to " + keep);
            }
            case 11, 12, 13 -> {
                if (model.size() > 0) {
                    int index = dice.nextInt(3) == 0 ? model.size() - 1 : dice.nextInt(model.size());
                    model.retract(index);
                    say("delete event " + index);
                }
            }
            case 14 -> {
                model.delete(dice.nextBoolean());
                say("delete the log");
            }
            default -> {
                if (dice.nextInt(4) == 0) {
                    model.createGroup();
                    say("create a group");
                }
            }
        }
    }

    private void pollOnce(Random dice) {
        LogFeed polled = feed;
        if (polled == null) {
            return;
        }
        if (interrupted && dice.nextInt(3) > 0) {
            return;
        }
        interrupted = false;
        if (lostUnnoticed) {
            lostUnnoticed = false;
            polled.interrupt();
        }
        model.between = () -> {
            if (dice.nextInt(4) == 0) {
                write(dice);
            }
        };
        if (answersLate) {
            model.underWay = () -> meanwhile(dice);
        }
        polling = true;
        poll(polled);
        polling = false;
        model.between = () -> {};
        model.underWay = () -> {};
    }

    /** An answer is under way, and the feed does not know it yet. */
    private void meanwhile(Random dice) {
        Runnable between = model.between;
        Runnable underWay = model.underWay;
        model.between = () -> {};
        model.underWay = () -> {};
        say("an answer is under way");
        int most = dice.nextInt(4);
        for (int i = 0; i < most; i++) {
            int choice = dice.nextInt(7);
            if (choice == 0) {
                model.delete(dice.nextBoolean());
                say("delete the log");
            } else if (choice < 3) {
                write(dice);
            } else if (choice < 5 && !readers.isEmpty()) {
                readers.get(dice.nextInt(readers.size())).look(dice.nextInt(6));
            } else if (readers.size() < 3) {
                follow(dice);
            }
        }
        model.between = between;
        model.underWay = underWay;
    }

    private void poll(LogFeed polled) {
        try {
            if (!connected || polled.isInterrupted()) {
                polled.begin(model);
                polled.back(null);
                connected = true;
            } else if (sharesItsLine) {
                LogFeed.Question question = polled.question();
                if (polled.answered(question, model.send(question.commands())) == LogFeed.Seen.UNCLEAR) {
                    polled.lookAgain(model);
                }
            } else {
                polled.poll(model);
            }
        } catch (EventLogException failure) {
            polled.interrupt();
        }
        EventMark last = polled.window().end().event();
        seeEnd(polled);
        if (last != null && !model.of(last).isClosing()) {
            readByFeed = Math.max(readByFeed, model.of(last).order);
        }
        say("poll, window ends at " + polled.window().end().point());
    }

    private void seeEnd(LogFeed read) {
        EventMark last = read.window().end().event();
        if (last != null && model.of(last).isClosing()) {
            endRead = model.of(last);
        } else if (read.window().completion() != null) {
            model.all.stream().filter(Added::isClosing).forEach(added -> endRead = added);
        }
    }

    private void interrupt(Random dice) {
        LogFeed lost = feed;
        if (lost == null) {
            return;
        }
        lostUnnoticed = dice.nextBoolean();
        if (!lostUnnoticed) {
            lost.interrupt();
        }
        interrupted = true;
        if (dice.nextInt(3) > 0) {
            int count = dice.nextInt(14);
            model.loseNewest(count, dice.nextInt(3) == 0);
            say("interrupted, another server without the newest " + count);
        } else {
            say("interrupted");
        }
    }

    private void follow(Random dice) {
        EventId id = model.all.isEmpty() ? EventId.MIN : model.all.get(dice.nextInt(model.all.size())).id;
        Tail tail = switch (dice.nextInt(5)) {
            case 0 -> Tail.all();
            case 1 -> Tail.last(0);
            case 2 -> Tail.last(dice.nextInt(12));
            case 3 -> Tail.from(id);
            default -> Tail.after(id);
        };
        TailRange range = TailRange.of(tail, stream.options());
        Feeds.Place place = feed == null ? null : Feeds.Place.of(feed);
        pollInBetween(dice);
        StartPoint start = StartPoint.find(
                stream, range, place == null ? null : place.end().point().id(), 4);
        Reader reader = new Reader(start);
        pollInBetween(dice);
        boolean joins = feed != null
                && place != null
                && place.comebacks() == feed.comebacks()
                && !feed.isInterrupted()
                && start.proves(place.end())
                && feed.admits(place.end().point());
        if (feed == null || place == null || !joins) {
            if (feed != null && !readers.isEmpty()) {
                return; // it would have its own feed, or look up its start again
            }
            feed = new LogFeed(stream, start, SETTINGS, new Observers(List.of()), new SameQuestions());
            connected = sharesItsLine;
            place = Feeds.Place.of(feed);
            readByFeed = model.all.size() - 1;
            seeEnd(feed);
        }
        Cursor cursor = new Cursor(stream, place, start, 4);
        if (dice.nextInt(3) == 0) {
            cursor.takeFound();
        }
        reader.cursor = cursor;
        readers.add(reader);
        say(reader.name + " begins with " + tail + " at " + cursor.point()
                + (start.loss() == null ? "" : ", " + start.loss()));
    }

    /** The feed reads while a follower begins. */
    private void pollInBetween(Random dice) {
        if (answersLate && !polling && dice.nextInt(4) == 0) {
            pollOnce(dice);
        }
    }

    private void comeToTheEnd() {
        if (feed == null) {
            return;
        }
        if (lostUnnoticed) {
            feed.interrupt();
        }
        if (model.isComplete() && random.nextBoolean()) {
            model.delete(false); // otherwise all followers must learn of the completion
        }
        model.add(1, false);
        say("the last event: " + model.all.get(model.all.size() - 1));
        for (int i = 0; i < 400; i++) {
            poll(feed);
            boolean found = false;
            for (Reader reader : readers) {
                boolean more = reader.look(6);
                if (more) {
                    say(reader.name + " looks, at " + reader.cursor().point());
                }
                found |= more;
            }
            if (!found && i > 12) {
                return;
            }
        }
        throw new Finding("Never comes to rest");
    }

    private void judge(Reader reader) {
        Added before = null;
        Loss gap = null;
        List<Added> delivered = new ArrayList<>();
        Set<Added> ever = new HashSet<>();
        for (Told told : reader.told) {
            Added event = told.event();
            if (event == null) {
                if (gap != null) {
                    throw new Finding(reader.name + ": two gaps in a row");
                }
                gap = told.gap();
                EventId lastSeen = before != null ? before.id : reader.lastSeen;
                if (gap != null && !gap.lastSeen().equals(lastSeen)) {
                    throw new Finding(reader.name + ": told " + gap + ", but had seen " + lastSeen);
                }
                continue;
            }
            boolean again = gap != null && gap.kind() == Gap.Kind.BEGAN_AGAIN;
            if (delivered.contains(event) && !again) {
                throw new Finding(reader.name + ": repeats " + event);
            }
            if (reader.goneBefore.contains(event) && !event.isClosing()) {
                throw new Finding(reader.name + ": gone before it began, and delivered: " + event);
            }
            judgeStep(reader, before, event, gap);
            if (again) {
                judgeSkipped(reader, event, ever);
                delivered.clear(); // events may repeat only after this gap
            }
            delivered.add(event);
            ever.add(event);
            before = event;
            gap = null;
        }
        Added last = model.all.get(model.all.size() - 1);
        if (reader.ended && !model.isComplete()) {
            return; // it received the completion of a log that was lost or deleted since
        }
        if (reader.ended != model.isComplete()) {
            throw new Finding(
                    reader.name + ": ended " + reader.ended + ", though the log is complete: " + !reader.ended);
        }
        if (!reader.ended
                && !delivered.contains(last)
                && !reader.cursor().position().isAfter(last.id)) {
            throw new Finding(reader.name + ": never got the last event " + last);
        }
    }

    /** Events that another log holds to the end were always there, so none of them may be passed over. */
    private void judgeSkipped(Reader reader, Added next, Set<Added> ever) {
        passedOver(reader.startOrder, reader.startId, next)
                .filter(added -> !ever.contains(added))
                .findFirst()
                .ifPresent(added -> {
                    throw new Finding(reader.name + ": began again at " + next + ", though there was " + added);
                });
    }

    /** {@return the events that exist to the end, and lie between a position and a later event} */
    private Stream<Added> passedOver(int order, EventId id, Added next) {
        return model.all.stream()
                .filter(added -> added.fate == Fate.THERE && !added.isClosing())
                .filter(added -> added.order > order && added.order < next.order)
                .filter(added -> added.id.isAfter(id) && next.id.isAfter(added.id));
    }

    private void judgeStep(Reader reader, @Nullable Added before, Added next, @Nullable Loss gap) {
        int from = before != null ? before.order : reader.startOrder;
        boolean again = gap != null && gap.kind() == Gap.Kind.BEGAN_AGAIN;
        if (next.order <= from && !again && next.isClosing() && isEndGoneAfter(from)) {
            indistinguishable++;
            return;
        }
        if (next.order <= from && !again) {
            throw new Finding(reader.name + ": out of order, " + next + " after " + from);
        }
        boolean sameLog = before != null
                ? before.lifeEnded > next.lifeAdded
                : reader.startOrder < 0
                        ? reader.nothingSeen || reader.startLife == next.lifeAdded || next.isOf(reader.startLife)
                        : model.all.get(reader.startOrder).lifeEnded > next.lifeAdded;
        if (again) {
            return;
        }
        boolean askedForNothing = before == null
                && gap == null
                && model.all.stream()
                        .noneMatch(added ->
                                !added.isClosing() && added.isOf(next.lifeAdded) && added.id.isAfter(reader.startId));
        if (next.isClosing() && askedForNothing) {
            return;
        }
        if (isEndGone(next) && mayBeAnotherEnd()) {
            indistinguishable++;
            return;
        }
        if (!sameLog) {
            Added last = before != null ? before : reader.startOrder < 0 ? null : model.all.get(reader.startOrder);
            if (gap != null && gap.missed().isEmpty() && !gap.from().rank().isKnown()) {
                indistinguishable++; // the event at the read point is unknown
                return;
            }
            passedOver(from, last == null ? reader.startId : last.id, next)
                    .findFirst()
                    .ifPresent(skipped -> {
                        throw new Finding(
                                reader.name + ": another log, and not delivered: " + skipped + " before " + next);
                    });
            if (!canLookTheSame(reader, last, next, gap)) {
                throw new Finding(reader.name + ": another log, told " + gap + ": " + last + ", then " + next);
            }
            indistinguishable++;
            return;
        }
        int missed = 0;
        int unsure = 0;
        for (Added between : model.all.subList(Math.max(from, -1) + 1, Math.max(from + 1, next.order))) {
            boolean lostTogether = (between.fate == Fate.LOST || between.fate == Fate.DROPPED)
                    && between.fate == next.fate
                    && between.lifeEnded == next.lifeEnded;
            boolean due = between.fate == Fate.TRIMMED || between.fate == Fate.THERE || lostTogether;
            boolean askedFor = before != null || between.id.isAfter(reader.startId);
            if (between.isClosing()) {
                continue;
            }
            if (due && askedFor && between.isOf(next.lifeAdded)) {
                missed++;
            } else if (between.fate == Fate.DROPPED) {
                unsure++;
            }
        }
        if (gap == null && missed > 0 && !model.counts && before == null && reader.startOrder < 0) {
            indistinguishable++; // Redis does not count, and the log is short
            return;
        }
        long countedOthers = model.all.stream()
                .filter(added -> added.fate == Fate.RETRACTED
                        && added.order < next.order
                        && added.lifeAdded >= reader.startLife
                        && !added.isOf(next.lifeAdded))
                .count();
        boolean mayHaveCountedOthers = before == null && reader.startOrder < 0 && missed <= countedOthers;
        if (gap == null && missed > 0 && mayHaveCountedOthers) {
            indistinguishable++; // an event of an earlier log, deleted before it was read, counts as the missed one
            return;
        }
        if (gap == null && missed > 0) {
            throw new Finding(reader.name + ": " + missed + " missed and not told between " + from + " and " + next);
        }
        if (gap != null && gap.missed().isPresent() && gap.missed().getAsLong() != missed) {
            long retracted = model.all.subList(Math.max(from, -1) + 1, Math.max(from + 1, next.order)).stream()
                    .filter(between -> between.fate == Fate.RETRACTED)
                    .count();
            if (next.lifeEnded < Integer.MAX_VALUE && gap.missed().getAsLong() == missed + retracted) {
                indistinguishable++; // another log with as many events does not show what was deleted
                return;
            }
            if (gap.missed().getAsLong() == missed + unsure && (next.fate == Fate.RETRACTED || next.isClosing())) {
                indistinguishable++; // another log looked like this one, trimmed: these events of this one were dropped
                return;
            }
            throw new Finding(reader.name + ": " + missed + " missed, told " + gap + " before " + next + ", " + unsure);
        }
    }

    /** All completions have the same id: the feed told the one that it knew, and a later one is gone. */
    private boolean isEndGoneAfter(int order) {
        return model.all.stream().anyMatch(added -> added.order > order && isEndGone(added));
    }

    /** {@return whether the next log can look to Redis like the log of the last event} */
    private boolean canLookTheSame(Reader reader, @Nullable Added last, Added next, @Nullable Loss gap) {
        if (last == null) {
            return gap == null || !model.counts || next.rank > 1;
        }
        if (!model.counts) {
            boolean endIsGone = next.isClosing() && next.fate == Fate.RETRACTED;
            boolean idWasGivenAgain = model.all.stream()
                    .anyMatch(added -> added != last && added.id.equals(last.id) && isRetractedFrom(next, added));
            return gap != null || endIsGone || idWasGivenAgain;
        }
        if (next.isClosing() && next.fate == Fate.TRIMMED && gap != null) {
            return true;
        }
        long holesAfter = model.all.stream()
                .filter(added -> isRetractedFrom(next, added) && added.order > next.order)
                .count();
        long neverRead = model.all.stream()
                .filter(added -> isRetractedFrom(last, added)
                        && added.order < last.order
                        && reader.told.stream().noneMatch(told -> added.equals(told.event())))
                .count();
        return (next.rank > 1 || holesAfter > (model.livesWithGroup.contains(next.lifeAdded) ? 0 : 1))
                && next.rank + holesAfter + neverRead > last.rank;
    }

    /** {@return whether an event was retracted from the log that had another event} */
    private static boolean isRetractedFrom(Added there, Added event) {
        return event.fate == Fate.RETRACTED && event.isOf(there.lifeAdded);
    }

    /** All completions have the same id: if one of two is gone without a trace, nobody knows which one. */
    private boolean mayBeAnotherEnd() {
        List<Added> ends = model.all.stream().filter(Added::isClosing).toList();
        return ends.size() > 1 && ends.stream().anyMatch(History::isEndGone);
    }

    private static boolean isEndGone(Added added) {
        return added.isClosing() && (added.fate == Fate.TRIMMED || added.fate == Fate.RETRACTED);
    }

    @Override
    public String toString() {
        return String.join("\n", steps) + "\n" + model.all;
    }

    /** All on one line. */
    private record ModelConnections(ModelLog model) implements Connections {

        @Override
        public StringRedisTemplate commands() {
            return new StringRedisTemplate();
        }

        @Override
        public Line line() {
            return model;
        }

        @Override
        public boolean pipelines() {
            return true;
        }

        @Override
        public FeedConnection open(String key) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void stop() {}

        @Override
        public void close() {}
    }
}
