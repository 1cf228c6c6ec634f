package dev.eventlog;

import dev.eventlog.test.AppendOnlyFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What has become of the logs of a torture run, in the order in which Redis did it: read out of the file in which Redis
 * writes down every write before it answers. What a restart loses is taken back.
 */
final class TortureHistory {

    /** Why a life ended. */
    enum End {
        /** Deleted, expired or flushed: its unread events are to be told of. */
        DELETED,
        /** Lost by the restart of a server that had lost writes. */
        LOST
    }

    /** Why an event is no longer in a life of its log. */
    enum Removal {
        TRIMMED,
        DELETED
    }

    /** An event that was added: the same object in all lives that hold it. */
    static final class Added {
        final int order;
        final String key;
        final EventId id;
        final long number;

        Added(int order, String key, EventId id, long number) {
            this.order = order;
            this.key = key;
            this.id = id;
            this.number = number;
        }

        @Override
        public String toString() {
            return "#" + number + " (" + id + ", write " + order + ")";
        }
    }

    /** A log from its first event until it was deleted, or set back by a restart that lost writes. */
    static final class Life {
        final int ordinal;
        final String key;
        final List<Added> events = new ArrayList<>();
        final Map<Added, Integer> index = new IdentityHashMap<>();
        final Map<Added, Removal> removed = new IdentityHashMap<>();
        private final ArrayDeque<Added> kept = new ArrayDeque<>();

        @Nullable
        End end;

        Life(int ordinal, String key) {
            this.ordinal = ordinal;
            this.key = key;
        }

        private void add(Added added) {
            index.put(added, events.size());
            events.add(added);
            kept.add(added);
        }

        private void trim(long length) {
            while (kept.size() > length) {
                removed.put(kept.remove(), Removal.TRIMMED);
            }
        }

        private void delete(EventId id) {
            kept.removeIf(added -> {
                boolean gone = added.id.equals(id);
                if (gone) {
                    removed.put(added, Removal.DELETED);
                }
                return gone;
            });
        }

        private boolean isAs(Life other) {
            return end == null
                    && events.size() == other.events.size()
                    && removed.size() == other.removed.size()
                    && events.get(0) == other.events.get(0);
        }

        @Override
        public String toString() {
            return "life " + ordinal + " of " + events.size() + " events, " + removed.size() + " removed"
                    + (end == null ? "" : ", " + end);
        }
    }

    /** What Redis did at once: a command, or the commands of a script. */
    private record Step(List<List<String>> commands, List<Added> added, int endInFile) {}

    private final List<Step> steps = new ArrayList<>();
    private final Map<String, Life> current = new HashMap<>();
    private final Map<String, List<Life>> lives = new HashMap<>();
    private final Map<Long, List<Added>> byNumber = new HashMap<>();
    private int orders;

    /** Reads what has been written since. The server must not be writing. */
    void read(Path writes) {
        if (!Files.exists(writes)) {
            return;
        }
        byte[] file;
        try {
            file = Files.readAllBytes(writes);
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
        AppendOnlyFile.read(file, length()).forEach(each -> take(each.commands(), each.end()));
    }

    private void take(List<List<String>> commands, int end) {
        List<Added> added = new ArrayList<>();
        for (List<String> command : commands) {
            if (command.get(0).equals("XADD")) {
                Added event = event(command);
                added.add(event);
                byNumber.computeIfAbsent(event.number, number -> new ArrayList<>(1))
                        .add(event);
            }
        }
        Step step = new Step(commands, added, end);
        steps.add(step);
        carryOut(step, current, true);
    }

    private void carryOut(Step step, Map<String, Life> on, boolean register) {
        int next = 0;
        for (List<String> command : step.commands()) {
            String key = command.size() > 1 ? command.get(1) : "";
            Life life = on.get(key);
            switch (command.get(0)) {
                case "XADD" -> {
                    Life grown = life != null ? life : begin(key, on, register);
                    grown.add(step.added().get(next++));
                    if (command.get(2).equalsIgnoreCase("MAXLEN")) {
                        grown.trim(Long.parseLong(command.get(command.get(3).equals("=") ? 4 : 3)));
                    }
                }
                case "XTRIM" -> {
                    if (life != null) {
                        life.trim(Long.parseLong(command.get(command.get(3).equals("=") ? 4 : 3)));
                    }
                }
                case "XDEL" -> {
                    if (life != null) {
                        command.subList(2, command.size()).forEach(id -> life.delete(EventId.parse(id)));
                    }
                }
                case "DEL", "UNLINK" -> command.subList(1, command.size()).forEach(each -> end(each, on));
                case "FLUSHALL" -> List.copyOf(on.keySet()).forEach(each -> end(each, on));
                case "SELECT", "PEXPIREAT", "PEXPIRE" -> {}
                case "SET", "HSET", "HDEL", "PERSIST", "XSETID" -> {} // leases, positions, idempotency, ids ahead of the clock
                default -> throw new IllegalStateException("Unexpected among the writes: " + command);
            }
        }
    }

    private Life begin(String key, Map<String, Life> on, boolean register) {
        List<Life> all = lives.computeIfAbsent(key, each -> new ArrayList<>());
        Life life = new Life(all.size() + 1, key);
        if (register) {
            all.add(life);
        }
        on.put(key, life);
        return life;
    }

    private static void end(String key, Map<String, Life> on) {
        Life life = on.remove(key);
        if (life != null) {
            life.end = End.DELETED;
        }
    }

    private Added event(List<String> command) {
        int at = 2;
        while (!command.get(at).contains("-")) {
            at++;
        }
        EventId id = EventId.parse(command.get(at));
        long number = -1;
        for (int i = at + 1; i + 1 < command.size(); i += 2) {
            if (command.get(i).equals("n")) {
                number = Long.parseLong(command.get(i + 1));
            }
        }
        return new Added(orders++, command.get(1), id, number);
    }

    /**
     * Takes back the newest writes, all of them read before.
     *
     * @param count how many at most
     * @return how long the file of the writes is without them
     */
    int lose(int count) {
        int left = Math.max(0, steps.size() - count);
        steps.subList(left, steps.size()).clear();
        Map<String, Life> now = new HashMap<>();
        steps.forEach(step -> carryOut(step, now, false));
        for (String key : List.copyOf(lives.keySet())) {
            Life before = current.get(key);
            Life after = now.get(key);
            if (before != null && after != null && before.isAs(after)) {
                continue;
            }
            current.remove(key);
            if (before != null) {
                before.end = End.LOST;
            }
            if (after != null) {
                List<Life> all = lives.computeIfAbsent(key, each -> new ArrayList<>());
                Life again = new Life(all.size() + 1, key);
                again.events.addAll(after.events);
                again.index.putAll(after.index);
                again.removed.putAll(after.removed);
                again.kept.addAll(after.kept);
                all.add(again);
                current.put(key, again);
            }
        }
        return length();
    }

    /** {@return how much of the file it has read, but for what was taken back} */
    int length() {
        return steps.isEmpty() ? 0 : steps.get(steps.size() - 1).endInFile();
    }

    /** {@return all writes of an event of this number: more than one if it was added more than once} */
    List<Added> of(long number) {
        return byNumber.getOrDefault(number, List.of());
    }

    List<Life> lives(String key) {
        return lives.getOrDefault(key, List.of());
    }
}
