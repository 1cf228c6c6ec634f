package dev.eventlog;

import static com.tngtech.archunit.lang.conditions.ArchConditions.dependOnClassesThat;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import dev.eventlog.annotation.EventLogErrorPolicy;
import dev.eventlog.annotation.EventLogListener;
import dev.eventlog.annotation.EventLogListenerAnnotationBeanPostProcessor;
import dev.eventlog.annotation.EventLogListenerRegistry;
import dev.eventlog.annotation.InvalidEventLogListenerException;
import dev.eventlog.autoconfigure.EventLogAutoConfiguration;
import dev.eventlog.autoconfigure.EventLogHttpAutoConfiguration;
import dev.eventlog.autoconfigure.EventLogListenerAutoConfiguration;
import dev.eventlog.autoconfigure.EventLogProperties;
import dev.eventlog.autoconfigure.EventLogSseAutoConfiguration;
import dev.eventlog.autoconfigure.NamedFollowerAutoConfiguration;
import dev.eventlog.autoconfigure.ReactiveEventLogHttpAutoConfiguration;
import dev.eventlog.autoconfigure.ReactiveEventLogSseAutoConfiguration;
import dev.eventlog.convert.EventBinding;
import dev.eventlog.convert.EventBindings;
import dev.eventlog.convert.EventFields;
import dev.eventlog.convert.TypedFields;
import dev.eventlog.core.RedisEventLogFactory;
import dev.eventlog.durable.Leadership;
import dev.eventlog.follow.FollowSettings;
import dev.eventlog.http.EventLogHttp;
import dev.eventlog.http.HttpSettings;
import dev.eventlog.http.ReactiveEventLogHttp;
import dev.eventlog.observability.AddContext;
import dev.eventlog.observability.AddConvention;
import dev.eventlog.observability.BatchContext;
import dev.eventlog.observability.BatchConvention;
import dev.eventlog.observability.EventLogHealthAutoConfiguration;
import dev.eventlog.observability.EventLogMetricsAutoConfiguration;
import dev.eventlog.observability.EventLogObservation;
import dev.eventlog.observability.EventLogObservationAutoConfiguration;
import dev.eventlog.observability.EventLogsEndpointAutoConfiguration;
import dev.eventlog.reactor.EventFlux;
import dev.eventlog.redis.RedisEventPositions;
import dev.eventlog.sse.EventLogEmitter;
import dev.eventlog.sse.EventLogSse;
import dev.eventlog.sse.EventLogWebSocket;
import dev.eventlog.sse.EventStream;
import dev.eventlog.sse.EventStreamAccess;
import dev.eventlog.sse.EventStreamStatistics;
import dev.eventlog.sse.OneFlushFilter;
import dev.eventlog.sse.ReactiveEventLogSse;
import dev.eventlog.sse.ReactiveEventLogWebSocket;
import dev.eventlog.sse.SseSettings;
import dev.eventlog.web.EventRangeWebFluxAutoConfiguration;
import dev.eventlog.web.EventRangeWebMvcAutoConfiguration;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.context.annotation.Bean;

/** Rules for the code: which package may depend on which, and how little is public. */
class ArchitectureTests {

    private static final String API = "dev.eventlog";

    /** Lines of a source file. */
    private static final int LONGEST = 330;

    private static final JavaClasses CODE = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("dev.eventlog");

    @Test
    void apiDependsOnNothingButTheRetrySupportOfSpring() {
        DescribedPredicate<JavaClass> retry = JavaClass.Predicates.resideInAPackage("org.springframework.core.retry");
        DescribedPredicate<JavaClass> below =
                JavaClass.Predicates.resideInAnyPackage("dev.eventlog.*..", "org.springframework..", "tools.jackson..");
        noClasses()
                .that()
                .resideInAPackage("dev.eventlog")
                .should(dependOnClassesThat(below.and(DescribedPredicate.not(retry))))
                .check(CODE);
    }

