package dev.eventlog.redis;

import dev.eventlog.EventLogUnavailableException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.QueryTimeoutException;

/**
 * Asks for the starts of many tails, in at most two round trips. Most tails begin at the end of their log, or contain all of a
 * short log. For these, {@code XINFO STREAM} shows the state, at one moment, and costs the server a tenth of the script. A second
 * command adds the events just before the end, or all events. They count only if the event at the end is still the same, which
 * proves that they belong to the same log; all events only if none is gone either. All other tails need the script.
 */
final class BeginningsTogether {

    private static final int MOST_REPEATED = 4;

    private final List<BeginningQuestion> questions;
    private final BeginningQuestion first;
    private final boolean glancing;
    private final Map<LogStream, Beginning> found = new HashMap<>();
    private final Map<BeginningQuestion, Beginning> simple = new HashMap<>();
    private final List<BeginningQuestion> elsewhere = new ArrayList<>();
    private String server = "";

    private BeginningsTogether(List<BeginningQuestion> questions, boolean glancing) {
        this.questions = questions;
        this.glancing = glancing;
        this.first = questions.get(0);
    }

    /** {@return the start of each tail, without the tails that must be asked individually} */
    static Map<LogStream, Beginning> of(List<BeginningQuestion> questions) {
        return of(questions, true, MOST_REPEATED);
    }

    /**
     * Asks again with scripts, for half of the tails at a time, if the connection is lost: Redis may have cut it because the
     * answers contain large events. Other callers share the connection, so even a single tail may have to be asked again.
     */
    private static Map<LogStream, Beginning> of(List<BeginningQuestion> questions, boolean glancing, int repeated) {
        try {
            return new BeginningsTogether(questions, glancing).answers();
        } catch (EventLogUnavailableException failure) {
            int half = questions.size() / 2;
            if (!isCut(failure.getCause()) || (half == 0 && repeated == 0)) {
                throw failure;
            }
            if (half == 0) {
                return of(questions, false, repeated - 1);
            }
            Map<LogStream, Beginning> found = new HashMap<>(of(questions.subList(0, half), false, repeated));
            found.putAll(of(questions.subList(half, questions.size()), false, repeated));
            return found;
        }
    }

    private static boolean isCut(@Nullable Throwable cause) {
        return cause != null
                && !(cause instanceof QueryTimeoutException)
                && (RedisFailures.isCutEarly(cause) || !RedisFailures.isKnownToHaveDoneNothing(cause));
    }

    private Map<LogStream, Beginning> answers() {
        askAll();
        askForMore();
        return found;
    }

    /**
     * Only the first question asks for the identity of the server, because this takes long. The later answers come from the same
     * server or from its successor.
     */
    private void askAll() {
        List<RawCommand> commands = new ArrayList<>(questions.size());
        for (BeginningQuestion question : questions) {
            commands.add(
                    commands.isEmpty()
                            ? question.command(true)
                            : glancing && question.mayBeSimple()
                                    ? PollReading.glance(question.stream().key())
                                    : question.command(false));
        }
        List<@Nullable Object> replies = sent(commands);
        Beginning withServer = first.beginning(replies.get(0));
        if (withServer == null) {
            return;
        }
        server = withServer.answer().server();
        found.put(first.stream(), withServer);
        for (int i = 1; i < Math.min(replies.size(), questions.size()); i++) {
            BeginningQuestion question = questions.get(i);
            if (glancing && question.mayBeSimple()) {
                glanced(question, replies.get(i));
            } else {
                add(question, question.beginning(replies.get(i)));
            }
        }
    }

    private void glanced(BeginningQuestion question, @Nullable Object reply) {
        Beginning beginning = question.simple(reply);
        if (beginning == null) {
            elsewhere.add(question);
        } else if (question.lacksEvents(beginning) && EventSize.areSmall(beginning.newest())) {
            simple.put(question, beginning);
        } else {
            add(question, beginning);
        }
    }

    private void askForMore() {
        List<RawCommand> commands = new ArrayList<>(simple.size() + elsewhere.size());
        simple.forEach((question, beginning) -> commands.add(question.more(beginning)));
        elsewhere.forEach(question -> commands.add(question.command(false)));
        if (commands.isEmpty()) {
            return;
        }
        List<@Nullable Object> replies = sent(commands);
        int at = 0;
        for (Map.Entry<BeginningQuestion, Beginning> each : simple.entrySet()) {
            if (at < replies.size()) {
                add(each.getKey(), each.getKey().withMore(each.getValue(), replies.get(at++)));
            }
        }
        for (BeginningQuestion question : elsewhere) {
            if (at < replies.size()) {
                add(question, question.beginning(replies.get(at++)));
            }
        }
    }

    private void add(BeginningQuestion question, @Nullable Beginning beginning) {
        if (beginning != null) {
            found.put(question.stream(), beginning.of(server));
        }
    }

    private List<@Nullable Object> sent(List<RawCommand> commands) {
        Inquiry inquiry = first.stream().inquiry();
        Line line = first.stream().connections().line();
        return inquiry.answered(line, "read", () -> {
            List<@Nullable Object> all = line.send(commands);
            for (Object reply : all) {
                if (reply instanceof RuntimeException failure
                        && !RedisFailures.isUnknownScript(failure)
                        && inquiry.translate("read", failure) instanceof EventLogUnavailableException) {
                    throw failure; // otherwise each question would wait on its own
                }
            }
            return all;
        });
    }
}
