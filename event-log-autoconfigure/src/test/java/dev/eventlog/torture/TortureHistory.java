package dev.eventlog.torture;

import dev.eventlog.EventId;
import dev.eventlog.test.AppendOnlyFile;
import dev.eventlog.test.AppendOnlyFile.Transaction;
import dev.eventlog.torture.TortureLife.End;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What has become of the logs of a torture run, in the order in which Redis did it: read out of the file in which Redis
 * writes down every write before it answers. What a restart loses is taken back.
 */
final class TortureHistory {

    /** In a history that was kept: so many of the newest writes were lost then. */
    private static final String LOSE = "LOSE";

    /** An event that was added: the same object in all lives that hold it. */
    static final class Added {
        final int order;
        final int tick;
        final String key;
        final EventId id;
        final long number;
        boolean lost; // also if only for a while it was the newest that a server had

        Added(int order, int tick, String key, EventId id, long number) {
            this.order = order;
            this.tick = tick;
            this.key = key;
            this.id = id;
            this.number = number;
        }

        /** {@return whether it is the entry that ends its log, and not an event} */
        boolean isEnd() {
            return id.equals(EventId.MAX);
        }

        @Override
        public String toString() {
            return (isEnd() ? "the end #" : "#") + number + " (" + id + ", write " + order + ")";
        }
    }

    /** What Redis did at once: a command, or the commands of a script. */
    private record Step(List<List<String>> commands, List<Added> added, int tick, int endInFile) {}

    /** What is in Redis. */
    private static final class State {
        final Map<String, TortureLife> logs = new HashMap<>();
        final Map<String, Map<String, String>> hashes = new HashMap<>();
    }

    private final List<Step> steps = new ArrayList<>();
    private final List<List<List<String>>> all = new ArrayList<>(); // with what was lost
    private State current = new State();
    private final Map<String, List<TortureLife>> lives = new HashMap<>();
    private final Map<Long, List<Added>> byNumber = new HashMap<>();
    private final Map<EventId, List<Added>> byId = new HashMap<>();
    private final Map<String, TreeSet<Integer>> gone = new HashMap<>();
    private int orders;
    private int ticks;

    /** Reads what has been written since. The server must not be writing. */
    void read(Path writes) {
        if (Files.exists(writes)) {
            transactions(writes, length()).forEach(each -> take(each.commands(), each.end()));
        }
    }

