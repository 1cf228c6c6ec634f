package dev.eventlog.sample;

import dev.eventlog.AddOptions;
import dev.eventlog.AddOutcomeUnknownException;
import dev.eventlog.Completion;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogCompletedException;
import dev.eventlog.EventLogFactory;
import dev.eventlog.EventLogUnavailableException;
import dev.eventlog.LogPattern;
import dev.eventlog.TypedEventLog;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.core.task.AsyncTaskExecutor;
import org.springframework.stereotype.Component;

/** Jobs that write their progress to a log, and complete it when they have finished. */
@Component
class Jobs {

    /** The logs of all jobs, which a page follows together with its other logs. */
    static final LogPattern ALL = LogPattern.of("jobs:*");

    private static final Logger logger = LoggerFactory.getLogger(Jobs.class);

    private static final String PREFIX = "jobs:";

    private final EventLogFactory logs;
    private final OldLogs old;
    private final AsyncTaskExecutor executor;
    private final Duration pace;

    Jobs(
            EventLogFactory logs,
            OldLogs old,
            @Qualifier("applicationTaskExecutor") AsyncTaskExecutor executor,
            @Value("${sample.job.pace}") Duration pace) {
        this.logs = logs;
        this.old = old;
        this.executor = executor;
        this.pace = pace;
    }

    /** A step of a job. */
    record Step(int percent) {}

    /** Starts a job. {@return its id; the ids of later jobs are greater} */
    String start() {
        old.remove(ALL);
        String id = OldLogs.newId();
        TypedEventLog<Step> job = logs.create(PREFIX + id, Step.class);
        job.add(new Step(0));
        executor.execute(() -> run(job));
        return id;
    }

    // tag::code[]
    private void run(TypedEventLog<Step> job) {
        try {
            for (int percent = 2; percent <= 100; percent += 2) {
                Thread.sleep(pace.toMillis());
                add(job, new Step(percent));
            }
            job.complete();
        } catch (EventLogCompletedException | InterruptedException end) {
            logger.info("Job '{}' has been stopped", job.name()); // by a reader: its log is complete
        }
    }

    /** Repeats an add until Redis is back. The key makes sure that the step is added only once. */
    private void add(TypedEventLog<Step> job, Step step) throws InterruptedException {
        while (true) {
            try {
                job.add(step, AddOptions.idempotent("step-" + step.percent()));
                return;
            } catch (EventLogUnavailableException | AddOutcomeUnknownException away) {
                Thread.sleep(500);
            }
        }
    }
    // end::code[]

    /** Cancels a job. {@return whether it was still running} */
    boolean cancel(String id) {
        EventLog job = logs.create(PREFIX + id);
        try {
            return job.exists() && job.completeAs(Completion.cancelled("cancelled by a reader"));
        } catch (EventLogCompletedException before) {
            return false;
        }
    }
}
