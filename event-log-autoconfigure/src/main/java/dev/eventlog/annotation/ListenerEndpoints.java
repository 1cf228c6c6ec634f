package dev.eventlog.annotation;

import dev.eventlog.EventId;
import dev.eventlog.EventLogOptions;
import dev.eventlog.FollowOptions;
import dev.eventlog.Tail;
import dev.eventlog.UnreadableEvents;
import java.lang.reflect.Method;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.framework.AopProxyUtils;
import org.springframework.beans.factory.BeanNotOfRequiredTypeException;
import org.springframework.beans.factory.NoSuchBeanDefinitionException;
import org.springframework.beans.factory.NoUniqueBeanDefinitionException;
import org.springframework.beans.factory.config.BeanExpressionContext;
import org.springframework.beans.factory.config.BeanExpressionResolver;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.format.datetime.standard.DurationFormatterUtils;
import org.springframework.util.StringUtils;

/** Creates endpoints from annotations. It resolves placeholders and expressions, and reports mistakes in them. */
final class ListenerEndpoints {

    private static final String LAST = "last:";
    private static final String SINCE = "since:";
    private static final String NAMES =
            "Name each log, or write a pattern such as orders:*. An expression can return an array or a collection of these.";

    private final ConfigurableListableBeanFactory beanFactory;
    private final BeanExpressionContext context;

    ListenerEndpoints(ConfigurableListableBeanFactory beanFactory) {
        this.beanFactory = beanFactory;
        this.context = new BeanExpressionContext(beanFactory, null);
    }

    /**
     * Creates an endpoint.
     *
     * @param isTaken returns whether another listener has an id
     * @throws InvalidEventLogListenerException if the annotation is invalid; the message names the method and the attribute
     */
    ListenerEndpoint of(
            EventLogListener annotation, Method method, Object bean, String beanName, Predicate<String> isTaken) {
        ListenerMethod takes = new ListenerMethod(bean, method, AopProxyUtils.ultimateTargetClass(bean));
        Attributes attributes = new Attributes(takes);
        String id = attributes.text("id", annotation.id());
        String name = attributes.text("name", annotation.name());
        Set<String> logs = attributes.logs(annotation.logs());
        Tail from = attributes.from(annotation.from(), name != null);
        attributes.checkPatterns(logs, annotation.from(), from);
        return new ListenerEndpoint(
                id != null ? id : freeId(beanName + '.' + method.getName(), isTaken),
                takes,
                logs,
                from,
                attributes.options(annotation, logs),
                attributes.name(name),
                attributes.autoStartup(annotation.autoStartup()),
                attributes.errorPolicy(annotation.errorPolicy()));
    }

    private static String freeId(String wanted, Predicate<String> isTaken) {
        String id = wanted;
        for (int number = 2; isTaken.test(id); number++) {
            id = wanted + '#' + number;
        }
        return id;
    }

    /** The attributes of one annotation. */
    private final class Attributes {

        private final ListenerMethod method;

        Attributes(ListenerMethod method) {
            this.method = method;
        }

        private InvalidEventLogListenerException wrong(
                String attribute, String text, String why, String action, @Nullable Throwable cause) {
            return new InvalidEventLogListenerException(
                    "@EventLogListener(" + attribute + " = \"" + text + "\") on " + method + ": " + why, action, cause);
        }

        private @Nullable Object resolve(String attribute, String text) {
            try {
                String resolved = beanFactory.resolveEmbeddedValue(text);
                BeanExpressionResolver expressions = beanFactory.getBeanExpressionResolver();
                return expressions == null ? resolved : expressions.evaluate(resolved, context);
            } catch (RuntimeException unresolvable) {
                throw wrong(
                        attribute,
                        text,
                        "the value cannot be resolved: " + unresolvable.getMessage(),
                        "Set the property, or correct the expression.",
                        unresolvable);
            }
        }

        @Nullable
        String text(String attribute, String text) {
            Object value = resolve(attribute, text);
            return value == null || value.toString().isBlank()
                    ? null
                    : value.toString().strip();
        }

        Set<String> logs(String[] texts) {
            Set<String> logs = new LinkedHashSet<>();
            for (String text : texts) {
                addLogs(resolve("logs", text), text, logs);
            }
            if (logs.isEmpty()) {
                throw wrong("logs", String.join(", ", texts), "the value names no log", NAMES, null);
            }
            return logs;
        }

        private void addLogs(@Nullable Object value, String text, Set<String> logs) {
            if (value instanceof String log && StringUtils.hasText(log)) {
                logs.add(log);
            } else if (value instanceof Iterable<?> several) {
                several.forEach(one -> addLogs(one, text, logs));
            } else if (value instanceof Object[] several) {
                Arrays.asList(several).forEach(one -> addLogs(one, text, logs));
            } else {
                throw wrong(
                        "logs",
                        text,
                        "'" + value + "' is neither the name of a log nor an array or collection of names",
                        NAMES,
                        null);
            }
        }

