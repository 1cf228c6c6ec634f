package dev.eventlog.annotation;

import dev.eventlog.Completion;
import dev.eventlog.Event;
import dev.eventlog.EventBatchListener;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogException;
import dev.eventlog.EventLogFactory;
import dev.eventlog.FollowOptions;
import dev.eventlog.Follower;
import dev.eventlog.Gap;
import dev.eventlog.LogPattern;
import dev.eventlog.LogsFollower;
import dev.eventlog.LogsListener;
import dev.eventlog.Tail;
import dev.eventlog.TypedEvent;
import dev.eventlog.TypedEventLog;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.support.AopUtils;
import org.springframework.core.ResolvableType;
import org.springframework.util.ReflectionUtils;

/** A listener method of a bean: the events that it takes, and how to call it. Immutable. */
final class ListenerMethod {

    private static final Log logger = LogFactory.getLog(EventLogListener.class);

    private enum Takes {
        EVENT,
        TYPED_EVENT,
        VALUE
    }

    /** Follows a log from a tail. */
    @FunctionalInterface
    interface Following {

        Follower from(Tail tail, Consumer<FollowOptions.Builder> options);
    }

    /** Follows the logs of a pattern from a tail. */
    @FunctionalInterface
    interface FollowingAll {

        LogsFollower from(Tail tail, Consumer<FollowOptions.Builder> options);
    }

    private final Object bean;
    private final Method method;
    private final String description;
    private final Takes takes;
    private final Class<?> type;
    private final boolean batches;
    private final int events;
    private final int parameters;

    /**
     * Creates a listener method.
     *
     * @param bean the bean, which may be a proxy
     * @param found the method of the target class
     * @param beanClass the target class
     * @throws InvalidEventLogListenerException if the method cannot take events
     */
    ListenerMethod(Object bean, Method found, Class<?> beanClass) {
        this.description = found.toGenericString();
        this.bean = bean;
        this.method = AopUtils.selectInvocableMethod(found, bean.getClass());
        ReflectionUtils.makeAccessible(method);
        this.parameters = found.getParameterCount();
        this.events = eventsAmong(found);
        ResolvableType parameter = ResolvableType.forMethodParameter(found, events, beanClass);
        this.batches = List.class.equals(parameter.resolve());
        ResolvableType element = batches ? parameter.getGeneric() : parameter;
        if (element.resolve() == Event.class) {
            this.takes = Takes.EVENT;
            this.type = Event.class;
        } else if (element.resolve() == TypedEvent.class) {
            this.takes = Takes.TYPED_EVENT;
            this.type = typeOf(element.getGeneric());
        } else {
            this.takes = Takes.VALUE;
            this.type = typeOf(element);
        }
        if (found.getReturnType() != void.class) {
            throw refused("it returns a value, which would be ignored");
        }
    }

    /** {@return the index of the parameter that takes the events} */
    private int eventsAmong(Method found) {
        Class<?>[] types = found.getParameterTypes();
        if (types.length == 2 && types[1] == String.class) {
            return 0;
        }
        if (types.length == 2 && types[0] == String.class) {
            return 1;
        }
        if (types.length != 1) {
            throw refused("it has " + types.length + " parameters");
        }
        return 0;
    }

    private Class<?> typeOf(ResolvableType element) {
        Class<?> resolved = element.resolve();
        if (resolved == null) {
            throw refused("the type of its events is not known");
        }
        if (resolved == Gap.class) {
            throw refused(
                    "a gap is not an event: a bean of type EventLogErrorPolicy receives gaps in its method onGap");
        }
        if (resolved.isPrimitive()
                || resolved.isArray()
                || resolved.isEnum()
                || resolved.getName().startsWith("java.")
                || resolved.getPackage() == Event.class.getPackage()) {
            throw refused(resolved.getTypeName() + " is not a type of events");
        }
        if (element.hasGenerics()) {
            throw refused(element + " is a generic type, which events cannot be read as");
        }
        return resolved;
    }

    private InvalidEventLogListenerException refused(String why) {
        return new InvalidEventLogListenerException(
                "@EventLogListener is not possible on " + description + ": " + why,
                "The method must return void and have one parameter List<Event>, List<TypedEvent<T>>, List<T>, Event,"
                        + " TypedEvent<T>, or T, where T is a class, record, or sealed interface. It can also have a String"
                        + " parameter for the name of the log.",
                null);
    }

    boolean takesBatches() {
        return batches;
    }

    /**
     * Prepares to follow a log. Sends nothing to Redis.
     *
     * @param endpoint has the options of the log, and the policy that gets gaps
     * @throws IllegalArgumentException if the type cannot be an event type
     */
    Following of(EventLogFactory factory, String log, ListenerEndpoint endpoint) {
        String id = endpoint.id();
        EventLogErrorPolicy policy = endpoint.policy();
        if (takes == Takes.EVENT) {
            EventLog untyped = factory.create(log, endpoint.options());
            Calls<Event> calls = new Calls<>(log, id, policy, Function.identity());
            return (tail, options) -> untyped.follow(tail, calls, options);
        }
        return typed(factory.create(log, type, endpoint.options()), id, policy);
    }

