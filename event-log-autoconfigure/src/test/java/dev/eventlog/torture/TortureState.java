package dev.eventlog.torture;

import java.util.Map;

/** The state of a process, for a run that hangs. */
final class TortureState {

    private static final int DEPTH = 25;

    private TortureState() {}

    /** {@return the stacks of all threads except uninteresting ones} */
    static String threads() {
        StringBuilder text = new StringBuilder("Threads:\n");
        for (Map.Entry<Thread, StackTraceElement[]> entry :
                Thread.getAllStackTraces().entrySet()) {
            StackTraceElement[] stack = entry.getValue();
            Thread thread = entry.getKey();
            if (stack.length == 0 || thread.getName().startsWith("proxy")) {
                continue;
            }
            text.append('"')
                    .append(thread.getName())
                    .append("\" ")
                    .append(thread.getState())
                    .append('\n');
            for (int i = 0; i < Math.min(stack.length, DEPTH); i++) {
                text.append("    at ").append(stack[i]).append('\n');
            }
        }
        return text.toString();
    }
}
