package dev.eventlog.benchmarks;

import io.lettuce.core.LettuceFutures;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.StatefulRedisConnection;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import redis.embedded.RedisServer;

/**
 * Measures how long it takes until all clients of Server-Sent Events have what they missed, after a deployment and after an outage
 * of Redis. Redis, the application, and the clients are three processes on one machine.
 *
 * <p>Arguments: {@code --web servlet|reactive}; {@code --clients 5000}; {@code --logs 1}; {@code --outage 8}, seconds;
 * {@code --server name=value}, a property of the application, as often as needed; {@code --jvm -Xmx2g}, an option of its JVM.
 * {@code --outage 0} leaves the outage out. {@code --bare} measures Spring alone: each client gets the next number, and nobody reads
 * from Redis. {@code --aot} makes a cache of classes and method profiles first, in a run of its own,
 * and starts the application with it. This needs Java 25.
 */
final class Resumption {

    /** How many events are added to the log while its clients are away. */
    private static final int MISSED_OF_ONE_LOG = 100;

    private static final int MISSED_OF_MANY_LOGS = 10;
    private static final long PATIENCE = 60_000;

    private final Options options;
    private final Path folder = Files.createTempDirectory("event-log-resumption-");
    private final int redisPort = freePort();
    private final int port = freePort();
    private final RedisServer redis;
    private final HttpClient http = HttpClient.newHttpClient();
    private final long[] numbers;
    private @Nullable Process server;
    private long accepted; // when the application accepted its first connection; 0 if it has not yet

    private Resumption(Options options) throws IOException {
        this.options = options;
        this.numbers = new long[options.logs];
        this.redis = RedisServer.builder()
                .port(redisPort)
                .setting("save \"\"")
                .setting("appendonly yes")
                .setting("appendfsync always") // an outage loses nothing
                .setting("dir " + folder)
                .setting("bind 127.0.0.1")
                .build();
    }

    /** What to measure. */
    private static final class Options {
        private String web = "servlet";
        private int clients = 5_000;
        private int logs = 1;
        private int outage = 8;
        private boolean aot;
        private boolean bare;
        private final List<String> properties = new ArrayList<>();
        private final List<String> jvm = new ArrayList<>(List.of("-Xmx2g"));
    }

