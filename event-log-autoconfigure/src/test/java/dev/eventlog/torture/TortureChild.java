package dev.eventlog.torture;

import dev.eventlog.torture.TortureClients.Roles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * One application of a torture run in a process of its own, until that is killed. It does what the applications of the run's
 * own process do, and writes down what happens.
 */
final class TortureChild {

    private TortureChild() {}

    /**
     * Runs it. A line of input ends the harm, the next one the process; as does the end of the input.
     *
     * @param arguments the file for its notes, the seed, the number of its first event, its name, and its settings
     */
    public static void main(String... arguments) throws IOException, InterruptedException {
        TortureNotes notes =
                new TortureNotes(Long.parseLong(arguments[1]), Long.parseLong(arguments[2]), Path.of(arguments[0]));
        String[] settings = Arrays.copyOfRange(arguments, 4, arguments.length);
        TortureClients clients = new TortureClients(notes, List.<String[]>of(settings), null);
        clients.start(new Roles(arguments[3] + " ", 1, 1, 1, 1, 1, 0, 0));
        notes.say(TortureProcess.READY);
        if (System.in.read() < 0) {
            System.exit(1);
        }
        clients.calmDown();
        notes.say(TortureProcess.CALM);
        int unused = System.in.read();
        clients.close();
        notes.say(TortureProcess.CLOSED);
        System.exit(0);
    }
}