    /** Dependencies run one way: core, durable and recording, follow, redis. All of them depend on the API. */
    @Test
    void packagesDependOnlyOnPackagesBelowThem() {
        Map<String, List<String>> below = Map.ofEntries(
                entry("redis", List.of()),
                entry("follow", List.of("redis")),
                entry("durable", List.of("follow", "redis")),
                entry("recording", List.of("follow", "redis")),
                entry("core", List.of("durable", "recording", "follow", "redis", "convert")),
                entry("convert", List.of()),
                entry("reactor", List.of()),
                entry("annotation", List.of()),
                entry("sse", List.of("reactor")),
                entry("http", List.of("sse", "convert")),
                entry("autoconfigure", List.of("core", "durable", "follow", "redis", "annotation", "sse", "http")),
                entry("web", List.of("autoconfigure")),
                entry("observability", List.of("autoconfigure", "core", "follow", "convert", "sse", "annotation")));
        assertThat(CODE.stream().map(JavaClass::getPackageName).distinct())
                .as("all packages except the API, which depends on none")
                .containsExactlyInAnyOrderElementsOf(
                        Stream.concat(Stream.of(API), below.keySet().stream().map(ArchitectureTests::room))
                                .toList());
        below.forEach((name, known) -> {
            List<String> may = new ArrayList<>(List.of(API, room(name)));
            known.forEach(each -> may.add(room(each)));
            noClasses()
                    .that()
                    .resideInAPackage(room(name))
                    .should(dependOnClassesThat(JavaClass.Predicates.resideInAPackage(API + "..")
                            .and(JavaClass.Predicates.resideOutsideOfPackages(may.toArray(String[]::new)))))
                    .check(CODE);
        });
    }

    private static String room(String name) {
        return API + '.' + name;
    }

    @Test
    void internalPackagesDoNotDependOnConfiguration() {
        noClasses()
                .that()
                .resideInAnyPackage(
                        room("core"),
                        room("durable"),
                        room("recording"),
                        room("follow"),
                        room("redis"),
                        room("convert"),
                        room("reactor"))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.micrometer..", "org.springframework.boot..")
                .check(CODE);
    }

    @Test
    void conversionDoesNotDependOnRedis() {
        noClasses()
                .that()
                .resideInAPackage("dev.eventlog.convert")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.springframework.data..")
                .check(CODE);
    }

    @Test
    void clientStreamsAndAnnotatedListenersUseOnlyTheApi() {
        noClasses()
                .that()
                .resideInAnyPackage("dev.eventlog.sse", "dev.eventlog.http", "dev.eventlog.annotation")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.springframework.boot..", "org.springframework.data..", "io.micrometer..")
                .check(CODE);
    }

    @Test
    void eachDriverIsUsedInOnePlaceOnly() {
        DescribedPredicate<JavaClass> lettuce = JavaClass.Predicates.resideInAnyPackage(
                "io.lettuce..", "org.springframework.data.redis.connection.lettuce..");
        DescribedPredicate<JavaClass> jedis = JavaClass.Predicates.resideInAnyPackage(
                "redis.clients..", "org.springframework.data.redis.connection.jedis..");
        noClasses()
                .that()
                .haveNameNotMatching(
                        ".*\\.redis\\.Lettuce(ClientCopy|CommandFactory|Connections|Factory|LastAnswers|Replies|SharedLines?)(\\$.*)?")
                .should(dependOnClassesThat(lettuce))
                .check(CODE);
        noClasses()
                .that()
                .haveNameNotMatching(".*\\.redis\\.Jedis(Cluster)?Connections(\\$.*)?")
                .should(dependOnClassesThat(jedis))
                .check(CODE);
    }

    @Test
    void springsListenerContainerIsUsedInOnePlaceOnly() {
        noClasses()
                .that()
                .haveNameNotMatching(".*\\.redis\\.ContainerPoller(\\$.*)?")
                .should(dependOnClassesThat(
                        JavaClass.Predicates.resideInAPackage("org.springframework.data.redis.stream..")))
                .check(CODE);
    }

    @Test
    void springIntegrationIsUsedInOnePlaceOnly() {
        noClasses()
                .that()
                .haveNameNotMatching(
                        ".*\\.(durable\\.Leadership|autoconfigure\\.NamedFollowerAutoConfiguration)(\\$.*)?")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.springframework.integration..")
                .check(CODE);
    }

