package dev.eventlog.testing.memory;

import dev.eventlog.testing.memory.Reply.Failure;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Executes one command. No other command runs at the same time. */
@FunctionalInterface
interface Command {

    /**
     * A received command.
     *
     * @param session the connection that sent it
     * @param name its name, in uppercase
     * @param arguments the arguments after the name
     */
    record Call(Session session, String name, List<String> arguments) {

        String at(int index) {
            if (index >= arguments.size()) {
                throw new Failure("ERR wrong number of arguments for '" + name.toLowerCase(Locale.ROOT) + "' command");
            }
            return arguments.get(index);
        }

        /** {@return an argument that is a keyword, in uppercase; empty if there is none} */
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

        /** {@return an argument that is a key, which counts as read by the command} */
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

        /**
         * Checks that there are no more arguments, because an option that is ignored would be a wrong answer.
         *
         * @throws Failure if there are, with the name of the first
         */
        void endsAt(int count) {
            if (count < size()) {
                throw Commands.unknown(name + " " + word(count));
            }
        }

        Failure syntaxError() {
            return new Failure("ERR syntax error");
        }
    }

    @Nullable
    Object answer(Call call);
}
