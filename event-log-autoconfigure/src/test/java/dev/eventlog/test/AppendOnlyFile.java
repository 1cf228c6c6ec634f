package dev.eventlog.test;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The file where Redis stores each write before it replies. */
public final class AppendOnlyFile {

    /**
     * A unit of writes.
     *
     * @param commands a command, or the commands of a script or transaction, each with its name in uppercase
     * @param end the end of the unit in the file
     */
    public record Transaction(List<List<String>> commands, int end) {}

    private final byte[] file;
    private int at;

    private AppendOnlyFile(byte[] file, int at) {
        this.file = file;
        this.at = at;
    }

    /**
     * Reads whole transactions.
     *
     * @param file the contents of the file
     * @param from the position to start at
     * @return all complete transactions
     */
    public static List<Transaction> read(byte[] file, int from) {
        AppendOnlyFile reader = new AppendOnlyFile(file, from);
        List<Transaction> transactions = new ArrayList<>();
        List<List<String>> open = null;
        List<String> command;
        while ((command = reader.next()) != null) {
            switch (command.get(0)) {
                case "MULTI" -> open = new ArrayList<>();
                case "EXEC" -> {
                    transactions.add(new Transaction(open == null ? List.of() : open, reader.at));
                    open = null;
                }
                default -> {
                    if (open != null) {
                        open.add(command);
                    } else {
                        transactions.add(new Transaction(List.of(command), reader.at));
                    }
                }
            }
        }
        return transactions;
    }

    /**
     * Removes an incomplete transaction of a killed server. Redis itself cuts the file after the last complete command,
     * which can be inside a transaction, and then loses all later writes at its next start.
     *
     * @param file the file of a server that is not running; it may be missing
     */
    public static void cutToLastWholeTransaction(Path file) {
        if (!Files.exists(file)) {
            return;
        }
        try {
            byte[] content = Files.readAllBytes(file);
            if (content.length == 0 || content[0] != '*') {
                return; // a snapshot comes before the commands
            }
            List<Transaction> whole = read(content, 0);
            cut(file, whole.isEmpty() ? 0 : whole.get(whole.size() - 1).end());
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    /**
     * Writes a file in the format of Redis.
     *
     * @param file the file
     * @param transactions the commands of each transaction
     * @throws IOException if the file cannot be written
     */
    public static void write(Path file, List<List<List<String>>> transactions) throws IOException {
        try (BufferedWriter out = Files.newBufferedWriter(file, ISO_8859_1)) {
            for (List<List<String>> commands : transactions) {
                if (commands.size() == 1) {
                    write(out, commands.get(0));
                } else {
                    write(out, List.of("MULTI"));
                    for (List<String> command : commands) {
                        write(out, command);
                    }
                    write(out, List.of("EXEC"));
                }
            }
        }
    }

    private static void write(BufferedWriter out, List<String> command) throws IOException {
        out.write("*" + command.size() + "\r\n");
        for (String word : command) {
            out.write("$" + word.length() + "\r\n" + word + "\r\n");
        }
    }

    /**
     * Removes the newest writes.
     *
     * @param file the file of a server that is not running
     * @param length the remaining length
     */
    public static void cut(Path file, int length) {
        try (RandomAccessFile writes = new RandomAccessFile(file.toFile(), "rw")) {
            if (writes.length() > length) {
                writes.setLength(length);
            }
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    private @Nullable List<String> next() {
        int begin = at;
        int count = number('*');
        List<String> command = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int length = number('$');
            if (length < 0 || at + length + 2 > file.length) {
                at = begin;
                return null;
            }
            String text = new String(file, at, length, ISO_8859_1);
            command.add(i == 0 ? text.toUpperCase(Locale.ROOT) : text);
            at += length + 2;
        }
        if (count < 0) {
            at = begin;
            return null;
        }
        return command;
    }

    private int number(char mark) {
        int end = at;
        while (end < file.length && file[end] != '\n') {
            end++;
        }
        if (end >= file.length) {
            return -1;
        }
        String line = new String(file, at, end - at - 1, ISO_8859_1);
        if (line.isEmpty() || line.charAt(0) != mark) {
            throw new IllegalStateException("Not the beginning of a command at " + at + ": " + line);
        }
        at = end + 1;
        return Integer.parseInt(line.substring(1));
    }
}
