package dev.eventlog.autoconfigure;

import dev.eventlog.annotation.InvalidEventLogListenerException;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.core.Ordered;

/** Says what is wrong with a listener, and not how it was found out. */
final class InvalidListenerFailureAnalyzer extends AbstractFailureAnalyzer<InvalidEventLogListenerException>
        implements Ordered {

    @Override
    protected FailureAnalysis analyze(Throwable failure, InvalidEventLogListenerException invalid) {
        return new FailureAnalysis(invalid.description() + ".", invalid.action(), invalid);
    }

    /** Before Spring Boot's own, which know only the cause of a missing policy. */
    @Override
    public int getOrder() {
        return 0;
    }
}
