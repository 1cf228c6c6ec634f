package dev.eventlog;

import dev.eventlog.test.LogTests;
import dev.eventlog.test.TestApplication;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Flow;
import org.reactivestreams.tck.TestEnvironment;
import org.reactivestreams.tck.flow.FlowPublisherVerification;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.data.redis.core.StringRedisTemplate;
import org.testng.annotations.AfterClass;
import org.testng.annotations.BeforeClass;
import org.testng.annotations.Test;

/** The rules of Reactive Streams, as their own test kit for publishers holds them (it is made for TestNG). */
@Test
public class PublisherTckTests extends FlowPublisherVerification<List<Event>> {

    private final List<String> keys = new ArrayList<>();
    private ConfigurableApplicationContext application;

    public PublisherTckTests() {
        super(new TestEnvironment(2_000, 50, 5), 200);
    }

    @BeforeClass
    void start() {
        application = TestApplication.start("eventlog.follow.batch-size=1");
    }

    @AfterClass
    void close() {
        redis().delete(keys);
        application.close();
    }

    private StringRedisTemplate redis() {
        return application.getBean(StringRedisTemplate.class);
    }

    private EventLog newLog() {
        String name = "test:PublisherTckTests:" + UUID.randomUUID();
        keys.add(name);
        return TestApplication.factory(application).create(name);
    }

    /** A log has no end, so where the kit wants no end of batches a few are enough. */
    @Override
    public Flow.Publisher<List<Event>> createFlowPublisher(long batches) {
        EventLog log = newLog();
        log.addAll(LogTests.events(0, (int) Math.min(batches, 100)));
        return log.publisher(Tail.all());
    }

    @Override
    public Flow.Publisher<List<Event>> createFailedFlowPublisher() {
        EventLog log = newLog();
        redis().opsForValue().set(log.name(), "no stream");
        return log.publisher(Tail.all());
    }

    @Override
    public long maxElementsFromPublisher() {
        return publisherUnableToSignalOnComplete();
    }
}
