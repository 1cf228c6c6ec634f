package dev.eventlog.testing;

import dev.eventlog.testing.memory.InMemoryRedis;
import org.junit.platform.suite.api.AfterSuite;
import org.junit.platform.suite.api.BeforeSuite;
import org.junit.platform.suite.api.ExcludeTags;
import org.junit.platform.suite.api.SelectClasses;
import org.junit.platform.suite.api.Suite;

/**
 * The library's own tests of what users see, as they are, on the Redis in memory. Not among them: those that stop, freeze or fill a
 * server, or that are about permissions, clusters, Sentinel and drivers, and those that take long.
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
            "dev.eventlog.GridTests",
            "dev.eventlog.ListenerFailureTests",
            "dev.eventlog.ManyLogsTests",
            "dev.eventlog.MaxAgeTests",
            "dev.eventlog.NamedFollowerTests",
            "dev.eventlog.NamedPatternTests",
            "dev.eventlog.PageTests",
            "dev.eventlog.PromisePropertyTests",
            "dev.eventlog.PublisherTests",
            "dev.eventlog.ReadTests",
            "dev.eventlog.RecordingTests",
            "dev.eventlog.RetractedEventsTests",
            "dev.eventlog.StreamTests",
            "dev.eventlog.TrimmedWhileFollowingTests",
            "dev.eventlog.TypedTests",
            "dev.eventlog.annotation.EventLogListenerTests",
            "dev.eventlog.reactor.EventFluxTests"
        })
@ExcludeTags({"server", "long"})
class ContractTests {

    /** Where the library's tests look for their Redis. */
    private static final String SWITCH = "eventlog.test.redis";

    /** Where they look for one that is theirs alone. */
    private static final String SERVER = "eventlog.test.server-port";

    private static final InMemoryRedis REDIS = InMemoryRedis.start();
    private static final InMemoryRedis OWN = InMemoryRedis.start();
    private static final String BEFORE = System.getProperty(SWITCH, "auto");

    @BeforeSuite
    static void useRedisInMemory() {
        System.setProperty(SWITCH, REDIS.uri().toString());
        System.setProperty(SERVER, Integer.toString(OWN.uri().getPort()));
    }

    @AfterSuite
    static void close() {
        System.setProperty(SWITCH, BEFORE);
        System.clearProperty(SERVER);
        REDIS.close();
        OWN.close();
    }
}
