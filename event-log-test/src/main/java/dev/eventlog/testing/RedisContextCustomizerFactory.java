package dev.eventlog.testing;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.test.context.ContextConfigurationAttributes;
import org.springframework.test.context.ContextCustomizer;
import org.springframework.test.context.ContextCustomizerFactory;
import org.springframework.test.context.TestContextAnnotationUtils;

/** Finds {@link EventLogRedis} on a test class and its enclosing classes. */
final class RedisContextCustomizerFactory implements ContextCustomizerFactory {

    @Override
    public @Nullable ContextCustomizer createContextCustomizer(
            Class<?> testClass, List<ContextConfigurationAttributes> attributes) {
        EventLogRedis found = TestContextAnnotationUtils.findMergedAnnotation(testClass, EventLogRedis.class);
        return found == null ? null : new RedisContextCustomizer(found.value());
    }
}
