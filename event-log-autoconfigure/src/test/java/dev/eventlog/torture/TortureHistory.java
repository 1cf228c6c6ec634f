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
 * The history of the logs of a torture run, in the order of Redis. It is read from the file where Redis stores each
 * write before it answers. {@link #lose} takes back the writes that a restart lost.
 */
final class TortureHistory {

    /** The command in a stored history that says how many of the newest writes were lost at that point. */
    private static final String LOSE = "LOSE";

    /** An added event. All lives with this event contain the same object. */
    static final class Added {
        final int order;
        final int tick;
        final String key;
        final EventId id;
        final long number;
        boolean lost; // whether a restart or a failover lost it

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

    /** One step of Redis: a command, or all commands of a script. */
    private record Step(List<List<String>> commands, List<Added> added, int tick, int endInFile) {}

    /** The contents of Redis. */
    private static final class State {
        final Map<String, TortureLife> logs = new HashMap<>();
        final Map<String, Map<String, String>> hashes = new HashMap<>();
    }

    private final List<Step> steps = new ArrayList<>();
    private final List<List<List<String>>> all = new ArrayList<>(); // including lost writes
    private State current = new State();
    private final Map<String, List<TortureLife>> lives = new HashMap<>();
    private final Map<Long, List<Added>> byNumber = new HashMap<>();
    private final Map<EventId, List<Added>> byId = new HashMap<>();
    private final Map<String, TreeSet<Integer>> gone = new HashMap<>();
    private int orders;
    private int ticks;

    /** Reads the writes since the last call. The server must not write at the same time. */
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

    /** Stores the complete history, including lost writes, in the file format of Redis. */
    void save(Path file) throws IOException {
        AppendOnlyFile.write(file, all);
    }

    /** {@return a stored history} */
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

    /** Appends one step of Redis. */
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
                        for (String id : command.subList(2, command.size())) {
                            delete(life, EventId.parse(id), tick);
                        }
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

    private static void delete(TortureLife life, EventId id, int tick) {
        if (id.equals(EventId.MAX)) {
            life.deleteClosingEntry(tick);
        } else {
            life.retract(id, tick);
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

    /** {@return the index of the id in an {@code XADD}, after its options} */
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
     * Takes back the newest writes. All of them must have been read before.
     *
     * @param count the maximum number of writes
     * @return the length of the file without these writes
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

    /** {@return the length of the part of the file that has been read, without writes that were taken back} */
    int length() {
        return steps.isEmpty() ? 0 : steps.get(steps.size() - 1).endInFile();
    }

    /** {@return all writes of the event with this number; more than one if it was added more than once} */
    List<Added> of(long number) {
        return byNumber.getOrDefault(number, List.of());
    }

    /**
     * {@return the newest event of a log with this id; null if there is none} Redis can assign an id again after its
     * clock went back, or after it lost events.
     *
     * @param by the last tick that counts
     */
    @Nullable
    Added newest(String log, EventId id, int by) {
        return newest(withId(log, id), log, id, by);
    }

    /** {@return all events that a log ever had with an id} */
    Stream<Added> withId(String log, EventId id) {
        return byId.getOrDefault(id, List.of()).stream()
                .filter(event -> lives(log).stream().anyMatch(life -> life.holds(event)));
    }

    /**
     * {@return the newest write of one event to this log with this id; null if there is none} An add that was lost and
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

    /**
     * {@return whether a key, or a field of a hash, was deleted or set back in a range of ticks}
     *
     * @param after the tick before the range
     * @param by the last tick of the range
     */
    boolean wasGone(String what, int after, int by) {
        TreeSet<Integer> at = gone.get(what);
        return at != null && after < by && !at.subSet(after, false, by, true).isEmpty();
    }
}
