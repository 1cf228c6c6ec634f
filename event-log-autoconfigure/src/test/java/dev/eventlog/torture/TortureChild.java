package dev.eventlog.torture;

import dev.eventlog.torture.TortureClients.Roles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * One application of a torture run in its own process, which is killed at some point. It does the same as the
 * applications in the process of the run, and writes everything that happens to a file.
 */
final class TortureChild {

    private TortureChild() {}

    /**
     * Runs the application. The first line of input ends the faults, and the second line ends the process. The end of
     * the input ends the process too.
     *
     * @param arguments the file for the notes, the seed, the number of the first event, the name, and the settings
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
