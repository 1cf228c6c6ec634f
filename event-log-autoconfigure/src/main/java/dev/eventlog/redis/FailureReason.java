package dev.eventlog.redis;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Describes a driver's exception: the address that it could not connect to, and the cause. */
final class FailureReason {

    private static final Pattern UNRESOLVED = Pattern.compile("/<unresolved>");

    /** A host and a port. Does not match Netty's form of an address without a host. */
    private static final Pattern ADDRESS = Pattern.compile("(?<![\\w/.])[\\w.-]+:[0-9]+\\b|\\[[0-9a-fA-F:]+]:[0-9]+");

    private FailureReason() {}

    /** {@return a text with both, if the exception and its causes have them} */
    static String of(Throwable failure) {
        List<String> messages = messages(failure);
        if (messages.isEmpty()) {
            return failure.getClass().getSimpleName();
        }
        String last = messages.get(messages.size() - 1);
        if (last.contains("RedisHandshakeHandler not registered")) { // Lettuce's message if the close comes this early
            last = "the server closed the connection at once, perhaps because it has reached its maxclients";
        }
        if (!ADDRESS.matcher(last).find()) {
            for (String message : messages) {
                Matcher address = ADDRESS.matcher(message);
                if (address.find()) {
                    return address.group() + ": " + last;
                }
            }
        }
        return last;
    }

    private static List<String> messages(Throwable failure) {
        List<String> messages = new ArrayList<>();
        int depth = 0;
        for (@Nullable Throwable each = failure; each != null && depth++ < 10; each = each.getCause()) {
            String message = each.getMessage();
            if (message != null && !message.isBlank()) {
                messages.add(UNRESOLVED.matcher(message).replaceAll(""));
            }
        }
        return messages;
    }
}
