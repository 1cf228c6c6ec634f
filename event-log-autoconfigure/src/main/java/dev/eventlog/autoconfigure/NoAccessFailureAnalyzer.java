package dev.eventlog.autoconfigure;

import dev.eventlog.sse.EventStreamAccess;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Reports that the bean is missing that decides about access to logs over HTTP. */
final class NoAccessFailureAnalyzer extends AbstractFailureAnalyzer<NoAccessException> {

    @Override
    protected FailureAnalysis analyze(Throwable failure, NoAccessException missing) {
        return new FailureAnalysis(
                missing.getMessage() + ".",
                "Define one bean of type " + EventStreamAccess.class.getName()
                        + ", whose mayFollow decides about each request and log, or remove eventlog.http.path.",
                missing);
    }
}