        /** Refuses attributes that cannot be used for patterns. */
        void checkPatterns(Set<String> logs, String text, Tail from) {
            for (String log : logs) {
                if (log.indexOf('*') < 0) {
                    continue;
                }
                if (from instanceof Tail.After) {
                    throw wrong(
                            "from",
                            text,
                            "an id belongs to one log, and '" + log + "' is a pattern",
                            "Write new, all, last:50, or since:2026-11-27T12:00:00Z, or name the log.",
                            null);
                }
            }
        }

        Tail from(String text, boolean named) {
            Object value = resolve("from", text);
            if (value instanceof Tail tail) {
                return tail;
            }
            if (value instanceof EventId id) {
                return Tail.after(id);
            }
            if (value instanceof Instant moment) {
                return Tail.since(moment);
            }
            String from = value == null ? "" : value.toString().strip();
            try {
                return from.isEmpty() && named ? Tail.all() : tail(from);
            } catch (IllegalArgumentException | DateTimeParseException malformed) {
                throw wrong(
                        "from",
                        text,
                        "'" + from + "' is not a position in a log",
                        "Write new, all, last:50, since:2026-11-27T12:00:00Z, or the id of the event to continue after, for example 1526919030474-55.",
                        malformed);
            }
        }

        private Tail tail(String from) {
            if (from.startsWith(LAST)) {
                return Tail.last(Long.parseLong(from.substring(LAST.length()).strip()));
            }
            if (from.startsWith(SINCE)) {
                return Tail.since(Instant.parse(from.substring(SINCE.length()).strip()));
            }
            return switch (from) {
                case "", "new" -> Tail.newOnly();
                case "all" -> Tail.all();
                default -> Tail.after(EventId.parse(from));
            };
        }

        Consumer<EventLogOptions.Builder> options(EventLogListener annotation, Set<String> logs) {
            return option(
                            "maxLength",
                            annotation.maxLength(),
                            (value, builder) -> builder.maxLength(Long.parseLong(value)),
                            logs)
                    .andThen(option(
                            "maxAge",
                            annotation.maxAge(),
                            (value, builder) -> builder.maxAge(DurationFormatterUtils.detectAndParse(value)),
                            logs))
                    .andThen(option(
                            "unreadableEvents",
                            annotation.unreadableEvents(),
                            (value, builder) -> builder.unreadableEvents(UnreadableEvents.valueOf(
                                    value.toUpperCase(Locale.ROOT).replace('-', '_'))),
                            logs));
        }

        private Consumer<EventLogOptions.Builder> option(
                String attribute, String text, BiConsumer<String, EventLogOptions.Builder> option, Set<String> logs) {
            String value = text(attribute, text);
            if (value == null) {
                return builder -> {};
            }
            if (logs.stream().anyMatch(log -> log.indexOf('*') >= 0)) {
                throw wrong(
                        attribute,
                        text,
                        "the logs of a pattern use the configured options",
                        "Set eventlog.overrides for that pattern, or name the logs.",
                        null);
            }
            try {
                option.accept(value, EventLogOptions.builder());
                return builder -> option.accept(value, builder);
            } catch (IllegalArgumentException refused) {
                throw wrong(
                        attribute,
                        text,
                        "it cannot be '" + value + "': " + refused.getMessage(),
                        "Write a number for maxLength, a duration such as 12h or P7D for maxAge (0 for no limit), and fail, skip or hand-over for unreadableEvents.",
                        refused);
            }
        }

        @Nullable
        String name(@Nullable String name) {
            try {
                return name == null
                        ? null
                        : FollowOptions.builder().named(name).build().name();
            } catch (IllegalArgumentException refused) {
                throw wrong(
                        "name", name, String.valueOf(refused.getMessage()), "Give the listener another name.", refused);
            }
        }

        @Nullable
        Boolean autoStartup(String text) {
            String value = text("autoStartup", text);
            if (value == null) {
                return null;
            }
            if (!value.equalsIgnoreCase("true") && !value.equalsIgnoreCase("false")) {
                throw wrong(
                        "autoStartup",
                        text,
                        "'" + value + "' is neither true nor false",
                        "Write true or false, or remove the attribute.",
                        null);
            }
            return Boolean.valueOf(value);
        }

        EventLogErrorPolicy errorPolicy(String text) {
            Object value = resolve("errorPolicy", text);
            if (value instanceof EventLogErrorPolicy policy) {
                return policy;
            }
            String name = value == null ? "" : value.toString().strip();
            try {
                if (!name.isEmpty()) {
                    return beanFactory.getBean(name, EventLogErrorPolicy.class);
                }
                EventLogErrorPolicy only =
                        beanFactory.getBeanProvider(EventLogErrorPolicy.class).getIfAvailable();
                return only != null ? only : options -> {};
            } catch (NoUniqueBeanDefinitionException several) {
                throw wrong(
                        "errorPolicy",
                        text,
                        "there are several beans of type EventLogErrorPolicy: "
                                + String.join(",", Objects.requireNonNullElse(several.getBeanNamesFound(), Set.of())),
                        "Name one of them, or mark one as @Primary.",
                        several);
            } catch (NoSuchBeanDefinitionException | BeanNotOfRequiredTypeException missing) {
                throw wrong(
                        "errorPolicy",
                        text,
                        "there is no bean '" + name + "' of type EventLogErrorPolicy",
                        "Declare the bean, or name another one.",
                        missing);
            }
        }
    }
}
