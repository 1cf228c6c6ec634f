package dev.eventlog.autoconfigure;

import dev.eventlog.EventLogFactory;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.BeanFactoryUtils;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.NoSuchBeanDefinitionException;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.diagnostics.analyzer.AbstractInjectionFailureAnalyzer;
import org.springframework.core.Ordered;
import org.springframework.data.redis.connection.RedisConnectionFactory;

/** Reports why there is no {@link EventLogFactory}. Spring Boot would only suggest to define one. */
final class NoEventLogFactoryFailureAnalyzer extends AbstractInjectionFailureAnalyzer<NoSuchBeanDefinitionException>
        implements Ordered {

    private static final Set<String> MADE_WITH_IT = Set.of(
            "dev.eventlog.EventLogFactory",
            "dev.eventlog.annotation.EventLogListenerRegistry",
            "dev.eventlog.core.RedisEventLogFactory",
            "dev.eventlog.http.EventLogHttp",
            "dev.eventlog.http.ReactiveEventLogHttp",
            "dev.eventlog.sse.EventLogSse",
            "dev.eventlog.sse.ReactiveEventLogSse");

    private final @Nullable BeanFactory beans;

    NoEventLogFactoryFailureAnalyzer(@Nullable BeanFactory beans) {
        this.beans = beans;
    }

    @Override
    protected @Nullable FailureAnalysis analyze(
            Throwable failure, NoSuchBeanDefinitionException missing, @Nullable String description) {
        Class<?> type = missing.getBeanType();
        if (type == null
                || !MADE_WITH_IT.contains(type.getName())
                || !(beans instanceof ListableBeanFactory all)
                || names(all, EventLogFactory.class).length > 0) {
            return null;
        }
        String needed = (description == null ? "A component" : description) + " required a bean of type '"
                + type.getName() + "', but there is no EventLogFactory, ";
        String[] connections = names(all, RedisConnectionFactory.class);
        return switch (connections.length) {
            case 0 ->
                new FailureAnalysis(
                        needed + "because there is no RedisConnectionFactory.",
                        "Add spring-boot-starter-data-redis, or define a RedisConnectionFactory.",
                        missing);
            case 1 ->
                new FailureAnalysis(
                        needed + "although there is one RedisConnectionFactory, '" + connections[0] + "'.",
                        "Look for EventLogAutoConfiguration in the conditions report (--debug).",
                        missing);
            default ->
                new FailureAnalysis(
                        needed + "because there are " + connections.length + " RedisConnectionFactory beans ("
                                + String.join(", ", connections) + ") and none of them is primary.",
                        "Name the one for the logs " + OneRedis.FACTORY + ", or mark it as @Primary.",
                        missing);
        };
    }

    private static String[] names(ListableBeanFactory all, Class<?> type) {
        return BeanFactoryUtils.beanNamesForTypeIncludingAncestors(all, type, true, false);
    }

    /** Runs before the analyzer of Spring Boot for all missing beans. */
    @Override
    public int getOrder() {
        return 0;
    }
}
