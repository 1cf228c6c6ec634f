package dev.eventlog.testing.memory;

import dev.eventlog.testing.memory.Reply.Failure;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What answers one command. It runs while nothing else does. */
@FunctionalInterface
interface Command {

    /**
     * A command as it came.
     *
     * @param session whose it is
     * @param name its name, in capitals
     * @param arguments what follows the name
     */
    record Call(Session session, String name, List<String> arguments) {

        String at(int index) {
            if (index >= arguments.size()) {
                throw new Failure("ERR wrong number of arguments for '" + name.toLowerCase(Locale.ROOT) + "' command");
            }
            return arguments.get(index);
        }

        /** {@return an argument that is one of the words of the protocol, in capitals; empty if there is none} */
        String word(int index) {
            return index < arguments.size() ? arguments.get(index).toUpperCase(Locale.ROOT) : "";
        }

        long number(int index) {
            return number(at(index));
        }

        static long number(String text) {
            try {
                return Long.parseLong(text);
            } catch (NumberFormatException none) {
                throw new Failure("ERR value is not an integer or out of range");
            }
        }

        /** {@return a key that the command reads} */
        String readKey(int index) {
            String key = at(index);
            session.reads(key);
            return key;
        }

        int size() {
            return arguments.size();
        }

        List<String> from(int index) {
            return arguments.subList(Math.min(index, size()), size());
        }

        Failure syntaxError() {
            return new Failure("ERR syntax error");
        }
    }

    @Nullable
    Object answer(Call call);
}
