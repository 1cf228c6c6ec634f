package dev.eventlog.follow;

import dev.eventlog.follow.SharedState.Signal;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The logs that are read on a shared line, and the order in which they are read: in turn, and a limited number at once.
 * Thread-safe; sends nothing to Redis.
 */
final class SharedLogs {

    /** A log with its feed. A key has two of them for a while after its log has begun again. */
    static class Place {
        final LogFeed feed;
        private SharedState state = SharedState.QUEUED;
        private @Nullable Object reader; // reads it, or was the last to do so
        private boolean isNew = true; // to this reader
        private @Nullable Object answeredBy;
        private boolean told;
        private byte weight = 1; // of the current read
        private @Nullable Place next; // the next log of the same key

        Place(LogFeed feed) {
            this.feed = feed;
        }

        private String key() {
            return feed.stream().key();
        }
    }

    /** A log with large events counts as this many logs, because all answers together must fit into memory. */
    private static final byte LARGE = 16;

    private final int mostAtOnce;
    private final Map<String, Place> byKey = new HashMap<>();
    private final Deque<Place> queue = new ArrayDeque<>();
    private final Deque<Place> paused = new ArrayDeque<>();
    private int size;
    private int busy; // the sum of the weights

    SharedLogs(int mostAtOnce) {
        this.mostAtOnce = mostAtOnce;
    }

    /** Adds a log to be read. */
    synchronized void add(Place place) {
        place.next = byKey.put(place.key(), place);
        size++;
        queue.addLast(place);
    }

    /** {@return the number of remaining logs} */
    synchronized int remove(Place place) {
        if (place.state == SharedState.GONE) {
            return size;
        }
        on(place, Signal.LEFT);
        size--;
        Place first = byKey.get(place.key());
        if (first == place && place.next == null) {
            byKey.remove(place.key());
        } else if (first == place) {
            byKey.put(place.key(), place.next);
        } else {
            for (Place each = first; each != null; each = each.next) {
                each.next = each.next == place ? place.next : each.next;
            }
        }
        return size;
    }

    synchronized boolean isEmpty() {
        return size == 0;
    }

    /** {@return all current feeds} */
    synchronized List<LogFeed> feeds() {
        List<LogFeed> feeds = new ArrayList<>(size);
        forEach(place -> feeds.add(place.feed));
        return feeds;
    }

    /** {@return all feeds, which are no longer read here} */
    synchronized List<LogFeed> takeAll() {
        List<LogFeed> feeds = feeds();
        forEach(place -> on(place, Signal.LEFT));
        byKey.clear();
        queue.clear();
        paused.clear();
        size = 0;
        return feeds;
    }

    /** {@return the feeds that match and are not being read, which are no longer read here} */
    synchronized List<LogFeed> takeIf(Predicate<LogFeed> told, int most) {
        List<Place> taken = new ArrayList<>();
        forEach(place -> {
            if (taken.size() < most && !place.state.isBusy() && told.test(place.feed)) {
                taken.add(place);
            }
        });
        taken.forEach(this::remove);
        return taken.stream().map(place -> place.feed).toList();
    }

    synchronized int size() {
        return size;
    }

    /** A key has changed: its current read is outdated. */
    synchronized void changed(String key) {
        for (Place place = byKey.get(key); place != null; place = place.next) {
            place.told = true;
            on(place, Signal.CHANGED);
        }
    }

    /** A log has changed, as something other than a report of Redis shows. */
    synchronized void outdated(Place place) {
        on(place, Signal.CHANGED);
    }

    /** {@return whether Redis has reported a change since the last call} */
    synchronized boolean takeTold(Place place) {
        boolean was = place.told;
        place.told = false;
        return was;
    }

    /** All logs must be read again. */
    synchronized void allChanged() {
        forEach(place -> on(place, Signal.CHANGED));
    }

    /** Reads every log again from its first question. */
    synchronized void startOver() {
        forEach(place -> on(place, Signal.ANEW));
    }