    public static void main(String... arguments) throws Exception {
        Options options = new Options();
        for (int i = 0; i < arguments.length; i++) {
            switch (arguments[i]) {
                case "--web" -> options.web = arguments[++i];
                case "--clients" -> options.clients = Integer.parseInt(arguments[++i]);
                case "--logs" -> options.logs = Integer.parseInt(arguments[++i]);
                case "--outage" -> options.outage = Integer.parseInt(arguments[++i]);
                case "--aot" -> options.aot = true;
                case "--bare" -> options.bare = true;
                case "--server" -> options.properties.add(arguments[++i]);
                case "--jvm" -> options.jvm.add(arguments[++i]);
                default -> throw new IllegalArgumentException("Unknown argument: " + arguments[i]);
            }
        }
        new Resumption(options).measure();
        System.exit(0);
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private void measure() throws Exception {
        System.out.println(options.clients + " clients of " + options.logs + " log(s), " + options.web + ", "
                + Runtime.getRuntime().availableProcessors() + " processors, Java "
                + System.getProperty("java.version") + " " + options.properties
                + (options.bare ? " without this library" : ""));
        redis.start();
        try (ResumptionClients clients =
                new ResumptionClients(options.clients, options.logs, port, options.bare ? "bare" : "logs")) {
            add(1);
            if (options.aot) {
                train(clients);
            }
            open(clients);
            System.out.println("  open: " + ask("memory"));

            deployment(clients, false);
            deployment(clients, true);
            if (!options.bare) { // Spring alone never writes again, so it does not notice that a connection is cut
                disconnection(clients);
            }
            if (options.outage > 0 && !options.bare) {
                outage(clients);
            }
        } finally {
            stopServer();
            redis.stop();
        }
    }

    private void open(ResumptionClients clients) throws Exception {
        startServer();
        clients.begin(false);
        clients.connect(5_000);
        check(clients.await(ResumptionClients.Client::isCaughtUp, PATIENCE), clients);
        if (!options.bare) {
            add(1); // so that each client has an id
        }
        long newest = newest();
        check(clients.await(client -> client.last() >= newest, PATIENCE), clients);
    }

    /** Has the JVM write down what it has learned, as the build of an image would. */
    private void train(ResumptionClients clients) throws Exception {
        Path cache = folder.resolve("application.aot");
        options.jvm.add("-XX:AOTCacheOutput=" + cache);
        open(clients);
        disconnection(clients);
        clients.disconnect();
        stopServer(); // the JVM writes the cache when it ends
        options.jvm.remove(options.jvm.size() - 1);
        options.jvm.add("-XX:AOTCache=" + cache);
        System.out.println("  trained: " + Files.size(cache) / 1_000_000 + " MB");
    }

    private static void check(int missing, ResumptionClients clients) {
        if (missing > 0) {
            throw new IllegalStateException(missing + " clients did not get that far: " + clients);
        }
    }

    /** Restarts the application. Its clients come back at once when it has started, or when they want to. */
    private void deployment(ResumptionClients clients, boolean byThemselves) throws Exception {
        clients.begin(byThemselves);
        Process stopping = server();
        long begin = System.nanoTime();
        stopping.destroy();
        clients.read(now -> !stopping.isAlive());
        long stopped = System.nanoTime();
        String ended = clients.toString();
        add(missed());
        long launched = System.nanoTime();
        Process starting = launch();
        clients.read(now -> isReady(starting));
        long ready = System.nanoTime();
        Processor before = new Processor();
        long begun = System.nanoTime();
        if (!byThemselves) {
            clients.begin(false);
            clients.connect(0);
        }
        report(byThemselves ? "deployment, as EventSource" : "deployment, all at once", clients, begun);
        Processor after = new Processor();
        long[] first = clients.millisSince(accepted, true);
        System.out.println("    from the start of the process to its first connection "
                + TimeUnit.NANOSECONDS.toMillis(accepted - launched)
                + " ms, and from there to the first event of the last"
                + " client " + ResumptionClients.percentile(first, 100) + " ms");
        System.out.println("    processor time, ms: start " + before.server.get("total") + "; then "
                + after.since(before) + "; commands: " + after.commands);
        System.out.println("    stopped in " + TimeUnit.NANOSECONDS.toMillis(stopped - begin) + " ms, " + ended
                + ", started in " + TimeUnit.NANOSECONDS.toMillis(ready - launched) + " ms; " + ask("memory"));
    }

    /** The processor time used so far, and the commands that Redis was sent since it was last looked at. */
    private final class Processor {

        private final Map<String, Long> server = ask("processor");
        private final long clients =
                ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
                                .getProcessCpuTime()
                        / 1_000_000;
        private final long redis;
        private final Map<String, Long> commands = new TreeMap<>();

        Processor() throws IOException {
            RedisClient client = RedisClient.create(RedisURI.create(redisUri()));
            try (StatefulRedisConnection<String, String> connection = client.connect()) {
                Matcher used = Pattern.compile("used_cpu_(?:sys|user):([\\d.]+)")
                        .matcher(connection.sync().info("cpu"));
                double seconds = 0;
                while (used.find()) {
                    seconds += Double.parseDouble(used.group(1));
                }
                redis = Math.round(seconds * 1_000);
                Matcher calls = Pattern.compile("cmdstat_([^:]+):calls=(\\d+)")
                        .matcher(connection.sync().info("commandstats"));
                while (calls.find()) {
                    commands.put(calls.group(1), Long.valueOf(calls.group(2)));
                }
                connection.sync().configResetstat();
            } finally {
                client.shutdown(0, 2, TimeUnit.SECONDS);
            }
        }

        String since(Processor before) {
            Map<String, Long> used = new TreeMap<>(server);
            used.replaceAll((what, millis) -> millis - before.server.getOrDefault(what, 0L));
            return "server " + used + ", clients " + (clients - before.clients) + ", Redis " + (redis - before.redis);
        }
    }

    /** Cuts all connections, as the restart of a proxy does. The application runs on. */
    private void disconnection(ResumptionClients clients) throws Exception {
        clients.disconnect();
        add(missed());
        Processor before = new Processor();
        clients.begin(false);
        clients.connect(0);
        report("restart of a proxy", clients, System.nanoTime());
        Processor after = new Processor();
        System.out.println("    processor time, ms: " + after.since(before) + "; commands: " + after.commands);
    }

    private void outage(ResumptionClients clients) throws Exception {
        clients.begin(false);
        redis.stop();
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(options.outage);
        clients.read(now -> now > end);
        int unaware = clients.await(ResumptionClients.Client::isInterrupted, 1);
        redis.start();
        long back = System.nanoTime();
        add(1);
        report("outage of Redis, " + options.outage + " s", clients, back);
        System.out.println("    " + unaware + " clients had not been told; "
                + clients.await(client -> !client.isInterrupted(), 1_000) + " still are told that it lasts; "
                + ask("memory"));
    }

    private void report(String what, ResumptionClients clients, long begin) throws IOException {
        long newest = newest();
        int missing = clients.await(client -> client.last() >= newest, PATIENCE);
        long[] first = clients.millisSince(begin, true);
        long[] last = clients.millisSince(begin, false);
        System.out.println(String.format(
                Locale.ROOT,
                "  %s: first event p50 %,d, p99 %,d, max %,d ms; all events p50 %,d, max %,d ms; %d missing; errors %s",
                what,
                ResumptionClients.percentile(first, 50),
                ResumptionClients.percentile(first, 99),
                ResumptionClients.percentile(first, 100),
                ResumptionClients.percentile(last, 50),
                ResumptionClients.percentile(last, 100),
                missing,
                clients.errors()));
    }

    private int missed() {
        return options.bare ? 1 : options.logs == 1 ? MISSED_OF_ONE_LOG : MISSED_OF_MANY_LOGS;
    }

    private long newest() {
        return Arrays.stream(numbers).max().orElseThrow();
    }

    /** Adds events to each log, numbered from 1. */
    private void add(int count) {
        RedisClient client = RedisClient.create(RedisURI.create(redisUri()));
        try (StatefulRedisConnection<String, String> connection = client.connect()) {
            List<RedisFuture<String>> adds = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                for (int log = 0; log < options.logs; log++) {
                    adds.add(connection.async().xadd("log-" + log, Map.of("n", Long.toString(++numbers[log]))));
                }
            }
            LettuceFutures.awaitAll(Duration.ofMinutes(1), adds.toArray(RedisFuture[]::new));
        } finally {
            client.shutdown();
        }
    }

