package dev.eventlog.torture;

import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Stores a torture run, and judges it again: {@code java -cp … dev.eventlog.torture.TortureReplay <folder>}. */
final class TortureReplay {

    private static final String TRACE = "trace.txt";
    private static final String WRITES = "writes.aof";
    private static final String ARGUMENTS = "java-arguments";
    private static final String SERVERS_OWN = "server.aof";

    private TortureReplay() {}

    /**
     * Stores a run in a new folder.
     *
     * @param root the parent of the folder
     * @param writes the file of the server, without lost writes
     * @return the folder
     */
    static Path keep(Path root, long seed, TortureTrace trace, TortureHistory history, Path writes) throws IOException {
        String time = LocalDateTime.now().format(DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss"));
        Path folder = Files.createDirectories(root.resolve(seed + "-" + time));
        trace.write(folder.resolve(TRACE));
        history.save(folder.resolve(WRITES));
        if (Files.exists(writes)) {
            Files.copy(writes, folder.resolve(SERVERS_OWN), StandardCopyOption.REPLACE_EXISTING);
        }
        Files.writeString(folder.resolve(ARGUMENTS), "-cp \"" + classPath() + "\"\n" + TortureReplay.class.getName());
        return folder.toAbsolutePath();
    }

    private static String classPath() {
        return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .map(each -> Path.of(each).toAbsolutePath().toString().replace("\\", "\\\\"))
                .collect(Collectors.joining(File.pathSeparator));
    }

    /** {@return the command that judges a folder again, from any working directory} */
    static String command(Path folder) {
        return "java @" + folder.resolve(ARGUMENTS) + " " + folder;
    }

    /** {@return the violations of a stored run} */
    static List<String> judge(Path folder) throws IOException {
        return TortureTrace.read(folder.resolve(TRACE))
                .judge(TortureHistory.load(folder.resolve(WRITES)))
                .violations();
    }

    /** Prints a few violations of each kind, and their numbers. */
    static void print(List<String> violations, int ofAKind, PrintStream out) {
        Map<String, Integer> kinds = new TreeMap<>();
        for (String violation : violations) {
            if (kinds.merge(TortureFindings.kind(violation), 1, Integer::sum) <= ofAKind) {
                out.println("VIOLATION " + violation);
            }
        }
        kinds.forEach((kind, count) -> out.println(count + " x " + kind));
        out.println(violations.isEmpty() ? "OK" : violations.size() + " VIOLATIONS");
    }

    public static void main(String... arguments) throws IOException {
        List<String> violations = judge(Path.of(arguments[0]));
        print(violations, Integer.MAX_VALUE, System.out);
        System.exit(violations.isEmpty() ? 0 : 1);
    }
}
