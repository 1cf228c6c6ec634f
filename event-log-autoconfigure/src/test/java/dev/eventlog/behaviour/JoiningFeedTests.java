package dev.eventlog.behaviour;

import static dev.eventlog.test.LogTests.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import dev.eventlog.EventLog;
import dev.eventlog.Tail;
import dev.eventlog.test.Collected;
import dev.eventlog.test.LogTests;
import dev.eventlog.test.ServerTests;
import dev.eventlog.test.Told;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** A new follower receives what its log holds, even if earlier followers of the same feed saw another log. */
@ExtendWith(OutputCaptureExtension.class)
class JoiningFeedTests extends ServerTests {

    private final Collected<Event> before = Collected.events();

    /** Redis loses its newest events and receives others before the feed checks it. */
    @Test
    void followersThatStartWhileTheFeedBacksOffReceiveTheWholeLog(CapturedOutput output) {
        EventLog log = newFactory("eventlog.follow.recovery.delay=4s", "eventlog.follow.recovery.max-delay=4s")
                .create("log");
        closeLater(log.follow(Tail.all(), before));
        List<EventId> ids = new ArrayList<>();
        for (int n = 1; n <= 10; n++) {
            ids.add(EventId.parse(String.valueOf(redis.ask("XADD", "log", "*", "n", Integer.toString(n)))));
        }
        await().until(() -> before.count() == 10);
        proxy.refuse();
        proxy.cut();
        await().until(() -> output.getAll().contains("Following log 'log' is interrupted"));
        redis.kill();
        loseLastAdds(5);
        redis.start();
        add("log", 11, 31);
        proxy.accept();
        assertThat(eventually(log::size)).isEqualTo(25);
        Collected<Event> all = Collected.events();
        Collected<Event> last = Collected.events();
        Collected<Event> resumed = Collected.events();
        closeLater(log.follow(Tail.all(), all));
        closeLater(log.follow(Tail.last(22), last));
        closeLater(log.follow(Tail.after(ids.get(6)), resumed));
        Awaitility.await()
                .atMost(Duration.ofSeconds(20))
                .until(() -> Told.has(all, 30) && Told.has(last, 30) && Told.has(resumed, 30) && Told.has(before, 30));
        add("log", 31, 33);
        await().until(() -> Told.has(all, 32) && Told.has(last, 32) && Told.has(resumed, 32) && Told.has(before, 32));

        Told.to(all).assertIs("1..5, 11..32");
        Told.to(last).assertIs("4..5, 11..32");
        Told.to(before).assertIs("1..10, BEGAN_AGAIN, 11..32").assertMissed(-1);
        Told.to(resumed)
                .assertIs("11..32", "BEGAN_AGAIN, 11..32", "REMOVED, 11..32"); // nobody can tell whether 7 existed
    }

    /** Loses data like a server that is killed before its last writes are on disk. */
    private void loseLastAdds(int count) {
        Path file = redis.writes();
        try {
            String writes = Files.readString(file, StandardCharsets.ISO_8859_1);
            int end = writes.length();
            for (int i = 0; i < count; i++) {
                end = writes.lastIndexOf('*', writes.lastIndexOf("$4\r\nXADD", end - 1));
            }
            try (RandomAccessFile cut = new RandomAccessFile(file.toFile(), "rw")) {
                cut.setLength(end);
            }
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    /** The feed still reads the old log, because its last poll can take five more seconds. */
    @Tag("long")
    @ParameterizedTest
    @ValueSource(ints = {3, 10, 30})
    void followerThatStartsAfterTheLogBeganAgainReceivesOnlyNewEvents(int length) {
        EventLog log = newFactory("eventlog.follow.poll-timeout=5s", "eventlog.follow.window-size=100")
                .create("log");
        add("log", 1, 11);
        closeLater(log.follow(Tail.all(), before));
        await().until(() -> before.count() == 10);
        LogTests.awaitThatAFeedWaits(redis);
        for (int n = 0; n < length; n++) {
            addWithId("new", "5-" + (n + 1), 101 + n);
        }
        redis.ask("RENAME", "new", "log");
        Collected<Event> all = Collected.events();
        closeLater(log.follow(Tail.all(), all));
        await().until(() -> all.caughtUp() == 1);
        addWithId("log", "6-1", 201);
        await().until(() -> Told.has(all, 201));
        await().until(() -> Told.has(before, 201));
        String whole = "101.." + (100 + length) + ", 201";
        Told.to(all).assertIs(whole);
        Told.to(before).assertIs("1..10, BEGAN_AGAIN, " + whole).assertMissed(-1);
    }
}