    private String redisUri() {
        return "redis://127.0.0.1:" + redisPort;
    }

    // The application

    private Process server() {
        Process running = server;
        if (running == null) {
            throw new IllegalStateException("The application has not been started");
        }
        return running;
    }

    private Process launch() throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(options.jvm);
        command.add(Contenders.redisProperty(redisUri()));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), ResumptionServer.class.getName()));
        command.addAll(List.of(options.web, "server.port=" + port));
        command.addAll(options.properties);
        accepted = 0;
        Process process = new ProcessBuilder(command).inheritIO().start();
        server = process;
        return process;
    }

    private void startServer() throws Exception {
        Process starting = launch();
        while (!isReady(starting)) {
            TimeUnit.MILLISECONDS.sleep(50);
        }
    }

    private void stopServer() throws InterruptedException {
        if (server != null) {
            server.destroy();
            server.waitFor();
        }
    }

    /** Asks as a load balancer would. */
    private boolean isReady(Process starting) {
        if (!starting.isAlive()) {
            throw new IllegalStateException("The application has ended");
        }
        try {
            if (accepted == 0) {
                new Socket(InetAddress.getLoopbackAddress(), port).close();
                accepted = System.nanoTime();
            }
            return !ask("processor").isEmpty();
        } catch (IOException notYet) {
            return false;
        }
    }

    private Map<String, Long> ask(String path) throws IOException {
        try {
            HttpResponse<String> answer = http.send(
                    HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/" + path))
                            .timeout(Duration.ofMinutes(1))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
            if (answer.statusCode() != 200) {
                throw new IOException("Status " + answer.statusCode());
            }
            Map<String, Long> figures = new TreeMap<>();
            Matcher figure = Pattern.compile("\"(\\w+)\":(\\d+)").matcher(answer.body());
            while (figure.find()) {
                figures.put(figure.group(1), Long.valueOf(figure.group(2)));
            }
            return figures;
        } catch (InterruptedException ended) {
            throw new IllegalStateException(ended);
        }
    }
}
