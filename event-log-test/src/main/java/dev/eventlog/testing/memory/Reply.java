package dev.eventlog.testing.memory;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Replies as objects: a {@code String} with one character for each byte, a {@code Long}, a {@code List}, a {@code Map}, null, a
 * {@link Status}, a {@link Failure} or a {@link Push}.
 */
final class Reply {

    static final Status OK = new Status("OK");

    /** A short text. */
    record Status(String text) {}

    /** A message that the server sends without a request. */
    record Push(String what, @Nullable List<String> about) {}

    /** An error, thrown by the command that fails. */
    static final class Failure extends RuntimeException {

        private static final long serialVersionUID = 1;

        Failure(String message) {
            super(message, null, false, false);
        }

        String text() {
            return String.valueOf(getMessage());
        }
    }

    private Reply() {}

    /** {@return the bytes of a reply} */
    static byte[] encode(@Nullable Object reply, boolean resp3) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        write(reply, resp3, out);
        return out.toByteArray();
    }

    private static void write(@Nullable Object reply, boolean resp3, ByteArrayOutputStream out) {
        if (reply == null) {
            line(out, resp3 ? "_" : "$-1");
        } else if (reply instanceof Status status) {
            line(out, "+" + status.text());
        } else if (reply instanceof Failure failure) {
            line(out, "-" + failure.text().replaceAll("[\r\n]", " "));
        } else if (reply instanceof Number number) {
            line(out, ":" + number);
        } else if (reply instanceof List<?> list) {
            line(out, "*" + list.size());
            list.forEach(each -> write(each, resp3, out));
        } else if (reply instanceof Map<?, ?> map) {
            line(out, resp3 ? "%" + map.size() : "*" + 2 * map.size());
            map.forEach((key, value) -> {
                write(key, resp3, out);
                write(value, resp3, out);
            });
        } else if (reply instanceof Push push) {
            line(out, ">2");
            write(push.what(), resp3, out);
            write(push.about(), resp3, out);
        } else {
            String text = reply.toString();
            line(out, "$" + text.length());
            line(out, text);
        }
    }

    private static void line(ByteArrayOutputStream out, String text) {
        out.writeBytes(text.getBytes(StandardCharsets.ISO_8859_1));
        out.write('\r');
        out.write('\n');
    }
}
