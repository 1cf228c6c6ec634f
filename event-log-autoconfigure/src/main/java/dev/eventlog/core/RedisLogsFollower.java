package dev.eventlog.core;

import dev.eventlog.EventId;
import dev.eventlog.Follower;
import dev.eventlog.LogSetFollower;
import dev.eventlog.Tail;
import dev.eventlog.follow.ManyLogs;
import dev.eventlog.redis.LogNames;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionStage;

/** The public view of many followed logs. */
final class RedisLogsFollower implements LogSetFollower {

    private final ManyLogs logs;
    private final String description;
    private final Tail tail;

    RedisLogsFollower(ManyLogs logs, String description, Tail tail) {
        this.logs = logs;
        this.description = description;
        this.tail = tail;
    }

    @Override
    public Set<String> logs() {
        return logs.logs();
    }

    @Override
    public Map<String, EventId> positions() {
        return logs.positions();
    }

    @Override
    public Map<String, Throwable> failures() {
        return logs.failures();
    }

    @Override
    public boolean add(String name) {
        LogNames.check(name);
        return logs.add(name, tail);
    }

    @Override
    public boolean remove(String name) {
        return logs.remove(name, () -> {});
    }

    @Override
    public boolean isRunning() {
        return logs.isRunning();
    }

    @Override
    public CompletionStage<Follower.EndReason> completion() {
        return logs.completion();
    }

    @Override
    public void close() {
        logs.close();
    }

    @Override
    public String toString() {
        return description;
    }
}
