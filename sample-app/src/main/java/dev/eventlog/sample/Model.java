package dev.eventlog.sample;

import java.time.Duration;
import java.util.List;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;

/** Stands in for a language model: says the same each time, word by word. Spring AI's {@code ChatClient} gives such a flux too. */
@Component
class Model {

    private static final String ANSWER = """
            An event log is a list that only grows at its end. Whoever writes adds a line; whoever reads begins where they like \
            and goes on from there, so nobody has to be there at the right moment. That is why you can reload this page in the \
            middle of a sentence: the words are not sent to you, they are written down, and your page reads them. A second tab \
            reads the same words. If you press Stop, the log is completed, and the model learns of it with its next word. And if \
            the server dies while it writes, another one sees after a few seconds that nobody writes any more, and says so.""";

    private final Duration pace;

    Model(@Value("${sample.model.pace}") Duration pace) {
        this.pace = pace;
    }

    /** {@return the pieces of an answer, as they come} */
    Flux<String> answer() {
        List<String> words = List.of(ANSWER.split("(?<= )"));
        return Flux.fromIterable(words).delayElements(pace);
    }
}
