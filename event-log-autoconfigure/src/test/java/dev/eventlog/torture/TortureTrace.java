package dev.eventlog.torture;

import dev.eventlog.EventId;
import dev.eventlog.Gap;
import dev.eventlog.Tail;
import dev.eventlog.torture.TortureClock.Change;
import dev.eventlog.torture.TortureJudge.Attempt;
import dev.eventlog.torture.TortureJudge.Outcome;
import dev.eventlog.torture.TortureWatch.Got;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * All observations of a torture run, without the writes of Redis. Its text has one record a line. Tabs separate the
 * parts of a record, the first part is the kind of the record, and "-" stands for nothing.
 */
final class TortureTrace {

    private static final String NOTHING = "-";

    final boolean counts;
    final Map<String, Long> maxLengths;
    final List<Attempt> attempts = new ArrayList<>();
    final List<TortureAccount> accounts = new ArrayList<>();
    final List<Change> changes = new ArrayList<>();

    /** The problems of the run itself, each as a kind, a colon, and a text. */
    final List<String> troubles = new ArrayList<>();

    /**
     * Creates an empty trace.
     *
     * @param counts whether this Redis counts the added events
     * @param maxLengths the max-length of each log that has one
     */
    TortureTrace(boolean counts, Map<String, Long> maxLengths) {
        this.counts = counts;
        this.maxLengths = maxLengths;
    }

    /** {@return the findings of a judge} */
    TortureFindings judge(TortureHistory history) {
        TortureJudge judge = new TortureJudge(history, counts, maxLengths);
        troubles.forEach(judge::trouble);
        judge.judgeAdds(attempts, changes);
        Map<String, List<TortureAccount>> chains = new LinkedHashMap<>();
        for (TortureAccount account : accounts) {
            if (account.durableName() == null) {
                judge.judge(account);
            } else {
                chains.computeIfAbsent(account.durableName() + "@" + account.log(), each -> new ArrayList<>())
                        .add(account);
            }
        }
        chains.values().forEach(judge::judgeAccounts);
        return judge.findings();
    }

    void write(Path file) throws IOException {
        try (PrintWriter out = new PrintWriter(Files.newBufferedWriter(file))) {
            line(out, "counts", counts);
            new TreeMap<>(maxLengths).forEach((log, length) -> line(out, "log", log, length));
            troubles.forEach(trouble -> line(out, "trouble", trouble));
            changes.forEach(change -> line(out, "change", change.from(), change.to()));
            for (Attempt each : attempts) {
                line(
                        out,
                        "add",
                        each.sentAt(),
                        each.endedAt(),
                        each.log(),
                        each.outcome(),
                        joined(each.numbers()),
                        joined(each.ids()),
                        or(each.key()));
            }
            accounts.forEach(each -> write(out, each));
        }
    }

    private static void write(PrintWriter out, TortureAccount each) {
        Got resumed = each.resumed();
        line(
                out,
                "follower",
                each.calledAt(),
                each.returnedAt(),
                each.log(),
                tail(each.tail()),
                resumed == null ? NOTHING : resumed.id() + " " + resumed.number(),
                each.toTheEnd(),
                or(each.durableName()),
                each.lastBatchMayComeAgain(),
                each.lastBatchAt(),
                each.who());
        for (int i = 0; i < each.calls().size(); i++) {
            long at = each.times().get(i);
            if (each.calls().get(i) instanceof Got got) {
                line(out, "got", at, got.id(), got.number());
            } else if (each.calls().get(i) instanceof Gap gap) {
                String missed =
                        gap.missed().isPresent() ? Long.toString(gap.missed().getAsLong()) : NOTHING;
                line(out, "gap", at, gap.log(), gap.kind(), gap.lastSeen(), gap.firstAvailable(), missed);
            }
        }
        each.complaints().forEach(complaint -> line(out, "complaint", complaint));
    }

    private static void line(PrintWriter out, Object... parts) {
        List<String> texts = new ArrayList<>();
        for (Object part : parts) {
            texts.add(part.toString()
                    .replace("\\", "\\\\")
                    .replace("\t", "\\t")
                    .replace("\n", "\\n")
                    .replace("\r", "\\r"));
        }
        out.println(String.join("\t", texts));
    }

    private static String or(@Nullable String text) {
        return text == null ? NOTHING : text;
    }

