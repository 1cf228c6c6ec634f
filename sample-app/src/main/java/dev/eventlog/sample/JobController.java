package dev.eventlog.sample;

import jakarta.validation.constraints.Pattern;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** Starts and cancels jobs. The stream of the page delivers their progress. */
@RestController
@RequestMapping("/api/jobs")
class JobController {

    private final Jobs jobs;

    JobController(Jobs jobs) {
        this.jobs = jobs;
    }

    record Started(String id) {}

    record Cancelled(boolean cancelled) {}

    @PostMapping
    @ResponseStatus(HttpStatus.CREATED)
    Started start() {
        return new Started(jobs.start());
    }

    @PostMapping("/{id}/stop")
    Cancelled cancel(@PathVariable @Pattern(regexp = OldLogs.ID, message = "must be the id of a job") String id) {
        return new Cancelled(jobs.cancel(id));
    }
}
