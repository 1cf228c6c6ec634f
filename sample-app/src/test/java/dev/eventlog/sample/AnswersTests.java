package dev.eventlog.sample;

import static dev.eventlog.testing.EventLogAssertions.assertThatLog;
import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.EventLogFactory;
import dev.eventlog.TypedEventLog;
import dev.eventlog.testing.EventLogTest;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.context.annotation.Import;

/** Uses an in-memory Redis, because this test is not about Redis. */
@EventLogTest(properties = "sample.model.pace=1ms")
@Import({Answers.class, ForeignEvents.class, Model.class, OldLogs.class})
class AnswersTests {

    @Autowired
    private Answers answers;

    @Autowired
    private EventLogFactory logs;

    private TypedEventLog<Answers.Piece> log(String id) {
        return logs.create("answers:" + id, Answers.Piece.class);
    }

    @Test
    void answerIsRecordedToItsEnd() {
        String id = answers.ask();
        assertThatLog(log(id)).eventually().isComplete();
        assertThatLog(log(id)).contains(new Answers.Piece("An "), new Answers.Piece("so."));
    }

    @Test
    void completedAnswerCannotBeStopped() {
        String id = answers.ask();
        assertThatLog(log(id)).eventually().isComplete();
        assertThat(answers.stop(id)).isFalse();
    }

    @Test
    void unknownAnswerCannotBeStopped() {
        assertThat(answers.stop("1-1234")).isFalse();
    }
}
