package dev.eventlog.redis;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The keys that Redis tracks for all connections ({@code CLIENT TRACKING}). */
public final class TrackingTable {

    private static final RawCommand INFO = RawCommand.of("INFO", -1, "stats");
    private static final RawCommand LIMIT = RawCommand.of("CONFIG", -1, "GET", "tracking-table-max-keys");
    private static final Pattern KEYS = Pattern.compile("tracking_total_keys:(\\d+)");

    private static final int NEARLY = 90; // percent

    private TrackingTable() {}

    /**
     * Returns whether the table may be full, so that Redis forgets keys and reports them as changed. Waits for two short answers
     * ({@code INFO stats} and {@code CONFIG GET}).
     *
     * @param line leads to the server
     * @return whether the table is nearly full, or whether its size or limit is unknown, for example because a permission is
     *         missing
     */
    public static boolean mayBeFull(Line line) {
        List<@Nullable Object> replies = line.send(List.of(INFO, LIMIT));
        Matcher keys = KEYS.matcher(text(replies.get(0)));
        String limit = text(replies.get(1) instanceof List<?> pair && pair.size() == 2 ? pair.get(1) : null);
        if (!keys.find() || limit.isEmpty()) {
            return true;
        }
        long most = Long.parseLong(limit);
        return most > 0 && 100 * Long.parseLong(keys.group(1)) >= NEARLY * most; // 0 is unlimited
    }

    private static String text(@Nullable Object reply) {
        return reply instanceof RuntimeException ? "" : StreamReplies.text(StreamReplies.single(reply));
    }
}
