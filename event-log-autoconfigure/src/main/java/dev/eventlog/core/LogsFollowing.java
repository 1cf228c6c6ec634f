package dev.eventlog.core;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.FollowOptions;
import dev.eventlog.FollowerKind;
import dev.eventlog.LogPattern;
import dev.eventlog.LogSetFollower;
import dev.eventlog.LogsFollower;
import dev.eventlog.LogsListener;
import dev.eventlog.Tail;
import dev.eventlog.durable.DurableFollowers;
import dev.eventlog.follow.Commits;
import dev.eventlog.follow.LogFinder;
import dev.eventlog.follow.ManyLogs;
import dev.eventlog.redis.LogNames;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.util.Assert;

/** Follows many logs with one listener: the logs of a pattern, or a set of logs. Thread-safe. */
final class LogsFollowing {

    private final ManyLogs.Means means;
    private final DurableFollowers durable;
    private final Function<String, LogNames> names;

    LogsFollowing(ManyLogs.Means means, DurableFollowers durable, Function<String, LogNames> names) {
        this.means = means;
        this.durable = durable;
        this.names = names;
    }

    LogNames names(String pattern) {
        Assert.hasText(pattern, () -> "The log pattern must not be blank, but is '" + pattern + "'");
        Assert.isTrue(
                StandardCharsets.UTF_8.newEncoder().canEncode(pattern),
                () -> "The log pattern must be valid Unicode, but is '" + pattern + "'");
        return names.apply(pattern);
    }

    LogsFollower follow(
            LogPattern pattern, Tail tail, LogsListener<Event> listener, Consumer<FollowOptions.Builder> customizer) {
        Assert.notNull(pattern, "The log pattern must not be null");
        String description = "The follower of logs '" + pattern + "'";
        FollowOptions chosen = check(description, tail, listener, customizer);
        if (chosen.name() != null) {
            return durable.follow(names.apply(pattern.text()), tail, listener, chosen);
        }
        ManyLogs logs = new ManyLogs(description, means, listener, chosen, Commits.NONE);
        LogNames found = names.apply(pattern.text());
        LogFinder finder = new LogFinder(found, logs, means.settings(), this::fromTheBeginning);
        means.followers().beginAgain(FollowerKind.ONE_OF_MANY, null, found::matches);
        means.followers().running(logs, pattern.text(), null);
        try {
            logs.begin(tails(finder.begin(), tail, chosen.resume()), true);
        } catch (RuntimeException failure) {
            finder.closeAll();
            logs.close();
            throw failure;
        }
        finder.start(means.background());
        return new RedisLogsFollower(logs, description, tail);
    }

    LogSetFollower follow(
            Collection<String> logNames,
            Tail tail,
            LogsListener<Event> listener,
            Consumer<FollowOptions.Builder> customizer) {
        Assert.notNull(logNames, "The names of the logs must not be null: begin with an empty collection");
        Set<String> all = new LinkedHashSet<>(logNames);
        all.forEach(LogNames::check);
        String description = "The follower of " + all.size() + " logs";
        FollowOptions chosen = check(description, tail, listener, customizer);
        if (chosen.name() != null) {
            return durable.follow(all, tail, listener, chosen);
        }
        ManyLogs logs = new ManyLogs(description, means, listener, chosen, Commits.NONE);
        means.followers().beginAgain(FollowerKind.ONE_OF_MANY, null, all::contains);
        means.followers().running(logs, ManyLogs.SET, null);
        logs.begin(tails(all, tail, chosen.resume()), false);
        return new RedisLogsFollower(logs, description, tail);
    }

    private static FollowOptions check(
            String follower, Tail tail, LogsListener<Event> listener, Consumer<FollowOptions.Builder> customizer) {
        Assert.notNull(listener, () -> follower + " needs a listener, but it is null");
        Assert.notNull(
                customizer,
                () -> follower + " needs a customizer that is not null: leave it out if you do not need it");
        Assert.notNull(tail, () -> follower + " needs a tail, but it is null");
        if (tail instanceof Tail.After) {
            throw new IllegalArgumentException(follower + " cannot begin at " + tail
                    + ", because an id belongs to one log. Use options.resume(positions),"
                    + " or Tail.from(id) for all events of that time and later");
        }
        FollowOptions.Builder builder = FollowOptions.builder();
        customizer.accept(builder);
        return builder.build();
    }

    private Map<String, Tail> tails(Collection<String> found, Tail tail, @Nullable Map<String, EventId> resume) {
        Map<String, Tail> tails = new HashMap<>();
        for (String name : found) {
            tails.put(name, resume == null ? tail : Tail.after(resume.getOrDefault(name, EventId.MIN)));
        }
        return tails;
    }

    /** Returns the tails of new logs, from their first events. Events that were already trimmed are left out. */
    private Map<String, Tail> fromTheBeginning(Collection<String> found) {
        return tails(found, Tail.all(), Map.of());
    }
}