    private static @Nullable String orNull(String text) {
        return text.equals(NOTHING) ? null : text;
    }

    private static String joined(List<?> all) {
        return all.isEmpty() ? NOTHING : all.stream().map(Object::toString).collect(Collectors.joining(","));
    }

    private static <T> List<T> split(String text, Function<String, T> parse) {
        List<T> all = new ArrayList<>();
        for (String each : text.equals(NOTHING) ? new String[0] : text.split(",", -1)) {
            all.add(parse.apply(each));
        }
        return List.copyOf(all);
    }

    private static String tail(Tail tail) {
        return tail instanceof Tail.Last last
                ? "last " + last.count()
                : tail instanceof Tail.From from
                        ? "from " + from.id()
                        : tail instanceof Tail.After after ? "after " + after.id() : "all";
    }

    private static Tail tail(String text) {
        String rest = text.substring(text.indexOf(' ') + 1);
        return switch (text.substring(0, Math.max(3, text.indexOf(' ')))) {
            case "last" -> Tail.last(Long.parseLong(rest));
            case "from" -> Tail.from(EventId.parse(rest));
            case "after" -> Tail.after(EventId.parse(rest));
            default -> Tail.all();
        };
    }

    /** {@return a stored trace} */
    static TortureTrace read(Path file) throws IOException {
        boolean counts = true;
        Map<String, Long> maxLengths = new TreeMap<>();
        TortureTrace trace = null;
        for (String line : Files.readAllLines(file)) {
            String[] parts = line.split("\t", -1);
            for (int i = 0; i < parts.length; i++) {
                parts[i] = parts[i].translateEscapes();
            }
            switch (parts[0]) {
                case "counts" -> trace = new TortureTrace(Boolean.parseBoolean(parts[1]), maxLengths);
                case "log" -> maxLengths.put(parts[1], Long.valueOf(parts[2]));
                default -> take(trace == null ? new TortureTrace(counts, maxLengths) : trace, parts);
            }
        }
        return trace == null ? new TortureTrace(counts, maxLengths) : trace;
    }

    private static void take(TortureTrace trace, String[] parts) {
        switch (parts[0]) {
            case "change" -> trace.changes.add(new Change(Long.parseLong(parts[1]), Long.parseLong(parts[2])));
            case "trouble" -> trace.troubles.add(parts[1]);
            case "add" ->
                trace.attempts.add(new Attempt(
                        parts[3],
                        split(parts[5], Long::valueOf),
                        Long.parseLong(parts[1]),
                        Outcome.valueOf(parts[4]),
                        Long.parseLong(parts[2]),
                        split(parts[6], EventId::parse),
                        orNull(parts[7])));
            case "follower" -> trace.accounts.add(account(parts));
            case "got" -> trace.called(parts, new Got(EventId.parse(parts[2]), Long.parseLong(parts[3])));
            case "gap" ->
                trace.called(
                        parts,
                        new Gap(
                                parts[2],
                                Gap.Kind.valueOf(parts[3]),
                                EventId.parse(parts[4]),
                                EventId.parse(parts[5]),
                                parts[6].equals(NOTHING)
                                        ? OptionalLong.empty()
                                        : OptionalLong.of(Long.parseLong(parts[6]))));
            case "complaint" -> trace.last().complaints().add(parts[1]);
            default -> throw new IllegalArgumentException(String.join(" ", parts));
        }
    }

    private static TortureAccount account(String[] parts) {
        String[] resumed = parts[5].split(" ");
        return new TortureAccount(
                parts[10],
                parts[3],
                tail(parts[4]),
                resumed.length < 2 ? null : new Got(EventId.parse(resumed[0]), Long.parseLong(resumed[1])),
                Long.parseLong(parts[1]),
                Long.parseLong(parts[2]),
                Boolean.parseBoolean(parts[6]),
                orNull(parts[7]),
                Boolean.parseBoolean(parts[8]),
                Integer.parseInt(parts[9]),
                new ArrayList<>(),
                new ArrayList<>(),
                new ArrayList<>());
    }

    private TortureAccount last() {
        return accounts.get(accounts.size() - 1);
    }

    private void called(String[] parts, Object call) {
        last().calls().add(call);
        last().times().add(Long.valueOf(parts[1]));
    }
}
