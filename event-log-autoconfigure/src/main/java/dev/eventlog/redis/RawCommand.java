package dev.eventlog.redis;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A command whose reply is wanted as Redis sent it: drivers would hand over the fields of an event in no order, fail on ids
 * above 2⁶³, or mix up events on RESP2.
 *
 * @param name its name
 * @param arguments its arguments
 * @param keyAt which of them is the key, by which a cluster finds the node
 */
public record RawCommand(String name, List<byte[]> arguments, int keyAt) {

    static RawCommand of(String name, int keyAt, Object... arguments) {
        List<byte[]> raw = new ArrayList<>(arguments.length);
        for (Object argument : arguments) {
            raw.add(
                    argument instanceof byte[] bytes
                            ? bytes
                            : argument.toString().getBytes(StandardCharsets.UTF_8));
        }
        return new RawCommand(name, raw, keyAt);
    }

    /** {@return the key} */
    public byte[] key() {
        return arguments.get(keyAt);
    }

    byte[][] array() {
        return arguments.toArray(byte[][]::new);
    }
}
