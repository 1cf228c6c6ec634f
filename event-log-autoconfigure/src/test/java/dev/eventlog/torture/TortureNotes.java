package dev.eventlog.torture;

import dev.eventlog.EventId;
import dev.eventlog.Gap;
import dev.eventlog.Tail;
import dev.eventlog.torture.TortureJudge.Attempt;
import dev.eventlog.torture.TortureJudge.Outcome;
import dev.eventlog.torture.TortureNamed.Incarnation;
import dev.eventlog.torture.TortureWatch.Got;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/**
 * The scene of a process that will be killed. It writes each event of the run to a file at once, one line each, so that
 * the notes outlive the process. {@link TortureProcess} reads them.
 */
final class TortureNotes extends TortureScene {

    static final String BETWEEN = "\t";
    static final String NONE = "-";

    private final OutputStream file;
    private final Map<Object, Integer> ids = new IdentityHashMap<>(); // guarded by this

    TortureNotes(long seed, long first, Path file) throws IOException {
        super(seed, first);
        this.file = Files.newOutputStream(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    private synchronized void line(Object... parts) {
        String line = List.of(parts).stream()
                .map(part -> String.valueOf(part).replaceAll("[\t\n\r]", " "))
                .collect(Collectors.joining(BETWEEN, "", "\n"));
        try {
            file.write(line.getBytes(StandardCharsets.UTF_8)); // in one piece
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    private synchronized int id(Object of) {
        return ids.computeIfAbsent(of, any -> ids.size() + 1);
    }

    /** Reports the state of this process, for example that it is ready. */
    void say(String what) {
        line("SAYS", what);
    }

    @Override
    void noteSent(Attempt attempt) {
        super.noteSent(attempt);
        line("SENT", parts(attempt));
    }

    @Override
    void note(Attempt attempt) {
        line("ADD", parts(attempt));
    }

    private static String parts(Attempt attempt) {
        return String.join(
                " ",
                attempt.log(),
                Long.toString(attempt.numbers().get(0)),
                Integer.toString(attempt.numbers().size()),
                Long.toString(attempt.sentAt()),
                attempt.outcome().name(),
                Long.toString(attempt.endedAt()),
                attempt.key() == null ? NONE : attempt.key(),
                attempt.ids().isEmpty()
                        ? NONE
                        : attempt.ids().stream().map(EventId::toString).collect(Collectors.joining(",")));
    }

    static Attempt attempt(String text) {
        String[] parts = text.split(" ");
        long first = Long.parseLong(parts[1]);
        List<Long> numbers = LongStream.range(first, first + Long.parseLong(parts[2]))
                .boxed()
                .toList();
        return new Attempt(
                parts[0],
                numbers,
                Long.parseLong(parts[3]),
                Outcome.valueOf(parts[4]),
                Long.parseLong(parts[5]),
                parts[7].equals(NONE)
                        ? List.of()
                        : List.of(parts[7].split(",")).stream()
                                .map(EventId::parse)
                                .toList(),
                parts[6].equals(NONE) ? null : parts[6]);
    }

    @Override
    void prepare(TortureWatch watch) {
        super.prepare(watch);
        Got resumed = watch.resumed;
        line(
                "WATCH",
                id(watch),
                watch.name,
                watch.log,
                tail(watch.tail),
                watch.limited,
                resumed == null ? NONE : resumed.id(),
                resumed == null ? NONE : resumed.number());
        watch.keepNotes(what -> call(watch, what));
    }

    @Override
    void note(TortureWatch watch) {
        super.note(watch);
        line("BEGAN", id(watch), watch.calledAt, watch.returnedAt, watch.logWasThere);
    }

    @Override
    void note(TortureNamed instance) {
        super.note(instance);
        line("NAMED", id(instance), instance.instance, instance.name, instance.log.name());
        instance.keepNotes(what -> call(instance, what));
    }

    private void call(Object reader, Object what) {
        if (what instanceof Got got) {
            line("GOT", id(reader), got.id(), got.number(), System.nanoTime());
        } else if (what instanceof Gap gap) {
            line(
                    "GAP",
                    id(reader),
                    gap.log(),
                    gap.kind(),
                    gap.lastSeen(),
                    gap.firstAvailable(),
                    gap.missed().isPresent() ? gap.missed().getAsLong() : NONE,
                    System.nanoTime());
        } else if (what instanceof Incarnation begun) {
            line("FROM", id(reader), begun.lookedAt, begun.at, begun.after);
        } else if (what == TortureWatch.BATCH) {
            line("BATCH", id(reader));
        } else if (what instanceof EventId stored) {
            line("STORED", id(reader), stored, System.nanoTime());
        } else {
            line("COMPLAINT", id(reader), what);
        }
    }

    @Override
    void trouble(String trouble) {
        line("TROUBLE", trouble);
    }

    @Override
    void stays(TortureWatch watch, boolean stays) {
        super.stays(watch, stays);
        line("STAYS", id(watch), stays);
    }

    private static String tail(Tail tail) {
        if (tail instanceof Tail.Last last) {
            return "last " + last.count();
        }
        if (tail instanceof Tail.From from) {
            return "from " + from.id();
        }
        return tail instanceof Tail.After after ? "after " + after.id() : "all";
    }

    static Tail tail(String text) {
        String[] words = text.split(" ");
        return switch (words[0]) {
            case "all" -> Tail.all();
            case "last" -> Tail.last(Long.parseLong(words[1]));
            case "from" -> Tail.from(EventId.parse(words[1]));
            default -> Tail.after(EventId.parse(words[1]));
        };
    }
}