    /** Reads one log again from its first question, unless another reader has it now. */
    synchronized void startOver(Place place, Object reader) {
        if (place.reader == reader) {
            on(place, Signal.ANEW);
        }
    }

    /** The line was lost, perhaps because of the answer to a current question. */
    synchronized void interrupt() {
        try {
            forEach(place -> {
                if (place.state.isBusy()) {
                    place.feed.pageFailed();
                }
                place.feed.interrupt();
            });
        } finally {
            startOver();
        }
    }

    /**
     * Returns the next logs to read.
     *
     * @param reader reads them; what another reader says of them later is ignored
     * @return the logs; none if no log waits, or if enough logs are being read
     */
    synchronized List<Place> next(Object reader, int most) {
        if (queue.isEmpty()) {
            return List.of();
        }
        List<Place> next = new ArrayList<>();
        while (busy < mostAtOnce && next.size() < most) {
            Place place = queue.pollFirst();
            if (place == null) {
                break;
            }
            if (place.state == SharedState.QUEUED) {
                place.weight = place.feed.hasSmallEvents() ? 1 : LARGE;
                on(place, Signal.SENT);
                place.isNew |= place.reader != reader;
                place.reader = reader;
                next.add(place);
            }
        }
        return next;
    }

    /** {@return whether this reader looks at the log for the first time} */
    synchronized boolean isNewTo(Object reader, Place place) {
        boolean isNew = place.reader == reader && place.isNew;
        place.isNew &= !isNew;
        return isNew;
    }

    /** {@return whether the log is answered for the first time on a line} */
    synchronized boolean isFirstAnswer(Object line, Place place) {
        boolean first = place.answeredBy != line;
        place.answeredBy = line;
        return first;
    }

    /**
     * A thread must ask further questions.
     *
     * @return false if this reader no longer reads the log
     */
    synchronized boolean unclear(Place place, Object reader) {
        boolean isReading = place.reader == reader && place.state.isReading();
        if (isReading) {
            on(place, Signal.UNCLEAR);
        } else {
            place.isNew |= place.reader == reader; // the first question was not asked
        }
        return isReading;
    }

    /** Another server may have the log, so it must be read later. */
    synchronized void pause(Place place, Object reader) {
        if (place.reader == reader && place.state.isBusy()) {
            on(place, Signal.ELSEWHERE);
            paused.addLast(place);
        }
    }

    /**
     * Ends the pause of the logs that have paused longest.
     *
     * @param most the maximum number of logs
     * @param moved whether another server has the log of a feed now
     * @return the feeds that have moved, which are no longer read here
     */
    synchronized List<LogFeed> resume(int most, Predicate<LogFeed> moved) {
        List<LogFeed> elsewhere = new ArrayList<>();
        for (int i = Math.min(most, paused.size()); i > 0; i--) {
            Place place = paused.removeFirst();
            if (place.state == SharedState.PAUSED && moved.test(place.feed)) {
                remove(place);
                elsewhere.add(place.feed);
            } else if (place.state == SharedState.PAUSED) {
                on(place, Signal.ANEW);
            }
        }
        return elsewhere;
    }

    /**
     * A log has been read: Redis will report its next change. Ignored if another reader has the log now.
     *
     * @param all whether all events were read
     */
    synchronized void read(Place place, Object reader, boolean all) {
        if (place.reader == reader) {
            on(place, all ? Signal.ALL : Signal.PART);
        }
    }

    private void on(Place place, Signal signal) {
        SharedState before = place.state;
        SharedState after = before.on(signal);
        place.state = after;
        busy += (after.isBusy() ? place.weight : 0) - (before.isBusy() ? place.weight : 0);
        if (after == SharedState.QUEUED && before != SharedState.QUEUED) {
            queue.addLast(place);
        }
    }

    private void forEach(Consumer<Place> action) {
        for (Place first : byKey.values()) {
            for (Place place = first; place != null; place = place.next) {
                action.accept(place);
            }
        }
    }
}
