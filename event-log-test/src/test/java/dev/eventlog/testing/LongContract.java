package dev.eventlog.testing;

import org.junit.platform.suite.api.AfterSuite;
import org.junit.platform.suite.api.BeforeSuite;
import org.junit.platform.suite.api.ExcludeTags;
import org.junit.platform.suite.api.SelectClasses;
import org.junit.platform.suite.api.Suite;

/**
 * Runs those of the library's own tests on the in-memory Redis that take longer than {@link ContractTests}. The build
 * does not run it. Use {@code -Dtest=LongContract} to run it.
 */
@Suite
@SelectClasses(
        names = {
            "dev.eventlog.behaviour.GridTests",
            "dev.eventlog.behaviour.ManyLogsTests",
            "dev.eventlog.behaviour.NamedPatternTests",
            "dev.eventlog.behaviour.PromisePropertyTests",
            "dev.eventlog.behaviour.RecordingTests",
            "dev.eventlog.behaviour.RetractedEventsTests",
            "dev.eventlog.behaviour.TrimmedWhileFollowingTests",
            "dev.eventlog.reactor.EventFluxTests"
        })
@ExcludeTags({"server", "long"})
class LongContract {

    @BeforeSuite
    static void useRedisInMemory() {
        InsteadOfRedis.begin();
    }

    @AfterSuite
    static void useWhatWasUsedBefore() {
        InsteadOfRedis.end();
    }
}
