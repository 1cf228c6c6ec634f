package dev.eventlog.annotation;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.aop.framework.AopProxyUtils;
import org.springframework.aop.scope.ScopedObject;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.BeanFactoryAware;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.core.MethodIntrospector;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.AnnotationUtils;
import org.springframework.core.annotation.MergedAnnotation;
import org.springframework.core.annotation.MergedAnnotationPredicates;
import org.springframework.core.annotation.MergedAnnotations;
import org.springframework.core.annotation.MergedAnnotations.SearchStrategy;
import org.springframework.util.Assert;

/**
 * Finds the methods annotated with {@link EventLogListener}, and adds them to the {@link EventLogListenerRegistry}. Without
 * auto-configuration, declare it as a bean with a static method. Thread-safe.
 */
public final class EventLogListenerAnnotationBeanPostProcessor
        implements BeanPostProcessor, SmartInitializingSingleton, BeanFactoryAware, Ordered {

    private record Found(EventLogListener annotation, Method method, Object bean, String beanName) {}

    private final ObjectProvider<EventLogListenerRegistry> registry;
    private final Set<Class<?>> classesWithout = ConcurrentHashMap.newKeySet();
    private @Nullable ConfigurableListableBeanFactory beanFactory;

    // Guarded by this.
    private final List<Found> waiting = new ArrayList<>();
    private boolean complete;

    /**
     * Creates a post-processor.
     *
     * @param registry provides the registry; used only if there is a listener, and after the singletons have been created
     */
    public EventLogListenerAnnotationBeanPostProcessor(ObjectProvider<EventLogListenerRegistry> registry) {
        this.registry = registry;
    }

    @Override
    public void setBeanFactory(BeanFactory factory) {
        Assert.isInstanceOf(ConfigurableListableBeanFactory.class, factory);
        this.beanFactory = (ConfigurableListableBeanFactory) factory;
    }

    /** Runs last, so that it gets beans with their proxies. */
    @Override
    public int getOrder() {
        return LOWEST_PRECEDENCE;
    }

    @Override
    public Object postProcessAfterInitialization(Object bean, String beanName) {
        if (bean instanceof AopInfrastructureBean && !(bean instanceof ScopedObject)) {
            return bean;
        }
        Class<?> type = AopProxyUtils.ultimateTargetClass(bean);
        if (classesWithout.contains(type) || !AnnotationUtils.isCandidateClass(type, EventLogListener.class)) {
            return bean;
        }
        Map<Method, List<EventLogListener>> methods = listenersOf(type);
        if (methods.isEmpty()) {
            classesWithout.add(type);
            return bean;
        }
        methods.forEach((method, annotations) -> {
            refuseUnlessSingleton(bean, beanName, method);
            annotations.forEach(annotation -> found(new Found(annotation, method, bean, beanName)));
        });
        return bean;
    }

    /**
     * Returns whether a class has listener methods.
     *
     * @param type the class
     * @return whether it has listener methods
     */
    public static boolean hasListeners(Class<?> type) {
        return AnnotationUtils.isCandidateClass(type, EventLogListener.class)
                && !listenersOf(type).isEmpty();
    }

    private static Map<Method, List<EventLogListener>> listenersOf(Class<?> type) {
        return MethodIntrospector.selectMethods(type, (MethodIntrospector.MetadataLookup<List<EventLogListener>>)
                EventLogListenerAnnotationBeanPostProcessor::annotationsOf);
    }

    private static @Nullable List<EventLogListener> annotationsOf(Method method) {
        List<EventLogListener> annotations = MergedAnnotations.from(method, SearchStrategy.TYPE_HIERARCHY).stream(
                        EventLogListener.class)
                .filter(MergedAnnotationPredicates.firstRunOf(MergedAnnotation::getAggregateIndex))
                .map(MergedAnnotation::synthesize)
                .toList();
        return annotations.isEmpty() ? null : annotations;
    }

    private void refuseUnlessSingleton(Object bean, String beanName, Method method) {
        ConfigurableListableBeanFactory factory = factory();
        if (bean instanceof ScopedObject || (factory.containsBean(beanName) && !factory.isSingleton(beanName))) {
            throw new InvalidEventLogListenerException(
                    "@EventLogListener is not possible on " + method.toGenericString() + ": bean '" + beanName
                            + "' is not a singleton, so each of its instances would follow the log and never stop",
                    "Move the method to a singleton.",
                    null);
        }
    }

    private void found(Found listener) {
        synchronized (this) {
            if (!complete) {
                waiting.add(listener);
                return;
            }
        }
        register(List.of(listener));
    }

    /** Adds the listeners only now, because the beans that create the logs may have listeners themselves. */
    @Override
    public void afterSingletonsInstantiated() {
        List<Found> listeners;
        synchronized (this) {
            complete = true;
            listeners = List.copyOf(waiting);
            waiting.clear();
        }
        classesWithout.clear();
        register(listeners);
    }

    private void register(List<Found> listeners) {
        if (listeners.isEmpty()) {
            return;
        }
        EventLogListenerRegistry all = registry.getIfAvailable();
        if (all == null) {
            throw new InvalidEventLogListenerException(
                    "@EventLogListener is on " + listeners.get(0).method().toGenericString()
                            + ", but there is no EventLogFactory",
                    "Define exactly one RedisConnectionFactory, name the one for the logs eventLogConnectionFactory, or mark it"
                            + " as @Primary. To run without listeners, set eventlog.listener.enabled to false.",
                    null);
        }
        ListenerEndpoints endpoints = new ListenerEndpoints(factory());
        listeners.forEach(found -> all.add(
                endpoints.of(found.annotation(), found.method(), found.bean(), found.beanName(), all.ids()::contains)));
    }

    private ConfigurableListableBeanFactory factory() {
        ConfigurableListableBeanFactory factory = beanFactory;
        Assert.state(factory != null, "The bean factory has not been set");
        return factory;
    }
}
