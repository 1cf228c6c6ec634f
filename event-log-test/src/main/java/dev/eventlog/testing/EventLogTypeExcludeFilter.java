package dev.eventlog.testing;

import org.springframework.boot.context.TypeExcludeFilter;
import org.springframework.boot.test.context.filter.annotation.StandardAnnotationCustomizableTypeExcludeFilter;

/** The {@link TypeExcludeFilter} of {@link EventLogTest}. */
class EventLogTypeExcludeFilter extends StandardAnnotationCustomizableTypeExcludeFilter<EventLogTest> {

    EventLogTypeExcludeFilter(Class<?> testClass) {
        super(testClass);
    }
}