    @Test
    void onlyTheReactorPackageAndWebFluxStreamsUseReactor() {
        DescribedPredicate<JavaClass> reactor =
                JavaClass.Predicates.resideInAnyPackage("dev.eventlog.reactor", "reactor..", "org.reactivestreams..");
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.eventlog.reactor")
                .and()
                .haveNameNotMatching(".*\\.(ReactiveEventLog(Sse|WebSocket|Http)|OneFlushFilter).*")
                .should(dependOnClassesThat(reactor))
                .check(CODE);
        noClasses()
                .that()
                .resideInAPackage("dev.eventlog.reactor")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.springframework..")
                .check(CODE);
    }

    @Test
    void webFluxStreamsDoNotDependOnSpringMvc() {
        noClasses()
                .that()
                .haveNameMatching(
                        ".*\\.(ReactiveEventLog(Sse|WebSocket)|(Web)?Streams?|ClientStream|StreamLogs|DueSignals|SignalSender|StreamCursor|SourceReader|SignalRenderer|Signal|EventStream|(Sse|Json)Format|Message|HandshakeRequest).*")
                .should(dependOnClassesThat(JavaClass.Predicates.resideInAnyPackage(
                                "org.springframework.web.servlet..", "org.springframework.web.socket..", "jakarta..")
                        .or(JavaClass.Predicates.belongToAnyOf(EventLogSse.class, EventLogEmitter.class))))
                .check(CODE);
    }

    @Test
    void onlyTheClassesForAWebStackDependOnIt() {
        noClasses()
                .that()
                .resideInAPackage("dev.eventlog.http")
                .and()
                .haveNameNotMatching(".*\\.(EventLogHttp|SseResponse).*")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.springframework.web.servlet..", "jakarta.servlet..")
                .check(CODE);
        noClasses()
                .that()
                .resideInAPackage("dev.eventlog.http")
                .and()
                .haveNameNotMatching(".*\\.ReactiveEventLogHttp.*")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.springframework.web.reactive..")
                .check(CODE);
    }

    @Test
    void onlyTheApiIsPublicOutsideTheInternalPackages() {
        noClasses()
                .that()
                .resideOutsideOfPackages(API, room("durable"), room("recording"), room("follow"), room("redis"))
                .and()
                .areTopLevelClasses()
                .and()
                .doNotBelongToAnyOf(
                        RedisEventLogFactory.class,
                        EventFields.class,
                        EventBinding.class,
                        EventBindings.class,
                        TypedFields.class,
                        EventFlux.class,
                        EventLogSse.class,
                        EventLogWebSocket.class,
                        ReactiveEventLogWebSocket.class,
                        EventLogEmitter.class,
                        EventStream.class,
                        EventStreamAccess.class,
                        EventStreamStatistics.class,
                        SseSettings.class,
                        EventLogHttp.class,
                        ReactiveEventLogHttp.class,
                        HttpSettings.class,
                        EventLogHttpAutoConfiguration.class,
                        ReactiveEventLogHttpAutoConfiguration.class,
                        EventLogSseAutoConfiguration.class,
                        ReactiveEventLogSse.class,
                        OneFlushFilter.class,
                        ReactiveEventLogSseAutoConfiguration.class,
                        EventLogListener.class,
                        EventLogListenerRegistry.class,
                        InvalidEventLogListenerException.class,
                        EventLogErrorPolicy.class,
                        EventLogListenerAnnotationBeanPostProcessor.class,
                        EventLogListenerAutoConfiguration.class,
                        EventLogAutoConfiguration.class,
                        EventLogProperties.class,
                        EventLogHealthAutoConfiguration.class,
                        EventLogMetricsAutoConfiguration.class,
                        EventLogObservationAutoConfiguration.class,
                        EventLogsEndpointAutoConfiguration.class,
                        EventLogObservation.class,
                        AddContext.class,
                        AddConvention.class,
                        BatchContext.class,
                        BatchConvention.class,
                        EventRangeWebMvcAutoConfiguration.class,
                        EventRangeWebFluxAutoConfiguration.class,
                        NamedFollowerAutoConfiguration.class)
                .should()
                .bePublic()
                .check(CODE);
    }

