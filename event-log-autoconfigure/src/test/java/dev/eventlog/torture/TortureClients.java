package dev.eventlog.torture;

import dev.eventlog.EventLog;
import dev.eventlog.test.TestApplication;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.springframework.context.ConfigurableApplicationContext;

/** The applications of a torture run in one process, with all who write and read in them. To be closed. */
final class TortureClients implements AutoCloseable {

    /** The logs that named followers follow, as in {@link TortureLogs}. */
    private static final List<Integer> NAMED = List.of(0, 1, 3);

    /**
     * How many there are.
     *
     * @param name of the process, with which the names of readers begin
     * @param writers of each log at most
     * @param followers of each log
     * @param throwers of each log, whose listeners throw
     * @param subscribers of each log
     * @param streams of each log
     * @param sse clients of each log over HTTP
     * @param enders who complete the log that ends, and delete it
     */
    record Roles(
            String name, int writers, int followers, int throwers, int subscribers, int streams, int sse, int enders) {}

    private final TortureScene scene;
    private final List<ConfigurableApplicationContext> applications = new ArrayList<>();
    private final List<TorturePositions> positions = new ArrayList<>();
    private final List<List<EventLog>> logs = new ArrayList<>(); // of each application, as in TortureLogs
    private final @Nullable ConfigurableApplicationContext web;
    private final TortureWriters writers;
    private final TortureEnders enders;
    private final List<Thread> writing = new ArrayList<>();
    private final List<Thread> reading = new ArrayList<>();

    /**
     * Starts the applications.
     *
     * @param settings of each application
     * @param web of one more, which serves the logs over HTTP; null for none
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

    /** {@return the kind of driver that the applications have} */
    String driver() {
        return applications.get(0).getBean("redisConnectionFactory").getClass().getSimpleName();
    }

    /** Starts all who write and read. */
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

    /** {@return a log, by its name} */
    EventLog log(String name) {
        return logs.get(0).stream()
                .filter(log -> log.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    TortureEnders enders() {
        return enders;
    }

    /** Has the writers stop, then the readers stay where they are. */
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
     * Adds an event to every log, in every application.
     *
     * @return what failed, for each application in which anything did
     */
    List<String> addEverywhere() throws InterruptedException {
        List<String> failures = new ArrayList<>();
        for (int application = 0; application < logs.size(); application++) {
            boolean added = true;
            for (EventLog log : logs.get(application)) {
                added &= writers.add(log, 0);
            }
            if (!added) {
                failures.add("application " + application + ", where an add failed last by " + writers.lastFailure());
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
