package dev.eventlog.redis;

import dev.eventlog.AddOutcomeUnknownException;
import dev.eventlog.EventLogException;
import dev.eventlog.EventLogUnavailableException;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Asks about one log: makes something of each reply, and of each failure an {@link EventLogException}. Of what failed on the
 * connection that all commands share, that connection is told, so that it is given up if need be. Thread-safe.
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

    /** Makes something of a reply. */
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
        } catch (RuntimeException failure) { // thrown to the caller that waits for the reply
            sent = () -> {
                throw failure;
            };
        }
        Supplier<List<@Nullable Object>> replies = sent;
        return () ->
                answered(line, "read", begun, () -> unlessFailed(replies.get().get(0)));
    }

    /** Makes something of a reply that came before. It says nothing of the connection. */
    <T extends @Nullable Object> T converted(String what, Supplier<T> conversion) {
        try {
            return conversion.get();
        } catch (RuntimeException failure) {
            throw translate(what, failure);
        }
    }

    /** Asks, and tells the shared connection what came of it. */
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

    /** Asks for events to be added: who gets no answer does not know whether they were. */
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

    /** Makes something of a reply that came with others. */
    <T> T decode(String what, @Nullable Object reply, Decoder<T> decoder) {
        if (reply instanceof RuntimeException failure) {
            if (RedisFailures.isWrongServer(failure)) { // as may be the one on which commands are sent
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
