package dev.eventlog.behaviour;

import static dev.eventlog.test.LogTests.await;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogFactory;
import dev.eventlog.Follower;
import dev.eventlog.Tail;
import dev.eventlog.test.Collected;
import dev.eventlog.test.ServerTests;
import dev.eventlog.test.Told;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Generated histories of a log: adds, all kinds of trims, retracted events, and followers that start anywhere and
 * receive batches on command. Each is compared with the contents of Redis after each step. The system properties {@code
 * eventlog.test.seed} and {@code eventlog.test.seeds} set the first history and the number of histories.
 */
class PromisePropertyTests extends ServerTests {

    private static final int FIRST = Integer.getInteger("eventlog.test.seed", 1);
    private static final int SEEDS = Integer.getInteger("eventlog.test.seeds", 4);
    private static final int STEPS = 60;
    private static final int FOLLOWERS = 5;

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void everyFollowerReceivesEachEventOrAGap(boolean retracts) {
        redis.ask("CONFIG", "SET", "stream-node-max-entries", "5"); // an approximate trim removes 5 at once
        EventLogFactory factory = newFactory("eventlog.follow.poll-timeout=50ms");
        List<String> broken = new ArrayList<>();
        for (int seed = FIRST; seed < FIRST + SEEDS; seed++) {
            History history = new History(seed, retracts, factory.create("log-" + seed));
            try {
                history.run();
            } catch (AssertionError | RuntimeException failure) {
                broken.add("seed " + seed + ": " + failure.getMessage() + "\n  after " + history.steps);
            } finally {
                history.readers.forEach(Reader::close);
            }
        }
        if (!broken.isEmpty()) {
            throw new AssertionError(broken.size() + " of " + SEEDS + " histories, such as:\n"
                    + String.join("\n", broken.subList(0, Math.min(3, broken.size()))));
        }
    }

    private final class History {

        private final Random random;
        private final boolean retracts;
        private final EventLog log;
        private final List<EventId> ids = new ArrayList<>();
        private final Set<Integer> retracted = new HashSet<>();
        private final List<Reader> readers = new ArrayList<>();
        private final List<String> steps = new ArrayList<>();
        private TreeSet<Integer> left = new TreeSet<>();

        History(int seed, boolean retracts, EventLog log) {
            this.random = new Random(seed);
            this.retracts = retracts;
            this.log = log;
        }

        void run() {
            addSome(1 + random.nextInt(30));
            for (int step = 0; step < STEPS; step++) {
                step();
            }
            readers.forEach(reader -> reader.permits.release(1_000_000));
            addSome(1);
            int last = ids.size();
            for (Reader reader : readers) {
                Told.awaitLast(reader.listener, last);
                boolean unsure = !redis.isAtLeast(7) || !retracted.isEmpty();
                try {
                    Told.to(reader.listener).assertWhole(reader.first, last, reader.before, reader.since, unsure);
                } catch (AssertionError wrong) {
                    throw new AssertionError(reader.name + ": " + wrong.getMessage(), wrong);
                }
            }
        }

        private void step() {
            switch (random.nextInt(10)) {
                case 0, 1, 2 -> addSome(1 + random.nextInt(25));
                case 3 -> trim("MAXLEN", Integer.toString(random.nextInt(40)));
                case 4 -> trim("MAXLEN", "~", Integer.toString(random.nextInt(40)));
                case 5 -> trim("MINID", ids.get(random.nextInt(ids.size())).toString());
                case 6 -> retractOne();
                case 7 -> begin();
                default -> let();
            }
        }

        private void addSome(int count) {
            int first = ids.size() + 1;
            steps.add("add " + first + ".." + (first + count - 1));
            ids.addAll(add(log.name(), first, first + count));
            for (int n = first; n < first + count; n++) {
                left.add(n);
            }
        }

        private void trim(String... how) {
            List<String> command = new ArrayList<>(List.of("XTRIM", log.name()));
            command.addAll(List.of(how));
            redis.ask(command.toArray(String[]::new));
            List<?> entries = (List<?>) Objects.requireNonNull(redis.ask("XRANGE", log.name(), "-", "+"));
            left = new TreeSet<>();
            for (Object entry : entries) {
                left.add(Integer.valueOf(String.valueOf(((List<?>) ((List<?>) entry).get(1)).get(1))));
            }
            steps.add(String.join(" ", how) + " leaves " + left.size() + " from "
                    + (left.isEmpty() ? "-" : left.first()));
        }

        private void retractOne() {
            if (left.isEmpty() || !retracts) {
                return;
            }
            int number = random.nextInt(4) == 0 ? left.last() : any(left);
            retract(log.name(), ids.get(number - 1));
            steps.add("retract " + number);
            left.remove(number);
            retracted.add(number);
            readers.forEach(reader -> reader.since.add(number));
        }

        private int any(TreeSet<Integer> numbers) {
            return new ArrayList<>(numbers).get(random.nextInt(numbers.size()));
        }

        private void begin() {
            if (readers.size() == FOLLOWERS) {
                return;
            }
            int next = ids.size() + 1;
            int first = left.isEmpty() ? next : left.first();
            Tail tail = Tail.all();
            switch (random.nextInt(4)) {
                case 0 -> {
                    int count = random.nextInt(20);
                    tail = Tail.last(count);
                    first = count == 0
                            ? next
                            : left.descendingSet().stream().limit(count).reduce(next, Math::min);
                }
                case 1 -> {
                    int from = 1 + random.nextInt(ids.size());
                    tail = Tail.from(ids.get(from - 1));
                    first = Objects.requireNonNullElse(left.ceiling(from), next);
                }
                case 2 -> {
                    int seen = left.isEmpty() || first > 2 && random.nextBoolean()
                            ? 1 + random.nextInt(first - 1)
                            : any(left);
                    tail = Tail.after(ids.get(seen - 1));
                    first = seen + 1;
                }
                default -> {}
            }
            Reader reader = new Reader(tail + ", which begins with " + first, first, Set.copyOf(retracted));
            steps.add("follower " + (readers.size() + 1) + " begins with " + tail);
            reader.follower = log.follow(tail, reader.listener);
            readers.add(reader);
        }

        /** Lets one follower receive a few batches, or waits for a follower that may receive all. */
        private void let() {
            if (readers.isEmpty()) {
                return;
            }
            int index = random.nextInt(readers.size());
            Reader reader = readers.get(index);
            int batches = 1 + random.nextInt(3);
            steps.add("follower " + (index + 1) + " is let take " + batches);
            reader.permits.release(batches);
            if (random.nextBoolean()) {
                await().until(() -> reader.permits.availablePermits() == 0 || reader.isAt(left));
            }
        }
    }

    private static final class Reader implements AutoCloseable {

        private final String name;
        private final int first;
        private final Set<Integer> before;
        private final Set<Integer> since = new HashSet<>();
        private final Semaphore permits = new Semaphore(0);
        private final Collected<Event> listener = Collected.and(batch -> permits.acquire());
        private @Nullable Follower follower;

        Reader(String name, int first, Set<Integer> before) {
            this.name = name;
            this.first = first;
            this.before = before;
        }

        /** {@return whether no more events will come} */
        boolean isAt(TreeSet<Integer> left) {
            return left.isEmpty() || left.last() < first || Told.has(listener, left.last());
        }

        @Override
        public void close() {
            permits.release(1_000_000);
            if (follower != null) {
                follower.close();
            }
        }
    }
}
