package dev.eventlog.testing;

import org.junit.platform.suite.api.AfterSuite;
import org.junit.platform.suite.api.BeforeSuite;
import org.junit.platform.suite.api.ExcludeTags;
import org.junit.platform.suite.api.SelectClasses;
import org.junit.platform.suite.api.Suite;

/**
 * The library's own tests of what users see, as they are, on the Redis in memory. Not among them: those that stop, freeze or fill a
 * server, or that are about permissions, clusters, Sentinel and drivers, and those that take long. {@link LongContract} has the
 * rest.
 */
@Suite
@SelectClasses(
        names = {
            "dev.eventlog.AddOptionsTests",
            "dev.eventlog.AddTests",
            "dev.eventlog.CompletionTests",
            "dev.eventlog.EventRangeTests",
            "dev.eventlog.ExpiryTests",
            "dev.eventlog.FoldTests",
            "dev.eventlog.FollowTests",
            "dev.eventlog.FollowerEndTests",
            "dev.eventlog.GapTests",
            "dev.eventlog.ListenerFailureTests",
            "dev.eventlog.MaxAgeTests",
            "dev.eventlog.NamedFollowerTests",
            "dev.eventlog.PageTests",
            "dev.eventlog.PublisherTests",
            "dev.eventlog.ReadTests",
            "dev.eventlog.StreamTests",
            "dev.eventlog.TypedTests",
            "dev.eventlog.annotation.EventLogListenerTests"
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
