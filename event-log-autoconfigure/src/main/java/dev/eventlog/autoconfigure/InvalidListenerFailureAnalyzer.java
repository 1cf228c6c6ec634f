package dev.eventlog.autoconfigure;

import dev.eventlog.annotation.InvalidEventLogListenerException;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.core.Ordered;

/** Reports an invalid listener, without the stack of exceptions around it. */
final class InvalidListenerFailureAnalyzer extends AbstractFailureAnalyzer<InvalidEventLogListenerException>
        implements Ordered {

    @Override
    protected FailureAnalysis analyze(Throwable failure, InvalidEventLogListenerException invalid) {
        return new FailureAnalysis(invalid.description() + ".", invalid.action(), invalid);
    }

    /** Runs before the analyzers of Spring Boot, which would report only the cause of a missing policy. */
    @Override
    public int getOrder() {
        return 0;
    }
}
