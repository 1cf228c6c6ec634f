package dev.eventlog.follow;

import java.time.Duration;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import org.apache.commons.logging.Log;
import org.jspecify.annotations.Nullable;

/**
 * Logs the outages of many parts together, because they usually have one cause: once with the number of parts, not once for each
 * part. Parts that fail within a second are one message. While it lasts, further parts are reported once a minute. The end is
 * logged when all parts continue. Thread-safe.
 */
public final class CommonOutage {

    private static final Duration GATHERING = Duration.ofSeconds(1);
    private static final Duration GATHERING_MORE = Duration.ofMinutes(1);

    private final Log logger;
    private final IntFunction<String> many;
    private final String fails;
    private final String continues;

    // Guarded by this. Two sets are weak, because nobody says that a part was closed, and a part keeps its follower.
    private final Set<Part> failing = Collections.newSetFromMap(new WeakHashMap<>());
    private final Set<Part> untold = new LinkedHashSet<>();
    private final Set<Part> told = Collections.newSetFromMap(new WeakHashMap<>());
    private String reason = "";
    private long since;
    private @Nullable CompletableFuture<Void> timer;

    /**
     * Creates an outage that has not begun.
     *
     * @param logger logs the outage
     * @param many the subject of a message about a number of parts, such as "Following 3 logs"
     * @param fails the predicate at the beginning, such as "is interrupted"
     * @param continues the predicate at the end, such as "continues"
     */
    public CommonOutage(Log logger, IntFunction<String> many, String fails, String continues) {
        this.logger = logger;
        this.many = many;
        this.fails = fails;
        this.continues = continues;
    }

    /** One of the parts. */
    public final class Part {

        private final Supplier<String> subject;
        private final BooleanSupplier exists;

        private Part(Supplier<String> subject, BooleanSupplier exists) {
            this.subject = subject;
            this.exists = exists;
        }

        Log logger() {
            return logger;
        }

        boolean exists() {
            return exists.getAsBoolean();
        }

        void fails(String why) {
            failed(this, why);
        }

        void continues() {
            over(this);
        }
    }

    /**
     * {@return a part that works}
     *
     * @param subject the subject of a message about this part alone
     * @param exists whether the part has not been closed; nothing is logged about closed parts
     */
    public Part part(Supplier<String> subject, BooleanSupplier exists) {
        return new Part(subject, exists);
    }

    private synchronized void failed(Part part, String why) {
        if (failing.stream().noneMatch(Part::exists)) {
            failing.clear();
            untold.clear();
            told.clear();
            since = System.nanoTime();
        }
        boolean anew = failing.add(part);
        if (!anew && told.contains(part)) {
            return;
        }
        if (untold.isEmpty()) {
            reason = why;
            gather(told.isEmpty() ? GATHERING : GATHERING_MORE);
        }
        untold.add(part);
    }

    private void gather(Duration time) {
        CompletableFuture<Void> next =
                new CompletableFuture<Void>().completeOnTimeout(null, time.toMillis(), TimeUnit.MILLISECONDS);
        timer = next;
        CompletableFuture<Void> unused = next.thenRunAsync(this::tellInTime);
    }

    private synchronized void tellInTime() {
        untold.retainAll(failing); // the others work again
        tell();
    }

    private synchronized void tell() {
        if (timer != null) {
            timer.cancel(false);
        }
        for (Collection<Part> parts : List.of(failing, untold, told)) {
            parts.removeIf(part -> !part.exists());
        }
        if (!untold.isEmpty()) {
            logger.warn(subject(untold) + " " + fails + ": " + reason);
            told.addAll(untold);
            untold.clear();
        }
    }

    private String subject(Collection<Part> parts) {
        return parts.size() == 1 ? parts.iterator().next().subject.get() : many.apply(parts.size());
    }

    private synchronized void over(Part part) {
        failing.remove(part);
        if (failing.stream().noneMatch(Part::exists)) {
            tell();
            if (!told.isEmpty()) {
                logger.info(subject(told) + " " + continues + " after "
                        + TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - since) + " ms");
            }
            told.clear();
        }
    }
}