    private static List<Transaction> transactions(Path file, int from) {
        try {
            return AppendOnlyFile.read(Files.readAllBytes(file), from);
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    /** Keeps all of it, also what was lost, in a file in which Redis would keep it. */
    void save(Path file) throws IOException {
        AppendOnlyFile.write(file, all);
    }

    /** {@return a history that was kept} */
    static TortureHistory load(Path file) {
        TortureHistory history = new TortureHistory();
        for (Transaction each : transactions(file, 0)) {
            List<String> first =
                    each.commands().isEmpty() ? List.of("") : each.commands().get(0);
            if (first.get(0).equals(LOSE)) {
                history.lose(Integer.parseInt(first.get(1)));
            } else {
                history.take(each.commands(), each.end());
            }
        }
        return history;
    }

    /** Takes what Redis did at once. */
    void take(List<List<String>> commands, int endInFile) {
        int tick = ++ticks;
        List<Added> added = new ArrayList<>();
        for (List<String> command : commands) {
            if (command.get(0).equals("XADD")) {
                Added event = event(command, tick);
                added.add(event);
                byNumber.computeIfAbsent(event.number, number -> new ArrayList<>(1))
                        .add(event);
                byId.computeIfAbsent(event.id, id -> new ArrayList<>(1)).add(event);
            }
        }
        Step step = new Step(commands, added, tick, endInFile);
        steps.add(step);
        all.add(commands);
        carryOut(step, current, true);
    }

    private void carryOut(Step step, State on, boolean register) {
        int tick = step.tick();
        int next = 0;
        for (List<String> command : step.commands()) {
            String key = command.size() > 1 ? command.get(1) : "";
            TortureLife life = on.logs.get(key);
            switch (command.get(0)) {
                case "XADD" -> {
                    TortureLife grown = life != null ? life : begin(key, on, tick, register);
                    grown.add(step.added().get(next++));
                    trim(grown, command, idAt(command), tick);
                }
                case "XTRIM" -> {
                    if (life != null) {
                        trim(life, command, command.size(), tick);
                    }
                }
                case "XDEL" -> {
                    if (life != null) {
                        command.subList(2, command.size()).stream()
                                .map(EventId::parse)
                                .filter(id -> !id.equals(EventId.MAX)) // the log stays complete
                                .forEach(id -> life.retract(id, tick));
                    }
                }
                case "XGROUP" -> {
                    TortureLife grouped = on.logs.get(command.get(2));
                    if (grouped != null) {
                        grouped.hasGroups(tick);
                    }
                }
                case "DEL", "UNLINK" ->
                    command.subList(1, command.size()).forEach(each -> end(each, on, tick, register));
                case "FLUSHALL", "FLUSHDB" -> {
                    List.copyOf(on.logs.keySet()).forEach(each -> end(each, on, tick, register));
                    List.copyOf(on.hashes.keySet()).forEach(each -> end(each, on, tick, register));
                }
                case "HSET" -> {
                    Map<String, String> hash = on.hashes.computeIfAbsent(key, each -> new HashMap<>());
                    for (int i = 2; i + 1 < command.size(); i += 2) {
                        hash.put(command.get(i), command.get(i + 1));
                    }
                }
                case "HDEL" ->
                    command.subList(2, command.size()).forEach(field -> {
                        on.hashes.getOrDefault(key, Map.of()).remove(field);
                        noteGone(field, tick, register);
                    });
                case "XSETID" -> {
                    if (life != null) {
                        life.raiseLastId(EventId.parse(command.get(2)));
                    }
                }
                case "SELECT", "PEXPIREAT", "PEXPIRE", "PERSIST" -> {}
                case "SET" -> {} // leases, and the records of adds with an idempotency key
                default -> throw new IllegalStateException("Unexpected among the writes: " + command);
            }
        }
    }

    private static void trim(TortureLife life, List<String> command, int end, int tick) {
        for (int i = 2; i < end; i++) {
            boolean exactly = i + 1 < end && command.get(i + 1).equals("=");
            if (command.get(i).equalsIgnoreCase("MAXLEN")) {
                life.trim(Long.parseLong(command.get(i + (exactly ? 2 : 1))), tick);
            } else if (command.get(i).equalsIgnoreCase("MINID")) {
                String id = command.get(i + (exactly ? 2 : 1));
                life.trimBelow(EventId.parse(id.contains("-") ? id : id + "-0"), tick);
            }
        }
    }

    private TortureLife begin(String key, State on, int tick, boolean register) {
        List<TortureLife> known = lives.computeIfAbsent(key, each -> new ArrayList<>());
        TortureLife life = new TortureLife(known.size(), tick);
        if (register) {
            known.add(life);
        }
        on.logs.put(key, life);
        return life;
    }

    private void end(String key, State on, int tick, boolean register) {
        TortureLife life = on.logs.remove(key);
        if (life != null) {
            life.end(End.DELETED, tick);
        }
        Map<String, String> hash = on.hashes.remove(key);
        if (hash != null) {
            hash.keySet().forEach(field -> noteGone(field, tick, register));
        }
        noteGone(key, tick, register);
    }

    private void noteGone(String what, int tick, boolean register) {
        if (register) {
            gone.computeIfAbsent(what, each -> new TreeSet<>()).add(tick);
        }
    }

    /** {@return where in an {@code XADD} the id stands: behind its options} */
    static int idAt(List<String> command) {
        int at = 2;
        while (true) {
            switch (command.get(at).toUpperCase(Locale.ROOT)) {
                case "MAXLEN", "MINID" -> at += command.get(at + 1).equals("=") ? 3 : 2;
                case "NOMKSTREAM", "KEEPREF", "DELREF", "ACKED" -> at++;
                default -> {
                    return at;
                }
            }
        }
    }

    private Added event(List<String> command, int tick) {
        int at = idAt(command);
        EventId id = EventId.parse(command.get(at));
        long number = id.equals(EventId.MAX) ? TortureLogs.DONE : -1;
        for (int i = at + 1; i + 1 < command.size(); i += 2) {
            if (command.get(i).equals("n") || command.get(i).equals("@reason")) {
                number = Long.parseLong(command.get(i + 1));
            }
        }
        return new Added(orders++, tick, command.get(1), id, number);
    }

    /**
     * Takes back the newest writes, all of them read before.
     *
     * @param count how many at most
     * @return how long the file of the writes is without them
     */
    int lose(int count) {
        int tick = ++ticks;
        all.add(List.of(List.of(LOSE, Integer.toString(count))));
        List<Step> lost = steps.subList(Math.max(0, steps.size() - count), steps.size());
        lost.forEach(step -> step.added().forEach(added -> added.lost = true));
        lost.clear();
        State before = current;
        State now = new State();
        steps.forEach(step -> carryOut(step, now, false));
        current = now;
        for (Map.Entry<String, List<TortureLife>> each : lives.entrySet()) {
            TortureLife was = before.logs.get(each.getKey());
            TortureLife is = now.logs.get(each.getKey());
            if (was != null && is != null && was.isAs(is)) {
                now.logs.put(each.getKey(), was);
                continue;
            }
            if (was != null) {
                was.end(End.LOST, tick);
            }
            if (is != null) {
                TortureLife again = new TortureLife(each.getValue().size(), tick);
                again.continues(is);
                each.getValue().add(again);
                now.logs.put(each.getKey(), again);
            }
        }
        Map<String, String> set = fields(now);
        fields(before).forEach((field, value) -> {
            if (!value.equals(set.get(field))) {
                noteGone(field, tick, true);
            }
        });
        return length();
    }

    private static Map<String, String> fields(State state) {
        Map<String, String> fields = new HashMap<>();
        state.hashes.values().forEach(fields::putAll);
        return fields;
    }

    /** {@return how much of the file it has read, but for what was taken back} */
    int length() {
        return steps.isEmpty() ? 0 : steps.get(steps.size() - 1).endInFile();
    }

    /** {@return all writes of an event of this number: more than one if it was added more than once} */
    List<Added> of(long number) {
        return byNumber.getOrDefault(number, List.of());
    }

    /**
     * {@return the newest event of a log with this id; null if there is none} Redis gives an id again after its clock went back,
     * or after it lost events.
     *
     * @param by the last tick that counts
     */
    @Nullable
    Added newest(String log, EventId id, int by) {
        return newest(withId(log, id), log, id, by);
    }

    /** {@return what a log ever had under an id} */
    Stream<Added> withId(String log, EventId id) {
        return byId.getOrDefault(id, List.of()).stream()
                .filter(event -> lives(log).stream().anyMatch(life -> life.holds(event)));
    }

    /**
     * {@return the newest of the writes of one event to this log under this id; null if there is none} An add that was lost and
     * repeated can get the same id again.
     *
     * @param by the last tick that counts
     */
    @Nullable
    Added newest(long number, String log, EventId id, int by) {
        return newest(of(number).stream(), log, id, by);
    }

    private static @Nullable Added newest(Stream<Added> events, String log, EventId id, int by) {
        return events.filter(added -> added.key.equals(log) && added.id.equals(id) && added.tick <= by)
                .max(Comparator.comparingInt(added -> added.order))
                .orElse(null);
    }

    /** {@return the lives of a log, in order} */
    List<TortureLife> lives(String key) {
        return lives.getOrDefault(key, List.of());
    }

    /** {@return whether a key, or a field of a hash, was deleted or set back after one tick and not after another} */
    boolean wasGone(String what, int after, int by) {
        TreeSet<Integer> at = gone.get(what);
        return at != null && after < by && !at.subSet(after, false, by, true).isEmpty();
    }
}
