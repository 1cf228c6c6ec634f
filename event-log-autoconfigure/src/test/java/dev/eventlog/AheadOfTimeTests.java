package dev.eventlog;

import static dev.eventlog.test.LogTests.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.autoconfigure.EventLogAutoConfiguration;
import dev.eventlog.autoconfigure.EventLogSseAutoConfiguration;
import dev.eventlog.autoconfigure.NamedFollowerAutoConfiguration;
import dev.eventlog.durable.Leadership;
import dev.eventlog.observability.EventLogHealthAutoConfiguration;
import dev.eventlog.observability.EventLogMetricsAutoConfiguration;
import dev.eventlog.observability.EventLogObservationAutoConfiguration;
import dev.eventlog.observability.EventLogsEndpointAutoConfiguration;
import dev.eventlog.sse.EventLogSse;
import dev.eventlog.test.Collected;
import dev.eventlog.test.EmbeddedRedis;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.observation.ObservationRegistry;
import java.io.File;
import java.lang.reflect.Method;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.assertj.core.data.Index;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.aot.generate.ClassNameGenerator;
import org.springframework.aot.generate.DefaultGenerationContext;
import org.springframework.aot.generate.FileSystemGeneratedFiles;
import org.springframework.aot.generate.GeneratedFiles;
import org.springframework.aot.generate.InMemoryGeneratedFiles;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.TypeReference;
import org.springframework.aot.hint.annotation.RegisterReflectionForBinding;
import org.springframework.aot.hint.predicate.RuntimeHintsPredicates;
import org.springframework.boot.actuate.autoconfigure.endpoint.EndpointAutoConfiguration;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.jackson.autoconfigure.JacksonAutoConfiguration;
import org.springframework.boot.logging.LogLevel;
import org.springframework.boot.logging.LoggingSystem;
import org.springframework.boot.test.util.TestPropertyValues;
import org.springframework.context.ApplicationContextInitializer;
import org.springframework.context.annotation.AnnotatedBeanDefinitionReader;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.aot.ApplicationContextAotGenerator;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisStreamCommands;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.javapoet.ClassName;
import org.springframework.util.ClassUtils;
import org.springframework.web.context.support.GenericWebApplicationContext;

/** Processes an application ahead of time, compiles the generated code, and runs it on a Redis. */
class AheadOfTimeTests {

    sealed interface OrderEvent {}

    record Placed(String customer, List<String> items) implements OrderEvent {}

    record Paid(double amount) implements OrderEvent {}

    /** All beans that this library configures without further dependencies. */
    @Configuration(proxyBeanMethods = false)
    @ImportAutoConfiguration({
        DataRedisAutoConfiguration.class,
        JacksonAutoConfiguration.class,
        EndpointAutoConfiguration.class,
        EventLogAutoConfiguration.class,
        EventLogHealthAutoConfiguration.class,
        EventLogMetricsAutoConfiguration.class,
        EventLogObservationAutoConfiguration.class,
        EventLogsEndpointAutoConfiguration.class,
        EventLogSseAutoConfiguration.class,
        NamedFollowerAutoConfiguration.class
    })
    @RegisterReflectionForBinding({OrderEvent.class, Placed.class, Paid.class})
    static class Application {

        @Bean
        MeterRegistry meters() {
            return new SimpleMeterRegistry();
        }

        @Bean
        ObservationRegistry observations() {
            return ObservationRegistry.create();
        }
    }

    private static final boolean LETTUCE = ClassUtils.isPresent("io.lettuce.core.RedisClient", null);

    private record Processed(String initializer, RuntimeHints hints) {}

    /** Processes the application like a build, without a Redis. */
    private static Processed process(GeneratedFiles files) {
        try (GenericApplicationContext application = new GenericWebApplicationContext()) {
            TestPropertyValues.of("management.endpoints.web.exposure.include=eventlogs")
                    .applyTo(application);
            new AnnotatedBeanDefinitionReader(application).register(Application.class);
            DefaultGenerationContext generation =
                    new DefaultGenerationContext(new ClassNameGenerator(ClassName.get(Application.class)), files);
            ClassName initializer = new ApplicationContextAotGenerator().processAheadOfTime(application, generation);
            generation.writeGeneratedContent();
            return new Processed(initializer.reflectionName(), generation.getRuntimeHints());
        }
    }

