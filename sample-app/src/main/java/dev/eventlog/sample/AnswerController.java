package dev.eventlog.sample;

import jakarta.validation.constraints.Pattern;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** Starts and stops answers of the model. The stream of the page delivers their text. */
@RestController
@RequestMapping("/api/answers")
class AnswerController {

    private final Answers answers;

    AnswerController(Answers answers) {
        this.answers = answers;
    }

    record Asked(String id) {}

    record Stopped(boolean stopped) {}

    @PostMapping
    @ResponseStatus(HttpStatus.CREATED)
    Asked ask() {
        return new Asked(answers.ask());
    }

    @PostMapping("/{id}/stop")
    Stopped stop(@PathVariable @Pattern(regexp = OldLogs.ID, message = "must be the id of an answer") String id) {
        return new Stopped(answers.stop(id));
    }
}
