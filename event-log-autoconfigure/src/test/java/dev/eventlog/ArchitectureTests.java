package dev.eventlog;

import static com.tngtech.archunit.lang.conditions.ArchConditions.dependOnClassesThat;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import dev.eventlog.annotation.EventLogErrorPolicy;
import dev.eventlog.annotation.EventLogListener;
import dev.eventlog.annotation.EventLogListenerAnnotationBeanPostProcessor;
import dev.eventlog.annotation.EventLogListenerRegistry;
import dev.eventlog.autoconfigure.EventLogAutoConfiguration;
import dev.eventlog.autoconfigure.EventLogListenerAutoConfiguration;
import dev.eventlog.autoconfigure.EventLogSseAutoConfiguration;
import dev.eventlog.autoconfigure.NamedFollowerAutoConfiguration;
import dev.eventlog.autoconfigure.ReactiveEventLogSseAutoConfiguration;
import dev.eventlog.convert.EventFields;
import dev.eventlog.convert.TypedFields;
import dev.eventlog.core.RedisEventLogFactory;
import dev.eventlog.durable.Leadership;
import dev.eventlog.follow.FollowSettings;
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
import dev.eventlog.sse.ReactiveEventLogSse;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.context.annotation.Bean;

/** The shape that the code keeps: which package may know which, and how little of it a user sees. */
class ArchitectureTests {

    private static final JavaClasses CODE = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("dev.eventlog");

    @Test
    void theApiKnowsNothingOfWhatIsBelowItAndOfSpringOnlyHowToRetry() {
        DescribedPredicate<JavaClass> retry = JavaClass.Predicates.resideInAPackage("org.springframework.core.retry");
        DescribedPredicate<JavaClass> below =
                JavaClass.Predicates.resideInAnyPackage("dev.eventlog.*..", "org.springframework..", "tools.jackson..");
        noClasses()
                .that()
                .resideInAPackage("dev.eventlog")
                .should(dependOnClassesThat(below.and(DescribedPredicate.not(retry))))
                .check(CODE);
    }

    @Test
    void theRedisSideKnowsNothingOfItsConfiguration() {
        noClasses()
                .that()
                .resideInAnyPackage("dev.eventlog.redis", "dev.eventlog.convert")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "dev.eventlog.autoconfigure..",
                        "dev.eventlog.observability..",
                        "io.micrometer..",
                        "org.springframework.boot..")
                .check(CODE);
    }

    @Test
    void conversionKnowsNothingOfRedis() {
        noClasses()
                .that()
                .resideInAPackage("dev.eventlog.convert")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("dev.eventlog.redis", "org.springframework.data..")
                .check(CODE);
    }

    @Test
    void streamsToClientsAndListenersByAnnotationAreMadeByTheApiAlone() {
        noClasses()
                .that()
                .resideInAnyPackage("dev.eventlog.sse", "dev.eventlog.annotation")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "dev.eventlog.redis",
                        "dev.eventlog.convert",
                        "dev.eventlog.autoconfigure..",
                        "org.springframework.boot..",
                        "org.springframework.data..")
                .check(CODE);
    }

    @Test
    void aDriverIsKnownInOnePlaceOnly() {
        DescribedPredicate<JavaClass> lettuce = JavaClass.Predicates.resideInAnyPackage(
                "io.lettuce..", "org.springframework.data.redis.connection.lettuce..");
        DescribedPredicate<JavaClass> jedis = JavaClass.Predicates.resideInAnyPackage(
                "redis.clients..", "org.springframework.data.redis.connection.jedis..");
        noClasses()
                .that()
                .haveNameNotMatching(".*\\.LettuceConnections.*")
                .should(dependOnClassesThat(lettuce))
                .check(CODE);
        noClasses()
                .that()
                .haveNameNotMatching(".*\\.JedisConnections.*")
                .should(dependOnClassesThat(jedis))
                .check(CODE);
    }

    @Test
    void springIntegrationIsKnownInOnePlaceOnly() {
        noClasses()
                .that()
                .haveNameNotMatching(".*\\.(Leadership|NamedFollowerAutoConfiguration).*")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.springframework.integration..")
                .check(CODE);
    }

    @Test
    void reactorIsKnownInItsPackageAndByStreamsOfWebFluxOnlyAndThatKnowsOnlyTheApi() {
        DescribedPredicate<JavaClass> reactor =
                JavaClass.Predicates.resideInAnyPackage("dev.eventlog.reactor", "reactor..", "org.reactivestreams..");
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.eventlog.reactor")
                .and()
                .haveNameNotMatching(".*\\.ReactiveEventLogSse.*")
                .should(dependOnClassesThat(reactor))
                .check(CODE);
        noClasses()
                .that()
                .resideInAPackage("dev.eventlog.reactor")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("dev.eventlog.redis", "dev.eventlog.convert", "org.springframework..")
                .check(CODE);
    }

    @Test
    void streamsOfWebFluxDoWithoutSpringMvc() {
        noClasses()
                .that()
                .haveNameMatching(".*\\.(ReactiveEventLogSse|LastEventId|ShuttingDown|SseData).*")
                .should(dependOnClassesThat(JavaClass.Predicates.resideInAPackage("org.springframework.web.servlet..")
                        .or(JavaClass.Predicates.belongToAnyOf(EventLogSse.class, EventLogEmitter.class))))
                .check(CODE);
    }

    @Test
    void onlyWhatAUserNeedsIsPublic() {
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.eventlog")
                .and()
                .areTopLevelClasses()
                .and()
                .doNotBelongToAnyOf(
                        RedisEventLogFactory.class,
                        FollowSettings.class,
                        EventFields.class,
                        TypedFields.class,
                        EventFlux.class,
                        EventLogSse.class,
                        EventLogEmitter.class,
                        EventLogSseAutoConfiguration.class,
                        ReactiveEventLogSse.class,
                        ReactiveEventLogSseAutoConfiguration.class,
                        EventLogListener.class,
                        EventLogListenerRegistry.class,
                        EventLogErrorPolicy.class,
                        EventLogListenerAnnotationBeanPostProcessor.class,
                        EventLogListenerAutoConfiguration.class,
                        EventLogAutoConfiguration.class,
                        EventLogHealthAutoConfiguration.class,
                        EventLogMetricsAutoConfiguration.class,
                        EventLogObservationAutoConfiguration.class,
                        EventLogsEndpointAutoConfiguration.class,
                        EventLogObservation.class,
                        AddContext.class,
                        AddConvention.class,
                        BatchContext.class,
                        BatchConvention.class,
                        RedisEventPositions.class,
                        Leadership.class,
                        NamedFollowerAutoConfiguration.class)
                .should()
                .bePublic()
                .check(CODE);
    }

    @Test
    void autoConfigurationsHaveBootsForm() {
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
