package dev.eventlog.benchmarks;

import dev.eventlog.EventLogFactory;
import dev.eventlog.Tail;
import dev.eventlog.sse.EventLogSse;
import dev.eventlog.sse.ReactiveEventLogSse;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.annotation.Import;
import org.springframework.http.codec.ServerSentEvent;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;
import reactor.core.publisher.Flux;

/** The application of {@link Resumption}: streams of logs to web clients, with Spring MVC or WebFlux. */
final class ResumptionServer {

    private ResumptionServer() {}

    /** Starts the application. Arguments: {@code servlet} or {@code reactive}, and properties, {@code name=value} each. */
    public static void main(String... arguments) {
        new SpringApplicationBuilder(Application.class)
                .web(arguments[0].equals("servlet") ? WebApplicationType.SERVLET : WebApplicationType.REACTIVE)
                .properties(Stream.concat(
                                Stream.of(
                                        "spring.main.banner-mode=off",
                                        "logging.level.root=WARN",
                                        "spring.data.redis.repositories.enabled=false",
                                        "server.address=127.0.0.1",
                                        "spring.data.redis.url=" + Contenders.redisUri()),
                                Arrays.stream(arguments).skip(1))
                        .toArray(String[]::new))
                .run();
    }

    @SpringBootConfiguration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import({Servlet.class, Reactive.class, Figures.class})
    static class Application {}

    /** Streams of Spring MVC. */
    @RestController
    @ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.SERVLET)
    static class Servlet {

        private final EventLogFactory logs;
        private final EventLogSse sse;

        Servlet(EventLogFactory logs, EventLogSse sse) {
            this.logs = logs;
            this.sse = sse;
        }

        @GetMapping("/logs/{log}")
        SseEmitter follow(@PathVariable String log) {
            return sse.follow(logs.create(log), Tail.last(0));
        }

        /** Sends the next number, without this library and without Redis. */
        @GetMapping("/bare/{log}")
        SseEmitter next(@RequestHeader(name = "Last-Event-ID", defaultValue = "0") long last) throws IOException {
            SseEmitter emitter = new SseEmitter(0L);
            emitter.send(SseEmitter.event().name("caught-up").data(""));
            emitter.send(SseEmitter.event().id(Long.toString(last + 1)).data(Map.of("n", Long.toString(last + 1))));
            return emitter;
        }
    }

    /** Streams of Spring WebFlux. */
    @RestController
    @ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.REACTIVE)
    static class Reactive {

        private final EventLogFactory logs;
        private final ReactiveEventLogSse sse;

        Reactive(EventLogFactory logs, ReactiveEventLogSse sse) {
            this.logs = logs;
            this.sse = sse;
        }

        @GetMapping("/logs/{log}")
        Flux<ServerSentEvent<String>> follow(@PathVariable String log) {
            return sse.follow(logs.create(log), Tail.last(0));
        }

        /** Sends the next number, without this library and without Redis. */
        @GetMapping("/bare/{log}")
        Flux<ServerSentEvent<Map<String, String>>> next(
                @RequestHeader(name = "Last-Event-ID", defaultValue = "0") long last) {
            String next = Long.toString(last + 1);
            return Flux.just(
                            ServerSentEvent.<Map<String, String>>builder()
                                    .event("caught-up")
                                    .build(),
                            ServerSentEvent.builder(Map.of("n", next)).id(next).build())
                    .concatWith(Flux.never());
        }
    }

    /** What the process has used so far. */
    @RestController
    static class Figures {

        /** {@return the milliseconds of processor time, by what the threads do; only Linux knows the latter} */
        @GetMapping("/processor")
        Map<String, Long> processor() throws IOException {
            var process = (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
            Map<String, Long> millis = new TreeMap<>();
            Path threads = Path.of("/proc/self/task");
            if (Files.isDirectory(threads)) {
                try (Stream<Path> all = Files.list(threads)) {
                    all.forEach(thread -> addTo(millis, thread));
                }
            }
            long known = millis.values().stream().mapToLong(Long::longValue).sum();
            long total = process.getProcessCpuTime() / 1_000_000;
            millis.put("other", Math.max(0, total - known));
            millis.put("total", total);
            return millis;
        }

        private static void addTo(Map<String, Long> millis, Path thread) {
            try {
                String what = group(Files.readString(thread.resolve("comm")));
                String nanos = Files.readString(thread.resolve("schedstat")).split(" ")[0];
                millis.merge(what, Long.parseLong(nanos) / 1_000_000, Long::sum);
            } catch (IOException ended) {
                // its time is part of the total
            }
        }

        private static String group(String thread) {
            if (thread.contains("Compiler")) {
                return "compiler";
            }
            if (thread.startsWith("GC ") || thread.startsWith("G1 ") || thread.startsWith("VM ")) {
                return "garbageCollector";
            }
            return Stream.of("http-nio", "reactor-http", "eventlog", "lettuce", "ForkJoinPool", "tomcat-handler")
                    .filter(thread::startsWith)
                    .findFirst()
                    .orElse("other")
                    .replace("-", "");
        }

        @GetMapping("/memory")
        Map<String, Long> memory() {
            System.gc();
            var threads = ManagementFactory.getThreadMXBean();
            Map<String, Long> figures = Map.of(
                    "heapMegabytes",
                    ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed() >> 20,
                    "peakThreads",
                    (long) threads.getPeakThreadCount());
            threads.resetPeakThreadCount();
            return figures;
        }
    }
}
