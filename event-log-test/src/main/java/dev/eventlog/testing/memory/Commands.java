package dev.eventlog.testing.memory;

import dev.eventlog.testing.memory.Command.Call;
import dev.eventlog.testing.memory.Reply.Failure;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** All commands by name. The caller must hold the lock of the keyspace. */
final class Commands {

    private final Map<String, Command> table = new HashMap<>();
    private final Map<String, Long> calls = new TreeMap<>();

    void put(String name, Command command) {
        table.put(name, command);
    }

    /**
     * {@return the reply to a command}
     *
     * @throws Failure if the command fails
     */
    @Nullable
    Object answer(Session session, List<String> command) {
        String name = command.get(0).toUpperCase(Locale.ROOT);
        Command known = table.get(name);
        if (known == null) {
            throw unknown(name);
        }
        calls.merge(name, 1L, Long::sum);
        return known.answer(new Call(session, name, command.subList(1, command.size())));
    }

    /** {@return the error for an unsupported command} */
    static Failure unknown(String command) {
        return new Failure(
                "ERR unknown command '" + command + "': the in-memory Redis of event-log-test has only the commands"
                        + " that event logs need. Run this test on a real Redis, with @EventLogRedis(REAL).");
    }

    /** {@return the number of calls of each command, as in {@code INFO commandstats}} */
    String statistics() {
        StringBuilder lines = new StringBuilder();
        calls.forEach((name, count) -> lines.append("cmdstat_")
                .append(name.toLowerCase(Locale.ROOT))
                .append(":calls=")
                .append(count)
                .append(",usec=0\r\n"));
        return lines.toString();
    }
}
