package dev.eventlog.sample;

import java.time.Duration;
import java.util.List;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;

/**
 * A substitute for a language model: it returns the same answer each time, word by word. The {@code ChatClient} of
 * Spring AI returns such a flux too.
 */
@Component
class Model {

    private static final String ANSWER = """
            An event log is a list that only grows at its end. A writer adds one line after the other. A reader starts at \
            any line and continues from there, so nobody has to be there at the right moment. That is why you can reload \
            this page in the middle of a sentence: the words are not sent to you, they are written down, and your page \
            reads them. A second tab reads the same words. If you press Stop, the log is completed, and the model learns \
            this with its next word. And if the server dies while it writes, another server notices after a few seconds \
            that the writer is gone, and says so.""";

    private final Duration pace;

    Model(@Value("${sample.model.pace}") Duration pace) {
        this.pace = pace;
    }

    /** {@return the pieces of an answer, one after the other} */
    Flux<String> answer() {
        List<String> words = List.of(ANSWER.split("(?<= )"));
        return Flux.fromIterable(words).delayElements(pace);
    }
}
