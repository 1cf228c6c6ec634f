package dev.eventlog.benchmarks;

import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.results.BenchmarkResult;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.redisson.Redisson;

/** The measurements, and the tables with their medians, spreads, and ratios of medians. */
final class Report {

    private static final String ALLOCATED = ":allocated";

    /**
     * A row that compares this library with another contender.
     *
     * @param atLeast the required ratio
     * @param more whether a larger number is better, as for a rate; otherwise a smaller number is better, as for a time
     */
    private record Bar(
            String row, String what, String ours, String against, String theirs, double atLeast, boolean more) {}

    private static final List<Bar> BARS = List.of(
            rate("1", "add one, no limits", "AddOne.library", "raw Lettuce", "AddOne.lettuce", 0.95),
            rate("", "", "AddOne.library", "plain Spring", "AddOne.spring", 0),
            rate("", "", "AddOne.library", "Redisson", "AddOne.redisson", 0),
            rate(
                    "2",
                    "add one, max-length and ttl",
                    "AddLimited.library",
                    "Spring: add, expire",
                    "AddLimited.spring",
                    1.6),
            rate("", "", "AddLimited.library", "one raw `XADD`, no ttl", "AddLimited.lettuceWithoutTtl", 0.9),
            rate("", "", "AddLimited.library", "raw Lettuce, both sent at once", "AddLimited.lettuce", 0),
            rate(
                    "3",
                    "add 100, max-length and ttl",
                    "AddLimited.libraryHundred",
                    "`executePipelined`",
                    "AddLimited.springHundred",
                    0),
            rate("", "", "AddLimited.libraryHundred", "raw Lettuce pipelined", "AddLimited.lettuceHundred", 1.15),
            rate("", "", "AddLimited.libraryHundred", "Redisson `RBatch`", "AddLimited.redissonHundred", 0),
            rate(
                    "4",
                    "add one, 16 threads",
                    "AddOne.libraryManyThreads",
                    "raw Lettuce",
                    "AddOne.lettuceManyThreads",
                    0.95),
            rate("", "", "AddOne.libraryManyThreads", "plain Spring", "AddOne.springManyThreads", 0),
            rate("", "", "AddOne.libraryManyThreads", "Redisson", "AddOne.redissonManyThreads", 0),
            rate("5", "read all of 100,000", "ReadLog.libraryAll", "raw `XRANGE`", "ReadLog.lettuceAll", 0.9),
            rate("", "", "ReadLog.libraryAll", "raw `XREVRANGE` by pages", "ReadLog.lettuceByPages", 1),
            rate("", "", "ReadLog.libraryAll", "plain Spring", "ReadLog.springAll", 0),
            rate("", "", "ReadLog.libraryAll", "Redisson", "ReadLog.redissonAll", 0),
            rate("", "read the newest 100", "ReadLog.libraryNewest", "raw `XREVRANGE`", "ReadLog.lettuceNewest", 0.9),
            time(
                    "6",
                    "follow 500,000 that exist",
                    "FollowLog.libraryDrains",
                    "bare container",
                    "FollowLog.containerDrains",
                    0),
            time("", "", "FollowLog.libraryDrains", "raw `XRANGE` by pages", "FollowLog.lettuceDrains", 1 / 1.15),
            time(
                    "7",
                    "keep up with 500,000",
                    "FollowLog.libraryKeepsUp",
                    "raw `XREAD`",
                    "FollowLog.lettuceKeepsUp",
                    0.9),
            time("", "", "FollowLog.libraryKeepsUp", "bare container", "FollowLog.containerKeepsUp", 0),
            time("", "", "FollowLog.libraryKeepsUp", "the same with a pool", "FollowLog.pooledContainerKeepsUp", 0),
            time("8", "latency, median", "latency.library.p50", "raw `XREAD`", "latency.lettuce.p50", 1 / 1.1),
            time(
                    "",
                    "latency, median, added by raw Lettuce",
                    "latency.library-reading.p50",
                    "raw `XREAD`, `XINFO` and `XRANGE` behind it, on to another thread",
                    "latency.lettuce-state-handover.p50",
                    1 / 1.15),
            time("", "", "latency.library.p50", "bare container", "latency.container.p50", 0),
            time("", "", "latency.library.p50", "the same with a pool", "latency.pooled-container.p50", 0),
            time("", "latency, 99th percentile", "latency.library.p99", "raw `XREAD`", "latency.lettuce.p99", 1 / 1.5),
            time("", "", "latency.library.p99", "bare container", "latency.container.p99", 0),
            time(
                    "10",
                    "own calls beside 1,000 logs, 99th percentile",
                    "logs.own.with.p99",
                    "without",
                    "logs.own.without.p99",
                    1 / 1.2),
            rate("11", "add 100 typed", "TypedEvents.addTyped", "untyped", "TypedEvents.addUntyped", 0.6),
            rate("", "follow typed", "TypedEvents.followTyped", "untyped", "TypedEvents.followUntyped", 0.6),
            rate(
                    "",
                    "follow typed",
                    "TypedEvents.followTyped",
                    "`JsonMapper` alone, to and fro",
                    "TypedEvents.jsonMapperAlone",
                    0),
            time(
                    "12",
                    "bytes allocated, read all",
                    "ReadLog.libraryAll" + ALLOCATED,
                    "raw `XRANGE`",
                    "ReadLog.lettuceAll" + ALLOCATED,
                    1 / 1.5),
            time(
                    "",
                    "bytes allocated, follow",
                    "FollowLog.libraryDrains" + ALLOCATED,
                    "raw `XRANGE` by pages",
                    "FollowLog.lettuceDrains" + ALLOCATED,
                    1 / 1.5));

