package dev.eventlog.benchmarks;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.runner.NoBenchmarksException;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import redis.embedded.RedisServer;

/**
 * Runs all benchmarks and probes, and prints the report.
 *
 * <p>Arguments: {@code --redis redis://host:port} to use your own server instead of the embedded one (it receives
 * millions of events); {@code --forks} with the number of processes for each benchmark, 3 by default; {@code --quick}
 * for one fork and short iterations, to check that everything works; {@code --only} with a regular expression to find
 * in the names of benchmarks and probes; {@code --growth} for the three growth tables instead.
 */
final class Benchmarks {

    private static final String HEAP = "-Xmx3g";

    private final String redis;
    private final int forks;
    private final boolean quick;
    private final Pattern only;
    private final Report report = new Report();

    private Benchmarks(String redis, int forks, boolean quick, Pattern only) {
        this.redis = redis;
        this.forks = forks;
        this.quick = quick;
        this.only = only;
    }

    public static void main(String... arguments) throws Exception {
        String redis = null;
        int forks = 3;
        boolean quick = false;
        boolean growth = false;
        String only = "";
        for (int i = 0; i < arguments.length; i++) {
            switch (arguments[i]) {
                case "--redis" -> redis = arguments[++i];
                case "--only" -> only = arguments[++i];
                case "--forks" -> forks = Integer.parseInt(arguments[++i]);
                case "--quick" -> quick = true;
                case "--growth" -> growth = true;
                default -> throw new IllegalArgumentException("Unknown argument: " + arguments[i]);
            }
        }
        RedisServer embedded = null;
        if (redis == null) {
            int port = freePort();
            embedded = RedisServer.builder()
                    .port(port)
                    .setting("save \"\"")
                    .setting("appendonly no")
                    .setting("bind 127.0.0.1")
                    .build();
            embedded.start();
            redis = "redis://127.0.0.1:" + port;
        }
        try {
            Benchmarks benchmarks = new Benchmarks(redis, quick ? 1 : forks, quick, Pattern.compile(only));
            if (growth) {
                benchmarks.growth();
            } else {
                benchmarks.all();
            }
        } finally {
            if (embedded != null) {
                embedded.stop();
            }
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private void all() throws RunnerException, IOException, InterruptedException {
        measure(forks, AddOne.class, AddLimited.class, ReadLog.class, FollowLog.class, TypedEvents.class);
        for (int fork = 0; fork < forks; fork++) {
            probe("latency", "library,library-reading,lettuce,lettuce-handover,lettuce-state,lettuce-state-handover");
            probe("latency", "library,container,pooled-container");
            probe("logs", "1000");
        }
        probe("followers", "1000");
        probe("followers", "10000");
        for (int i = 0; i < (quick ? 2 : 15); i++) {
            probe("start", Boolean.toString(i % 2 == 0));
            probe("start", Boolean.toString(i % 2 != 0));
        }
        if (only.matcher("limit").find()) {
            limitOfTheServer();
        }
        System.out.println(report.ofAll(redis));
    }

    private void growth() throws RunnerException {
        measure(1, Growth.class);
        System.out.println(report.ofGrowth(redis));
    }

    private void measure(int processes, Class<?>... benchmarks) throws RunnerException {
        for (Class<?> benchmark : benchmarks) {
            String name = Pattern.quote(benchmark.getName()) + "\\..*" + only.pattern();
            ChainedOptionsBuilder options = new OptionsBuilder()
                    .include(name)
                    .forks(processes)
                    .jvmArgs(HEAP, Contenders.redisProperty(redis))
                    .addProfiler(GCProfiler.class)
                    .shouldFailOnError(true);
            if (quick) {
                options.warmupIterations(1).warmupTime(TimeValue.seconds(1)).measurementIterations(1);
            }
            try {
                report.add(new Runner(options.build()).run());
            } catch (NoBenchmarksException none) {
                System.out.println("Nothing of " + benchmark.getSimpleName());
            }
        }
    }

    private void probe(String... arguments) throws IOException, InterruptedException {
        if (!only.matcher("Probe." + arguments[0]).find()) {
            return;
        }
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                HEAP,
                Contenders.redisProperty(redis),
                "-cp",
                System.getProperty("java.class.path"),
                Probe.class.getName()));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line; (line = lines.readLine()) != null; ) {
                System.out.println(line);
                if (line.startsWith(Probe.RESULT)) {
                    String[] words = line.split(" ");
                    report.add(words[1], Double.parseDouble(words[2]));
                }
            }
        }
        if (process.waitFor() != 0) {
            throw new IllegalStateException("The probe failed: " + command);
        }
    }

    /** Runs redis-benchmark with the same commands, if it is installed, to show the limit of the server. */
    private void limitOfTheServer() throws InterruptedException {
        List<String> xadd = new ArrayList<>(List.of("XADD", "limit", "MAXLEN", "~", "10000", "*"));
        Contenders.event().forEach((field, value) -> xadd.addAll(List.of(field, value)));
        redisBenchmark("limit.one", 100_000, xadd, "-c", "1");
        redisBenchmark("limit.sixteen", 300_000, xadd, "-c", "16");
        redisBenchmark("limit.pipelined", 1_000_000, xadd, "-c", "1", "-P", "100");
    }

    private void redisBenchmark(String name, int requests, List<String> sent, String... how)
            throws InterruptedException {
        String[] address = redis.substring(redis.lastIndexOf('/') + 1).split(":");
        List<String> command = new ArrayList<>(List.of("redis-benchmark", "-h", address[0], "-p", address[1], "-q"));
        command.addAll(List.of("-n", Integer.toString(requests)));
        command.addAll(List.of(how));
        command.addAll(sent);
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            process.waitFor();
            Matcher figure =
                    Pattern.compile("([0-9.]+) requests per second, p50").matcher(output);
            while (figure.find()) {
                report.add(name, Double.parseDouble(figure.group(1)));
            }
        } catch (IOException notInstalled) {
            System.out.println(String.format(Locale.ROOT, "No redis-benchmark here: %s", notInstalled.getMessage()));
        }
    }
}
