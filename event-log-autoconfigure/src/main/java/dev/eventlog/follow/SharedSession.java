package dev.eventlog.follow;

import dev.eventlog.EventId;
import dev.eventlog.EventLogException;
import dev.eventlog.EventLogUnavailableException;
import dev.eventlog.follow.LogFeed.Question;
import dev.eventlog.follow.LogFeed.Seen;
import dev.eventlog.follow.SharedLogs.Place;
import dev.eventlog.redis.LogStream;
import dev.eventlog.redis.SharedLine;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The reading of a {@link SharedReader} on one line, for as long as the data behind the line is the same, as far as is known. It
 * asks for the events of logs and takes the replies.
 */
final class SharedSession {

    private final SharedReader reader;
    private final SharedLogs logs;
    private final SharedLine line;
    private final boolean begun;
    private final @Nullable Duration away;
    private final LineCheck check; // used by the reader's thread only

    /**
     * Creates a session that has read nothing yet.
     *
     * @param begun whether the data belongs to the run of the server that the line names
     * @param away the duration of the outage before; null if there was none
     */
    SharedSession(
            SharedReader reader,
            SharedLogs logs,
            SharedLine line,
            boolean begun,
            @Nullable Duration away,
            Duration pollTimeout) {
        this.reader = reader;
        this.logs = logs;
        this.line = line;
        this.begun = begun;
        this.away = away;
        this.check = new LineCheck(line, pollTimeout, System.nanoTime());
    }

    SharedLine line() {
        return line;
    }

    /** {@return the duration of the outage before; null if there was none} */
    @Nullable
    Duration away() {
        return away;
    }

    /** Asks for the next events of logs. Called by any thread, which does not wait. */
    void look(List<Place> places) {
        List<SharedLine.Question> asked = new ArrayList<>(places.size());
        for (Place place : places) {
            if (!reader.isOn(this)) { // the session changed after this place was taken
                logs.startOver(place, this);
            } else if (logs.isNewTo(this, place) && !(begun && place.feed.isOf(line.server()))) {
                question(place, LogFeed::begin);
            } else {
                asked.add(asking(place));
            }
        }
        if (!asked.isEmpty()) {
            line.ask(asked);
        }
    }

    private SharedLine.Question asking(Place place) {
        Question question = place.feed.question();
        return new SharedLine.Question(
                question.commands(),
                (List<@Nullable Object> replies) -> reader.onItsThread(() -> {
                    if (reader.isOn(this)) { // otherwise the log is read again
                        answered(place, question, replies);
                    }
                }));
    }

    private void answered(Place place, Question question, List<@Nullable Object> replies) {
        try {
            Seen seen = counted(place, () -> place.feed.answered(question, replies));
            if (seen == Seen.UNCLEAR) {
                question(place, LogFeed::lookAgain);
            } else {
                settle(place, seen);
            }
        } catch (RuntimeException failure) {
            failed(place, failure);
        }
    }

    /** After Redis has reported a change, the log should have grown or begun again. */
    private Seen counted(Place place, Supplier<Seen> look) {
        EventId before = place.feed.window().last().id();
        Seen seen = look.get();
        if (seen != Seen.UNCLEAR && logs.takeTold(place)) { // if unclear, the further question counts instead
            reader.told().look(!place.feed.window().last().id().equals(before));
        }
        return seen;
    }

    /** Asks further questions on one of a few threads. */
    private void question(Place place, BiFunction<LogFeed, SharedLine, Seen> asking) {
        if (!logs.unclear(place, this)) {
            return; // another session reads the log now
        }
        reader.questions().execute(() -> {
            try {
                settle(place, counted(place, () -> asking.apply(place.feed, line)));
                reader.sendNext();
            } catch (RuntimeException failure) {
                reader.onItsThread(() -> failed(place, failure));
            } catch (Error unforeseen) {
                reader.onItsThread(() -> {
                    try {
                        reader.startAgain(this, unforeseen);
                    } finally {
                        logs.read(place, this, true);
                    }
                });
            }
        });
    }

    private void settle(Place place, Seen seen) {
        if (reader.isOn(this)) {
            boolean first = logs.isFirstAnswer(line, place);
            if (first) {
                reader.hasRead(line);
            }
            if (place.feed.isInterrupted()) {
                place.feed.back(first ? away : null);
            }
        }
        if (!reader.isOn(line)) { // lost meanwhile: the feed is read again, and back after that
            place.feed.interrupt();
        }
        logs.read(place, this, seen == Seen.ALL);
    }

    private void failed(Place place, RuntimeException failure) {
        EventLogException why = place.feed.stream().translate("follow", failure);
        if (LogStream.isElsewhere(why) && reader.moved().refuses()) {
            place.feed.interrupt();
            logs.pause(place, this);
            return;
        }
        try {
            if (why instanceof EventLogUnavailableException || LogStream.isLoginRefused(why)) {
                reader.lost(this, failure);
            } else {
                place.feed.refuse(why);
            }
        } finally {
            logs.read(place, this, true);
        }
    }

    /** Checks whether the line still works. The reader's thread calls this from time to time. */
    void check(long now) {
        check.check(now, why -> reader.lost(this, why));
    }
}
