package dev.eventlog.sample;

import dev.eventlog.Completion;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogCompletedException;
import dev.eventlog.EventLogFactory;
import dev.eventlog.LogPattern;
import dev.eventlog.Recording;
import dev.eventlog.reactor.EventFlux;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Stream;
import org.springframework.stereotype.Component;

/**
 * Records the answers of a model, each in its own log. The server asks the model independently of the request. So the
 * answer continues while a page is reloaded, every tab shows it, and anybody can stop it, on any instance.
 */
@Component
class Answers {

    /** The logs of all answers, which a page follows together with its other logs. */
    static final LogPattern ALL = LogPattern.of("answers:*");

    private static final String PREFIX = "answers:";

    /** The number of answers to keep besides the newest one, for pages that still show them. */
    private static final int KEPT = 3;

    private final EventLogFactory logs;
    private final Model model;

    Answers(EventLogFactory logs, Model model) {
        this.logs = logs;
        this.model = model;
    }

    /** A piece of an answer, as the model returns it. */
    record Piece(String text) {}

    /** Starts an answer. {@return its id; the ids of later answers are greater} */
    String ask() {
        removeOld();
        String id =
                System.currentTimeMillis() + "-" + ThreadLocalRandom.current().nextInt(1_000, 10_000);
        Recording unused = EventFlux.record(
                logs.create(PREFIX + id, Piece.class), model.answer().map(Piece::new), options -> {});
        return id;
    }

    /** Stops an answer. {@return whether it was still running} */
    boolean stop(String id) {
        EventLog answer = logs.create(PREFIX + id);
        try {
            return answer.exists() && answer.completeAs(Completion.cancelled("stopped by a reader"));
        } catch (EventLogCompletedException before) {
            return false;
        }
    }

    private void removeOld() {
        List<String> names;
        try (Stream<String> all = logs.names(ALL.text())) {
            names = all.distinct().sorted().toList();
        }
        names.stream()
                .limit(Math.max(0, names.size() - KEPT))
                .map(logs::create)
                .filter(EventLog::isComplete)
                .forEach(EventLog::delete);
    }
}
