package dev.eventlog.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.Event;
import dev.eventlog.EventBatchListener;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.FollowSignals;
import dev.eventlog.Gap;
import dev.eventlog.Tail;
import dev.eventlog.test.ServerTests;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Followers and subscribers receive the interruption and the recovery before any newer event. */
class InterruptionTests extends ServerTests {

    private final BlockingQueue<String> told = new LinkedBlockingQueue<>();

    @ParameterizedTest
    @ValueSource(ints = {0, 8})
    void listenerReceivesEachInterruption(int dedicated) throws Exception {
        EventLog log = newFactory(redis.uri(), "eventlog.follow.dedicated-connections=" + dedicated)
                .create("log");
        add("log", 0, 1);
        closeLater(log.follow(Tail.all(), new EventBatchListener<>() {
            @Override
            public void onBatch(List<Event> batch) {
                batch.forEach(event -> told.add("event " + event.fields().get("n")));
            }

            @Override
            public void onCaughtUp() {
                told.add("caught up");
            }

            @Override
            public void onGap(Gap gap) {
                told.add("gap");
            }

            @Override
            public void onInterrupted() {
                told.add("interrupted");
            }

            @Override
            public void onResumed() {
                told.add("resumed");
            }
        }));
        assertTold("event 0", "caught up");

        for (int i = 1; i < 6; i++) {
            redis.kill();
            assertTold("interrupted");
            redis.start();
            add("log", i, i + 1);
            assertTold("resumed");
            String next = next();
            assertThat("gap".equals(next) ? next() : next)
                    .isEqualTo("event " + i); // the Redis of this test stores nothing on disk
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 8})
    void subscriberReceivesInterruptionsWithoutDemand(int dedicated) throws Exception {
        EventLog log = newFactory(redis.uri(), "eventlog.follow.dedicated-connections=" + dedicated)
                .create("log");
        EventId id = add("log", 0, 1).get(0);
        log.publisher(Tail.after(id), new FollowSignals() {
                    @Override
                    public void onBegin(EventId position) {
                        told.add("begins at " + position);
                    }

                    @Override
                    public void onInterrupted() {
                        told.add("interrupted");
                    }

                    @Override
                    public void onResumed() {
                        told.add("resumed");
                    }
                })
                .subscribe(new Flow.Subscriber<>() {
                    @Override
                    public void onSubscribe(Flow.Subscription subscription) {
                        closeLater(subscription::cancel);
                    }

                    @Override
                    public void onNext(List<Event> batch) {
                        told.add("batch");
                    }

                    @Override
                    public void onError(Throwable failure) {
                        told.add(failure.toString());
                    }

                    @Override
                    public void onComplete() {
                        told.add("complete");
                    }
                });
        assertTold("begins at " + id);

        redis.kill();
        assertTold("interrupted");
        redis.start();
        assertTold("resumed");
    }

    private void assertTold(String... messages) throws InterruptedException {
        for (String message : messages) {
            assertThat(next()).isEqualTo(message);
        }
    }

    private String next() throws InterruptedException {
        String message = told.poll(20, TimeUnit.SECONDS);
        assertThat(message).as("reported within 20 s").isNotNull();
        return String.valueOf(message);
    }
}
