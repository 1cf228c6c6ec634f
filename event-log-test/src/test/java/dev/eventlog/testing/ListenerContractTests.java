package dev.eventlog.testing;

import org.junit.platform.suite.api.AfterSuite;
import org.junit.platform.suite.api.BeforeSuite;
import org.junit.platform.suite.api.ExcludeTags;
import org.junit.platform.suite.api.SelectClasses;
import org.junit.platform.suite.api.Suite;

/** Runs the library's own tests of listeners on the in-memory Redis, like {@link ContractTests}. */
@Suite
@SelectClasses(
        names = {
            "dev.eventlog.behaviour.FollowerEndTests",
            "dev.eventlog.behaviour.ListenerFailureTests",
            "dev.eventlog.behaviour.NamedFollowerTests",
            "dev.eventlog.annotation.EventLogListenerTests"
        })
@ExcludeTags({"server", "long"})
class ListenerContractTests {

    @BeforeSuite
    static void useRedisInMemory() {
        InsteadOfRedis.begin();
    }

    @AfterSuite
    static void useWhatWasUsedBefore() {
        InsteadOfRedis.end();
    }
}
