package dev.eventlog.behaviour;

import dev.eventlog.Event;
import dev.eventlog.EventLog;
import dev.eventlog.Tail;
import dev.eventlog.core.RedisEventLogFactory;
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
import org.testng.annotations.AfterMethod;
import org.testng.annotations.BeforeClass;
import org.testng.annotations.Test;

/**
 * Runs the test kit of Reactive Streams for publishers, which uses TestNG. The kit expects an end, but a log has none:
 * after the requested number of batches, the factory of that subscriber shuts down.
 */
@Test
public class PublisherTckTests extends FlowPublisherVerification<List<Event>> {

    private final List<String> keys = new ArrayList<>();
    private final List<RedisEventLogFactory> factories = new ArrayList<>();
    private ConfigurableApplicationContext application;
    private StringRedisTemplate redis;

    @SuppressWarnings("NullAway.Init") // start() is called before the tests
    public PublisherTckTests() {
        super(new TestEnvironment(10_000, 50, 500), 200); // the kit waits for an error only as long as it polls once
    }

    @BeforeClass
    void start() {
        application = TestApplication.start();
        redis = application.getBean(StringRedisTemplate.class);
    }

    @AfterMethod
    void destroy() {
        factories.forEach(RedisEventLogFactory::destroy);
        factories.clear();
    }

    @AfterClass
    void close() {
        redis.delete(keys);
        application.close();
    }

    private String newName() {
        String name = "test:PublisherTckTests:" + UUID.randomUUID();
        keys.add(name);
        return name;
    }

    private RedisEventLogFactory newFactory() {
        RedisEventLogFactory factory = TestApplication.newFactory(redis, 1, 100, null);
        factories.add(factory);
        return factory;
    }

    @Override
    public Flow.Publisher<List<Event>> createFlowPublisher(long batches) {
        String name = newName();
        TestApplication.factory(application).create(name).addAll(LogTests.events(0, (int) Math.min(batches, 100)));
        return subscriber -> {
            RedisEventLogFactory factory = newFactory();
            EventLog log = factory.create(name);
            log.publisher(Tail.all())
                    .subscribe(subscriber == null ? null : new EndingAfter(batches, subscriber, factory));
        };
    }

    @Override
    public Flow.Publisher<List<Event>> createFailedFlowPublisher() {
        String name = newName();
        redis.opsForValue().set(name, "no stream");
        return newFactory().create(name).publisher(Tail.all());
    }

    /** Ends the batches of a subscriber by a shutdown of its factory. */
    private static final class EndingAfter implements Flow.Subscriber<List<Event>> {

        private final Flow.Subscriber<? super List<Event>> subscriber;
        private final RedisEventLogFactory factory;
        private long left;

        EndingAfter(long batches, Flow.Subscriber<? super List<Event>> subscriber, RedisEventLogFactory factory) {
            this.left = batches;
            this.subscriber = subscriber;
            this.factory = factory;
        }

        @Override
        public void onSubscribe(Flow.Subscription subscription) {
            subscriber.onSubscribe(subscription);
            if (left == 0) {
                factory.stop();
            }
        }

        @Override
        public void onNext(List<Event> batch) {
            subscriber.onNext(batch);
            if (--left == 0) {
                factory.stop();
            }
        }

        @Override
        public void onError(Throwable failure) {
            subscriber.onError(failure);
        }

        @Override
        public void onComplete() {
            subscriber.onComplete();
        }
    }
}
