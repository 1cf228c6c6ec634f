package dev.eventlog.redis;

import dev.eventlog.AddOutcomeUnknownException;
import dev.eventlog.EventLogException;
import dev.eventlog.EventLogUnavailableException;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Asks questions about one log. It decodes each reply, and turns each failure into an {@link EventLogException}. It reports
 * failures on the connection for commands to the {@link Connections}, which give up a connection if necessary. Thread-safe.
 */
final class Inquiry {

    private final String log;
    private final String key;
    private final Connections connections;

    Inquiry(String log, String key, Connections connections) {
        this.log = log;
        this.key = key;
        this.connections = connections;
    }

    /** Decodes a reply. */
    @FunctionalInterface
    interface Decoder<T> {
        T decode(@Nullable Object reply);
    }

    <T> T ask(Line line, RawCommand command, Decoder<T> decoder) {
        return ask(line, () -> one(line, command), decoder);
    }

    <T> T ask(Line line, Supplier<@Nullable Object> question, Decoder<T> decoder) {
        return answered(line, "read", () -> decoder.decode(question.get()));
    }

    /**
     * Sends a question whose answer is needed later.
     *
     * @return waits for the reply
     */
    Supplier<@Nullable Object> askAhead(Line line, RawCommand command) {
        long begun = System.nanoTime();
        Supplier<List<@Nullable Object>> sent;
        try {
            sent = line.sendAhead(List.of(command));
        } catch (RuntimeException failure) { // the caller that waits for the reply gets it
            sent = () -> {
                throw failure;
            };
        }
        Supplier<List<@Nullable Object>> replies = sent;
        return () ->
                answered(line, "read", begun, () -> unlessFailed(replies.get().get(0)));
    }

    /** Decodes a reply that arrived earlier. It proves nothing about the connection. */
    <T extends @Nullable Object> T converted(String what, Supplier<T> conversion) {
        try {
            return conversion.get();
        } catch (RuntimeException failure) {
            throw translate(what, failure);
        }
    }

    /** Asks a question, and reports the outcome to the shared connection. */
    <T> T answered(Line line, String what, Supplier<T> question) {
        return answered(line, what, System.nanoTime(), question);
    }

    @SuppressWarnings("ReferenceEquality") // whether it is the line that all commands share
    private <T extends @Nullable Object> T answered(Line line, String what, long begun, Supplier<T> question) {
        boolean shared = line == connections.line();
        try {
            T answer = question.get();
            if (shared) {
                connections.answered();
            }
            return answer;
        } catch (RuntimeException failure) {
            if (shared) {
                connections.failed(failure, begun);
            }
            throw translate(what, failure);
        }
    }

    /** Sends an add. Without an answer, it is unknown whether the events were added. */
    <T> T change(Supplier<T> question) {
        try {
            return answered(connections.line(), "add to", question);
        } catch (EventLogUnavailableException failure) {
            throw RedisFailures.isKnownToHaveDoneNothing(failure.getCause())
                    ? failure
                    : new AddOutcomeUnknownException(log, failure);
        } catch (EventLogException failure) {
            if (!RedisFailures.isHalfDone(failure.getCause())) {
                throw failure;
            }
            throw new AddOutcomeUnknownException(
                    log,
                    new EventLogUnavailableException(log, String.valueOf(failure.getMessage()), failure.getCause()));
        }
    }

    /** Decodes a reply that arrived together with others. */
    <T> T decode(String what, @Nullable Object reply, Decoder<T> decoder) {
        if (reply instanceof RuntimeException failure) {
            if (RedisFailures.isAnswerOfWrongServer(failure)) { // the connection for commands may lead there, too
                connections.wrongServer(System.nanoTime());
            }
            throw translate(what, failure);
        }
        return decoder.decode(reply);
    }

    EventLogException translate(String what, Throwable failure) {
        return RedisFailures.translate(log, key, what, failure);
    }

    static @Nullable Object one(Line line, RawCommand command) {
        return unlessFailed(line.send(List.of(command)).get(0));
    }

    static @Nullable Object unlessFailed(@Nullable Object reply) {
        if (reply instanceof RuntimeException failure) {
            throw failure;
        }
        return reply;
    }
}