    /** Internal types are public only if another package needs them, because Java has no narrower access. */
    @Test
    void publicInternalTypesAreUsedByOtherPackages() {
        classes()
                .that()
                .resideInAnyPackage(room("durable"), room("recording"), room("follow"), room("redis"))
                .and()
                .arePublic()
                .and()
                .areTopLevelClasses()
                .and()
                .doNotBelongToAnyOf(Leadership.class, FollowSettings.class, RedisEventPositions.class)
                .should(beUsedFromAbove())
                .check(CODE);
    }

    /** Used by a class of another package, or by a class that another package uses. */
    private static ArchCondition<JavaClass> beUsedFromAbove() {
        return new ArchCondition<>("be used from above") {
            @Override
            public void check(JavaClass room, ConditionEvents events) {
                boolean used = room.getDirectDependenciesToSelf().stream()
                        .map(Dependency::getOriginClass)
                        .anyMatch(by -> !by.getPackageName().equals(room.getPackageName())
                                || (by.getModifiers().contains(JavaModifier.PUBLIC) && !by.equals(room)));
                events.add(new SimpleConditionEvent(room, used, room.getName() + " need not be public"));
            }
        };
    }

    /**
     * Internal packages are not part of the API: they are neither compared with the last release nor in the published
     * Javadoc.
     */
    @Test
    void buildComparesAndDocumentsExactlyTheApi() throws IOException {
        List<String> userMaySee = List.of(
                "dev.eventlog",
                "dev.eventlog.annotation",
                "dev.eventlog.autoconfigure",
                "dev.eventlog.core.RedisEventLogFactory",
                "dev.eventlog.durable.Leadership",
                "dev.eventlog.follow.FollowSettings",
                "dev.eventlog.http",
                "dev.eventlog.observability",
                "dev.eventlog.reactor",
                "dev.eventlog.redis.RedisEventPositions",
                "dev.eventlog.sse",
                "dev.eventlog.web");
        String pom = Files.readString(Path.of("pom.xml"));
        assertThat(found("<include>(dev\\.eventlog[\\w.]*)</include>", pom))
                .as("packages that are compared with the last release")
                .containsExactlyElementsOf(userMaySee);
        assertThat(found("<sourceFileInclude>([^<]+)</sourceFileInclude>", pom))
                .as("packages in the published Javadoc")
                .containsExactlyElementsOf(userMaySee.stream()
                        .map(each -> each.replace('.', '/') + (each.matches(".*\\.[A-Z]\\w+") ? ".java" : "/*.java"))
                        .toList());
    }

    private static List<String> found(String pattern, String text) {
        return Pattern.compile(pattern)
                .matcher(text)
                .results()
                .map(result -> result.group(1))
                .toList();
    }

    @Test
    void longClassesStateTheirReason() throws IOException {
        try (Stream<Path> sources = Files.walk(Path.of("src", "main", "java"))) {
            assertThat(sources.filter(Files::isRegularFile)).allSatisfy(source -> {
                List<String> lines = Files.readAllLines(source);
                if (lines.size() > LONGEST) {
                    assertThat(lines).anyMatch(line -> line.startsWith("// Long: "), "says why, as \"// Long: \"");
                }
            });
        }
    }

    @Test
    void autoConfigurationsHaveTheFormOfSpringBoot() {
        classes()
                .that()
                .areAnnotatedWith(AutoConfiguration.class)
                .should()
                .haveModifier(JavaModifier.FINAL)
                .check(CODE);
        methods()
                .that()
                .areAnnotatedWith(Bean.class)
                .should()
                .bePackagePrivate()
                .check(CODE);
        ArchRuleDefinition.constructors()
                .that()
                .areDeclaredInClassesThat()
                .areAnnotatedWith(AutoConfiguration.class)
                .should()
                .bePackagePrivate()
                .check(CODE);
    }
}