    private final Map<String, List<Double>> figures = new TreeMap<>();
    private final Map<String, String> units = new TreeMap<>();

    private static Bar rate(String row, String what, String ours, String against, String theirs, double atLeast) {
        return new Bar(row, what, ours, against, theirs, atLeast, true);
    }

    private static Bar time(String row, String what, String ours, String against, String theirs, double atLeast) {
        return new Bar(row, what, ours, against, theirs, atLeast, false);
    }

    void add(String name, double value) {
        figures.computeIfAbsent(name, any -> new ArrayList<>()).add(value);
    }

    void add(Collection<RunResult> results) {
        for (RunResult result : results) {
            String[] path = result.getParams().getBenchmark().split("\\.");
            String name = path[path.length - 2] + "." + path[path.length - 1];
            for (String parameter : result.getParams().getParamsKeys()) {
                name += " " + result.getParams().getParam(parameter);
            }
            for (BenchmarkResult fork : result.getBenchmarkResults()) {
                for (IterationResult iteration : fork.getIterationResults()) {
                    Result<?> primary = iteration.getPrimaryResult();
                    add(name, primary.getScore());
                    units.put(name, primary.getScoreUnit());
                    for (Map.Entry<String, ?> other :
                            iteration.getSecondaryResults().entrySet()) {
                        if (other.getKey().endsWith("gc.alloc.rate.norm")
                                && other.getValue() instanceof Result<?> bytes) {
                            add(name + ALLOCATED, bytes.getScore());
                            units.put(name + ALLOCATED, "B/op");
                        }
                    }
                }
            }
        }
    }

    String ofAll(String redis) {
        StringBuilder text = new StringBuilder(versions(redis)).append('\n');
        text.append("| # | work | this library | beside | its figure | ratio | asked |\n");
        text.append("| --- | --- | --- | --- | --- | --- | --- |\n");
        for (Bar bar : BARS) {
            Double ours = median(bar.ours());
            Double theirs = median(bar.theirs());
            if (ours != null && theirs != null) {
                double ratio = bar.more() ? ours / theirs : theirs / ours;
                text.append(String.format(
                        Locale.ROOT,
                        "| %s | %s | %s | %s | %s | %s%.2f | %s |%n",
                        bar.row(),
                        bar.what(),
                        figure(bar.ours()),
                        bar.against(),
                        figure(bar.theirs()),
                        bar.atLeast() > ratio ? "**missed** " : "",
                        ratio,
                        bar.atLeast() == 0 ? "" : String.format(Locale.ROOT, "%.2f", bar.atLeast())));
            }
        }
        text.append("\nRatios are of medians, above 1 where this library is the better. In brackets the spread.\n\n");
        figures.forEach((name, values) -> {
            if (Character.isLowerCase(name.charAt(0))) {
                text.append(name).append(": ").append(figure(name)).append('\n');
            }
        });
        return text.toString();
    }

    /** Returns a table for each growth benchmark. */
    String ofGrowth(String redis) {
        StringBuilder text = new StringBuilder(versions(redis)).append('\n');
        Map<String, List<String>> rows = new LinkedHashMap<>();
        figures.keySet().stream()
                .filter(name -> !name.endsWith(ALLOCATED))
                .sorted((one, other) -> Double.compare(size(one), size(other)))
                .forEach(name -> rows.computeIfAbsent(name.split(" ")[0], any -> new ArrayList<>())
                        .add(String.format(
                                Locale.ROOT, "%,.0f: %s %s", size(name), figure(name), units.getOrDefault(name, ""))));
        rows.forEach((name, cells) -> text.append("| ")
                .append(name)
                .append(" | ")
                .append(String.join(" | ", cells))
                .append(" |\n"));
        return text.toString();
    }

    private static double size(String name) {
        return Double.parseDouble(name.split(" ")[1]);
    }

    private @Nullable Double median(String name) {
        List<Double> values = sorted(name);
        return values.isEmpty() ? null : values.get(values.size() / 2);
    }

    private List<Double> sorted(String name) {
        List<Double> values = new ArrayList<>(figures.getOrDefault(name, List.of()));
        Collections.sort(values);
        return values;
    }

    private String figure(String name) {
        List<Double> values = sorted(name);
        String median = number(values.get(values.size() / 2));
        return values.size() < 2
                ? median
                : median + " (" + number(values.get(0)) + "–" + number(values.get(values.size() - 1)) + ")";
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, value < 100 ? "%.1f" : "%,.0f", value);
    }

    private static String versions(String uri) {
        RedisClient client = RedisClient.create(RedisURI.create(uri));
        String server = client.connect().sync().info("server");
        client.shutdown();
        int at = server.indexOf("redis_version:") + "redis_version:".length();
        return "Redis " + server.substring(at, server.indexOf('\r', at))
                + ", Java " + Runtime.version().feature()
                + ", Lettuce " + version(RedisClient.class)
                + ", Redisson " + version(Redisson.class)
                + ", " + Runtime.getRuntime().availableProcessors() + " cores, " + System.getProperty("os.name") + " "
                + System.getProperty("os.arch") + "\n";
    }

    private static String version(Class<?> of) {
        return Objects.requireNonNullElse(of.getPackage().getImplementationVersion(), "of unknown version");
    }
}
