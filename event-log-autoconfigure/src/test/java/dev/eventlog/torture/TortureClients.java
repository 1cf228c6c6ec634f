package dev.eventlog.torture;

import dev.eventlog.EventLog;
import dev.eventlog.test.TestApplication;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.springframework.context.ConfigurableApplicationContext;

/** The applications of a torture run in one process, with all their writers and readers. The caller closes it. */
final class TortureClients implements AutoCloseable {

    /** The logs with named followers, as indexes in {@link TortureLogs#ALL}. */
    private static final List<Integer> NAMED = List.of(0, 1, 3);

    /**
     * The number of writers and readers of each kind.
     *
     * @param name the name of the process, which is the prefix of the names of its readers
     * @param writers the maximum number of writers for each log
     * @param followers the number of followers for each log
     * @param throwers the number of followers for each log whose listeners throw
     * @param subscribers the number of subscribers for each log
     * @param streams the number of blocking streams for each log
     * @param sse the number of HTTP clients for each log
     * @param enders the number of threads that complete and delete the log that ends
     */
    record Roles(
            String name, int writers, int followers, int throwers, int subscribers, int streams, int sse, int enders) {}

    private final TortureScene scene;
    private final List<ConfigurableApplicationContext> applications = new ArrayList<>();
    private final List<TorturePositions> positions = new ArrayList<>();
    private final List<List<EventLog>> logs = new ArrayList<>(); // by application, each in the order of TortureLogs
    private final @Nullable ConfigurableApplicationContext web;
    private final TortureWriters writers;
    private final TortureEnders enders;
    private final List<Thread> writing = new ArrayList<>();
    private final List<Thread> reading = new ArrayList<>();

    /**
     * Starts the applications.
     *
     * @param settings the settings of each application
     * @param web the settings of one more application, which serves the logs over HTTP; null for none
     */
    TortureClients(TortureScene scene, List<String[]> settings, String @Nullable [] web) {
        this.scene = scene;
        for (String[] each : settings) {
            TorturePositions overheard = new TorturePositions();
            ConfigurableApplicationContext application =
                    TestApplication.startElsewhereWith(TorturePositions.class, overheard, each);
            applications.add(application);
            positions.add(overheard);
            logs.add(TortureLogs.of(application));
        }
        this.web = web == null ? null : TortureSse.start(web);
        this.writers = new TortureWriters(scene, logs);
        this.enders = new TortureEnders(scene, logs);
    }

    /** {@return the Redis driver of the applications} */
    String driver() {
        return applications.get(0).getBean("redisConnectionFactory").getClass().getSimpleName();
    }

    /** Starts all writers and readers. */
    void start(Roles roles) {
        writing.addAll(writers.start(roles.writers()));
        writing.addAll(enders.start(roles.enders()));
        for (int log = 0; log < TortureLogs.ALL.size(); log++) {
            for (int i = 0; i < roles.followers() + roles.throwers(); i++) {
                boolean throwing = i >= roles.followers();
                String name = roles.name() + (throwing ? "thrower " : "follower ") + log + i;
                Random random = scene.random(2, log, i);
                start(new TortureFollowers(scene, logs, log, name, random, throwing), name);
            }
            for (int i = 0; i < roles.subscribers(); i++) {
                String name = roles.name() + "subscriber " + log + i;
                start(new TortureSubscribers(scene, logs, log, name, scene.random(3, log, i)), name);
            }
            for (int i = 0; i < roles.streams(); i++) {
                String name = roles.name() + "stream " + log + i;
                start(new TortureStreams(scene, logs, log, name, scene.random(4, log, i)), name);
            }
            ConfigurableApplicationContext serving = web;
            for (int i = 0; serving != null && i < roles.sse(); i++) {
                String name = roles.name() + "SSE client " + log + i;
                start(new TortureSse(scene, logs, log, name, scene.random(5, log, i), serving), name);
            }
        }
        for (int log : NAMED) {
            for (int i = 0; i < applications.size(); i++) {
                String name = roles.name() + "named " + log + i;
                TortureNamedReader reader = new TortureNamedReader(
                        scene, positions.get(i), logs.get(i).get(log), "book", name, scene.random(6, log, i));
                reading.add(scene.start(name, reader::comeAndGo));
            }
        }
    }

    private void start(TortureReader reader, String name) {
        reading.add(scene.start(name, reader::comeAndGo));
    }

    /** {@return the log with a name} */
    EventLog log(String name) {
        return logs.get(0).stream()
                .filter(log -> log.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    TortureEnders enders() {
        return enders;
    }

    /** Stops the writers. Then each reader keeps its current follower until the end. */
    void calmDown() throws InterruptedException {
        scene.writing = false;
        for (Thread thread : writing) {
            thread.join();
        }
        scene.harming = false;
        for (Thread thread : reading) {
            thread.join();
        }
    }

    /**
     * Adds an event to each log in each application.
     *
     * @return a description of the failure for each application where an add failed
     */
    List<String> addEverywhere() throws InterruptedException {
        List<String> failures = new ArrayList<>();
        for (int application = 0; application < logs.size(); application++) {
            boolean added = true;
            for (EventLog log : logs.get(application)) {
                added &= writers.add(log, 0);
            }
            if (!added) {
                failures.add("application " + application + ", whose last failed add threw " + writers.lastFailure());
            }
        }
        return failures;
    }

    /** Ends all readers and applications. */
    @Override
    public void close() {
        scene.watches().forEach(TortureWatch::close);
        scene.named().forEach(TortureNamed::close);
        applications.forEach(ConfigurableApplicationContext::close);
        ConfigurableApplicationContext serving = web;
        if (serving != null) {
            serving.close();
        }
    }
}