    @Tag("long")
    @Test
    void generatedApplicationAddsReadsAndFollows(@TempDir Path folder) throws Exception {
        Path sources = folder.resolve("sources");
        Path classes = folder.resolve("classes");
        String classPath = System.getProperty("java.class.path");
        Processed processed =
                process(new FileSystemGeneratedFiles(kind -> kind == GeneratedFiles.Kind.SOURCE ? sources : classes));
        List<String> arguments =
                new ArrayList<>(List.of("-proc:none", "-nowarn", "-d", classes.toString(), "-cp", classPath));
        try (Stream<Path> files = Files.walk(sources)) {
            files.filter(Files::isRegularFile).map(Path::toString).forEach(arguments::add);
        }
        assertThat(ToolProvider.getSystemJavaCompiler().run(null, null, null, arguments.toArray(String[]::new)))
                .isZero();

        // The generated code uses package-private members, so one class loader must load both.
        List<URL> urls = new ArrayList<>(List.of(classes.toUri().toURL()));
        for (String entry : classPath.split(File.pathSeparator)) {
            urls.add(Path.of(entry).toUri().toURL());
        }
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        try (EmbeddedRedis redis = EmbeddedRedis.inMemory();
                URLClassLoader loader =
                        new URLClassLoader(urls.toArray(URL[]::new), ClassLoader.getPlatformClassLoader())) {
            thread.setContextClassLoader(loader);
            Method there = loader.loadClass(AheadOfTimeTests.class.getName())
                    .getDeclaredMethod("start", String.class, URI.class);
            there.setAccessible(true);
            there.invoke(null, processed.initializer(), redis.uri());
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    @SuppressWarnings("unchecked")
    static void start(String initializer, URI redis) throws ReflectiveOperationException {
        LoggingSystem.get(AheadOfTimeTests.class.getClassLoader())
                .setLogLevel(LoggingSystem.ROOT_LOGGER_NAME, LogLevel.WARN);
        try (GenericApplicationContext application = new GenericWebApplicationContext()) {
            TestPropertyValues.of("spring.data.redis.url=" + redis, "eventlog.max-length=3")
                    .applyTo(application);
            ((ApplicationContextInitializer<GenericApplicationContext>)
                            Class.forName(initializer).getConstructor().newInstance())
                    .initialize(application);
            application.refresh();
            run(application);
        }
    }

    private static void run(GenericApplicationContext application) {
        TypedEventLog<OrderEvent> log =
                application.getBean(EventLogFactory.class).create("orders:1", OrderEvent.class);
        assertThat(log.untyped().options().maxLength())
                .as("applies at startup, not at build time")
                .isEqualTo(3);
        Placed placed = new Placed("Ada", List.of("book", "pen"));
        log.add(placed);
        log.addAll(List.of(new Paid(19.8), new Paid(0.2)));
        assertThat(log.read(Tail.all()))
                .extracting(TypedEvent::value)
                .containsExactly(placed, new Paid(19.8), new Paid(0.2));

        Collected<TypedEvent<OrderEvent>> listener = Collected.and(batch -> {});
        try (Follower follower = log.follow(Tail.all(), listener, options -> options.named("invoices"))) {
            await().until(() -> listener.count() == 3);
            log.add(new Paid(1));
            await().until(() -> listener.count() == 4);
            assertThat(listener.all()).extracting(TypedEvent::value).contains(new Paid(1), Index.atIndex(3));
            assertThat(follower.isRunning()).isTrue();
        }
        assertThat(application.getBeansOfType(Leadership.class)).hasSize(1);
        assertThat(application.getBeansOfType(EventLogSse.class)).hasSize(1);
        assertThat(application.getBeanDefinitionNames())
                .contains("eventLogMeters", "eventLogObserving", "eventLogHealthIndicator", "eventLogsEndpoint");
    }

    @Test
    void hintsCoverWhatANativeImageNeeds() {
        RuntimeHints hints = process(new InMemoryGeneratedFiles()).hints();

        assertThat(List.of("add.lua", "look.lua"))
                .map(script -> "dev/eventlog/redis/" + script)
                .allMatch(script -> getClass().getClassLoader().getResource(script) != null)
                .allMatch(script ->
                        RuntimeHintsPredicates.resource().forResource(script).test(hints));
        assertThat(RuntimeHintsPredicates.proxies().forInterfaces(RedisConnection.class, RedisStreamCommands.class))
                .as("the connection for the listener container")
                .accepts(hints);
        String driver = LETTUCE ? "io.lettuce.core.RedisClient" : "redis.clients.jedis.Jedis";
        assertThat(RuntimeHintsPredicates.reflection().onType(TypeReference.of(driver)))
                .accepts(hints);
        if (LETTUCE) {
            assertThat(RuntimeHintsPredicates.reflection()
                            .onFieldAccess(LettuceConnectionFactory.class, "configuration"))
                    .accepts(hints);
        }
        assertThat(Stream.of(
                        "dev.eventlog.autoconfigure.EventLogProperties",
                        "dev.eventlog.autoconfigure.EventLogProperties$LogOverride",
                        "dev.eventlog.autoconfigure.EventLogProperties$Observability",
                        "dev.eventlog.observability.EventLogsEndpoint$EventLogs",
                        "dev.eventlog.observability.EventLogsEndpoint$FollowerDescriptor"))
                .allMatch(type -> RuntimeHintsPredicates.reflection()
                        .onType(TypeReference.of(type))
                        .test(hints));
        assertThat(RuntimeHintsPredicates.reflection().onMethodInvocation(Placed.class, "customer"))
                .accepts(hints);
    }
}