    /** Prepares to follow all logs of a pattern. */
    FollowingAll of(EventLogFactory factory, LogPattern logs, String id, EventLogErrorPolicy policy) {
        if (takes == Takes.EVENT) {
            AllCalls<Event> calls = new AllCalls<>(logs.text(), id, policy, Function.identity());
            return (tail, options) -> factory.follow(logs, tail, calls, options);
        }
        factory.create("any", type); // refuses an invalid event type before anything is followed
        return typed(factory, logs, type, id, policy);
    }

    private <T> FollowingAll typed(
            EventLogFactory factory, LogPattern logs, Class<T> eventType, String id, EventLogErrorPolicy policy) {
        Function<TypedEvent<T>, Object> argument = takes == Takes.VALUE ? TypedEvent::value : event -> event;
        AllCalls<TypedEvent<T>> calls = new AllCalls<>(logs.text(), id, policy, argument);
        return (tail, options) -> factory.follow(logs, eventType, tail, calls, options);
    }

    private <T> Following typed(TypedEventLog<T> log, String id, EventLogErrorPolicy policy) {
        Function<TypedEvent<T>, Object> argument = takes == Takes.VALUE ? TypedEvent::value : event -> event;
        Calls<TypedEvent<T>> calls = new Calls<>(log.name(), id, policy, argument);
        return (tail, options) -> log.follow(tail, calls, options);
    }

    private void invoke(Object taken, String log) throws Exception {
        @Nullable Object[] arguments = new @Nullable Object[parameters];
        arguments[events] = taken;
        if (parameters == 2) {
            arguments[1 - events] = log;
        }
        try {
            method.invoke(bean, arguments);
        } catch (InvocationTargetException thrown) {
            ReflectionUtils.rethrowException(thrown.getTargetException());
        }
    }

    @Override
    public String toString() {
        return description;
    }

    private <E> void take(List<E> batch, Function<? super E, ?> argument, String log) throws Exception {
        if (batches) {
            invoke(batch.stream().map(argument).toList(), log);
            return;
        }
        for (E event : batch) { // the follower was told to deliver single events
            invoke(argument.apply(event), log);
        }
    }

    private void hasStopped(String id, String log, Throwable failure) {
        boolean saysAll = failure instanceof EventLogException;
        logger.error(
                "Listener '" + id + "' (" + description + ") has stopped at log '" + log + "': "
                        + (saysAll ? failure.getMessage() : failure)
                        + ". It receives no more events of this log until you start it again",
                saysAll ? null : failure);
        logger.debug("The failure was thrown here", failure);
    }

    /** The callbacks of a follower of many logs. */
    private final class AllCalls<E> implements LogsListener<E> {

        private final String logs;
        private final String id;
        private final EventLogErrorPolicy policy;
        private final Function<? super E, ?> argument;

        AllCalls(String logs, String id, EventLogErrorPolicy policy, Function<? super E, ?> argument) {
            this.logs = logs;
            this.id = id;
            this.policy = policy;
            this.argument = argument;
        }

        @Override
        public void onBatch(String log, List<E> batch) throws Exception {
            take(batch, argument, log);
        }

        @Override
        public void onGap(Gap gap) throws Exception {
            policy.onGap(gap);
        }

        @Override
        public void onInterrupted() {
            policy.onInterrupted(logs);
        }

        @Override
        public void onResumed() {
            policy.onResumed(logs);
        }

        @Override
        public void onComplete(String log, Completion completion) throws Exception {
            policy.onComplete(log, completion);
        }

        @Override
        public void onFailure(String log, Throwable failure) {
            hasStopped(id, log, failure);
        }
    }

    /** The callbacks of a follower. */
    private final class Calls<E> implements EventBatchListener<E> {

        private final String log;
        private final String id;
        private final EventLogErrorPolicy policy;
        private final Function<? super E, ?> argument;

        Calls(String log, String id, EventLogErrorPolicy policy, Function<? super E, ?> argument) {
            this.log = log;
            this.id = id;
            this.policy = policy;
            this.argument = argument;
        }

        @Override
        public void onBatch(List<E> batch) throws Exception {
            take(batch, argument, log);
        }

        @Override
        public void onGap(Gap gap) throws Exception {
            policy.onGap(gap);
        }

        @Override
        public void onInterrupted() {
            policy.onInterrupted(log);
        }

        @Override
        public void onResumed() {
            policy.onResumed(log);
        }

        @Override
        public void onComplete(Completion completion) throws Exception {
            policy.onComplete(log, completion);
        }

        @Override
        public void onFailure(String name, Throwable failure) {
            hasStopped(id, name, failure);
        }
    }
}
