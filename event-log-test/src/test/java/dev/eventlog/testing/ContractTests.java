package dev.eventlog.testing;

import org.junit.platform.suite.api.AfterSuite;
import org.junit.platform.suite.api.BeforeSuite;
import org.junit.platform.suite.api.ExcludeTags;
import org.junit.platform.suite.api.SelectClasses;
import org.junit.platform.suite.api.Suite;

/**
 * Runs the library's own tests of its public behavior on the in-memory Redis, without changes. It excludes tests that
 * stop, freeze, or fill a server, tests of permissions, clusters, Sentinel, and drivers, and tests that take long.
 * {@link ListenerContractTests} has those of listeners, so that both can run at once. {@link LongContract} has the long
 * ones.
 */
@Suite
@SelectClasses(
        names = {
            "dev.eventlog.behaviour.AddOptionsTests",
            "dev.eventlog.behaviour.AddTests",
            "dev.eventlog.behaviour.CompletionTests",
            "dev.eventlog.behaviour.EventRangeTests",
            "dev.eventlog.behaviour.ExpiryTests",
            "dev.eventlog.behaviour.FoldTests",
            "dev.eventlog.behaviour.FollowTests",
            "dev.eventlog.behaviour.GapTests",
            "dev.eventlog.behaviour.MaxAgeTests",
            "dev.eventlog.behaviour.PageTests",
            "dev.eventlog.behaviour.PublisherTests",
            "dev.eventlog.behaviour.ReadTests",
            "dev.eventlog.StreamTests",
            "dev.eventlog.behaviour.TypedTests"
        })
@ExcludeTags({"server", "long"})
class ContractTests {

    @BeforeSuite
    static void useRedisInMemory() {
        InsteadOfRedis.begin();
    }

    @AfterSuite
    static void useWhatWasUsedBefore() {
        InsteadOfRedis.end();
    }
}
