package dev.eventlog.redis;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A command whose reply is needed as Redis sends it. Drivers would return the fields of an event without their order, fail on ids
 * above 2⁶³, or mix up events with RESP2.
 *
 * @param name the name of the command
 * @param arguments the arguments
 * @param keyAt the index of the key among the arguments, which selects the node of a cluster
 */
public record RawCommand(String name, List<byte[]> arguments, int keyAt) {

    static RawCommand of(String name, int keyAt, Object... arguments) {
        List<byte[]> raw = new ArrayList<>(arguments.length);
        for (Object argument : arguments) {
            raw.add(argument instanceof byte[] bytes ? bytes : bytes(argument.toString()));
        }
        return new RawCommand(name, raw, keyAt);
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** {@return the key} */
    public byte[] key() {
        return arguments.get(keyAt);
    }

    byte[][] array() {
        return arguments.toArray(byte[][]::new);
    }
}
