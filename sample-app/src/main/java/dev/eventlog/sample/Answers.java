package dev.eventlog.sample;

import dev.eventlog.Completion;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogCompletedException;
import dev.eventlog.EventLogFactory;
import dev.eventlog.LogPattern;
import dev.eventlog.Recording;
import dev.eventlog.reactor.EventFlux;
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

    private final EventLogFactory logs;
    private final OldLogs old;
    private final Model model;

    Answers(EventLogFactory logs, OldLogs old, Model model) {
        this.logs = logs;
        this.old = old;
        this.model = model;
    }

    /** A piece of an answer, as the model returns it. */
    record Piece(String text) {}

    // tag::code[]
    /** Starts an answer. {@return its id; the ids of later answers are greater} */
    String ask() {
        old.remove(ALL);
        String id = OldLogs.newId();
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
    } // end::code[]
}
