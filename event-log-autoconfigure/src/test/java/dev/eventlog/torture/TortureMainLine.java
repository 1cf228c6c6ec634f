package dev.eventlog.torture;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.eventlog.EventId;
import dev.eventlog.test.AppendOnlyFile;
import dev.eventlog.test.AppendOnlyFile.Transaction;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Joins the writes of all masters, in the order in which they were masters, to one file like that of a single server.
 * Writes that the next master had not received are lost.
 */
final class TortureMainLine {

    private final TortureHistory history;
    private final Path file;
    private final List<List<List<String>>> steps = new ArrayList<>(); // the commands of each step
    private final Map<List<String>, Integer> adds =
            new HashMap<>(); // from each added event to the index of the newest step that added it

    TortureMainLine(TortureHistory history) {
        this.history = history;
        try {
            this.file = Files.createTempFile("event-log-torture-", ".aof");
            file.toFile().deleteOnExit();
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    /** Appends further writes of the current master. */
    void append(List<Transaction> more) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (Transaction transaction : more) {
            List<List<String>> commands = commands(transaction);
            if (commands.isEmpty()) {
                continue;
            }
            commands.stream().filter(TortureMainLine::isAdd).forEach(add -> adds.put(added(add), steps.size()));
            steps.add(commands);
            boolean several = commands.size() > 1;
            if (several) {
                write(List.of("MULTI"), bytes);
            }
            commands.forEach(command -> write(command, bytes));
            if (several) {
                write(List.of("EXEC"), bytes);
            }
        }
        try {
            Files.write(file, bytes.toByteArray(), StandardOpenOption.APPEND);
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    /**
     * Continues with the next master. Nobody may write to the previous one anymore.
     *
     * @param base the data of the next master when it began its current file
     * @param all the writes in that file: first those that it received as a replica, then its own
     * @return a contradiction between the two masters; null if there is none
     */
    @Nullable
    String goOn(List<Transaction> base, List<Transaction> all) {
        history.read(file);
        List<List<List<String>>> theirs = all.stream()
                .map(TortureMainLine::commands)
                .filter(commands -> !commands.isEmpty())
                .toList();
        int next = 0;
        while (next < theirs.size() && theirs.get(next).stream().noneMatch(TortureMainLine::isAdd)) {
            next++;
        }
        int common = next < theirs.size() ? step(theirs.get(next)) : -1;
        if (common >= 0) {
            for (int received = next; received < theirs.size(); received++) {
                int step = step(theirs.get(received));
                if (step >= common) { // a replica can receive an expiry at another place among the writes
                    next = received;
                    common = step;
                }
                if (received == next
                        && common < steps.size()
                        && theirs.get(next).equals(steps.get(common))) {
                    next++;
                    common++;
                }
            }
        } else { // it had just received a complete copy, and no write after that
            next = 0;
            common = endOf(base.stream().map(TortureMainLine::commands).toList());
        }
        List<List<String>> lost = steps.subList(common, steps.size()).stream()
                .flatMap(List::stream)
                .filter(TortureMainLine::isAdd)
                .toList();
        List<Transaction> own = theirs.subList(next, theirs.size()).stream()
                .map(commands -> new Transaction(commands, 0))
                .toList();
        lose(steps.size() - common);
        append(own);
        long both = own.stream()
                .flatMap(transaction -> transaction.commands().stream())
                .filter(TortureMainLine::isAdd)
                .filter(lost::contains)
                .count();
        return both == 0
                ? null
                : both + " of " + lost.size() + " adds that seemed to be lost exist on the next master too; it has "
                        + theirs.size() + " writes, and received " + next + " of them as a replica";
    }

    /**
     * {@return the number of steps whose effects the data of a server contains} It counts in three stages: up to the
     * newest add that the data contains; then up to the newest later step that left a trace, because a later step can
     * replace the effect of an earlier one; then all further steps that do not contradict the data.
     */
    private int endOf(List<List<List<String>>> base) {
        int end = 1 + base.stream().mapToInt(this::step).max().orElse(-1);
        List<List<String>> had = base.stream().flatMap(List::stream).toList();
        for (int next = end;
                next < steps.size() && steps.get(next).stream().noneMatch(TortureMainLine::isAdd);
                next++) {
            int at = next;
            if (steps.get(next).stream().anyMatch(command -> hasLeftATrace(command, at, had))) {
                end = next + 1;
            }
        }
        while (end < steps.size()
                && steps.get(end).stream().noneMatch(TortureMainLine::isAdd)
                && steps.get(end).stream().allMatch(command -> shows(command, had))) {
            end++;
        }
        return end;
    }

    /**
     * Whether the data of a server proves that it ran a command: a stored position is there, or a deleted log or event
     * is gone.
     */
    private boolean hasLeftATrace(List<String> command, int at, List<List<String>> had) {
        return switch (command.get(0)) {
            case "HSET" -> shows(command, had);
            case "DEL", "UNLINK" -> shows(command, had) && wasThere(command.get(1), at);
            case "XDEL" -> {
                List<List<String>> of = had.stream()
                        .filter(each -> isAdd(each) && each.get(1).equals(command.get(1)))
                        .toList();
                List<EventId> ids = command.subList(2, command.size()).stream()
                        .map(EventId::parse)
                        .toList();
                yield !of.isEmpty()
                        && ids.stream().allMatch(id -> id.isAfter(idOf(of.get(0)))) // otherwise perhaps trimmed
                        && of.stream().noneMatch(each -> ids.contains(idOf(each)));
            }
            default -> false;
        };
    }

    private boolean wasThere(String log, int at) {
        for (int before = at - 1; before >= 0; before--) {
            for (List<String> command : steps.get(before)) {
                if (command.size() > 1 && command.get(1).equals(log)) {
                    if (isAdd(command)) {
                        return true;
                    }
                    if (command.get(0).equals("DEL") || command.get(0).equals("UNLINK")) {
                        return false;
                    }
                } else if (command.get(0).equals("FLUSHALL")) {
                    return false;
                }
            }
        }
        return false;
    }

    private static EventId idOf(List<String> add) {
        return EventId.parse(add.get(TortureHistory.idAt(add)));
    }

    private static boolean shows(List<String> command, List<List<String>> had) {
        String key = command.size() > 1 ? command.get(1) : "";
        return switch (command.get(0)) {
            case "DEL", "UNLINK" -> had.stream().noneMatch(each -> each.get(1).equals(key));
            case "FLUSHALL" -> had.isEmpty();
            case "SET" ->
                had.stream()
                        .anyMatch(each ->
                                each.get(0).equals("SET") && each.subList(1, 3).equals(command.subList(1, 3)));
            case "HSET" ->
                had.stream()
                        .anyMatch(each ->
                                each.get(1).equals(key) && each.containsAll(command.subList(2, command.size())));
            default -> true; // other commands leave no trace
        };
    }

    private void lose(int count) {
        if (count > 0) {
            AppendOnlyFile.cut(file, history.lose(count));
            steps.subList(steps.size() - count, steps.size()).clear();
            adds.values().removeIf(step -> step >= steps.size());
        }
    }

    private int step(List<List<String>> commands) {
        return commands.stream()
                .filter(TortureMainLine::isAdd)
                .mapToInt(add -> adds.getOrDefault(added(add), -1))
                .max()
                .orElse(-1);
    }

    /** Reads all writes into the history. */
    void end() {
        history.read(file);
    }

    void delete() {
        try {
            Files.deleteIfExists(file);
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    private static boolean isAdd(List<String> command) {
        return command.get(0).equals("XADD");
    }

    /**
     * {@return the id, the fields, and the log of an add} Leaves out its trimming, which an add in a base does not
     * have.
     */
    private static List<String> added(List<String> add) {
        List<String> added = new ArrayList<>(add.subList(TortureHistory.idAt(add), add.size()));
        added.add(add.get(1));
        return added;
    }

    private static List<List<String>> commands(Transaction transaction) {
        return transaction.commands().stream()
                .filter(command -> !command.get(0).equals("SELECT"))
                .toList();
    }

    private static void write(List<String> command, ByteArrayOutputStream to) {
        to.writeBytes(("*" + command.size() + "\r\n").getBytes(ISO_8859_1));
        for (String word : command) {
            to.writeBytes(("$" + word.length() + "\r\n" + word + "\r\n").getBytes(ISO_8859_1));
        }
    }
}
