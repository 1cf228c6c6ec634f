package dev.eventlog.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import redis.embedded.core.PortProvider;

/** Tests in a real browser how the page shows the answer of a model. */
class AnswerBrowserTests extends PageTest {

    @Tag("long")
    @Test
    void everyTabShowsTheAnswerUntilItIsStoppedOrComplete() {
        browser.open(page());
        String tab = browser.tab();
        awaitLive(tab);

        browser.click("#ask");
        awaitAnswer("going", 120);
        browser.picture("answer-streaming", ".answer");
        String before = answer();
        browser.reload();
        awaitAnswer("going", before.length() + 1);
        assertThat(answer()).startsWith(before);
        browser.picture("answer-reloaded", ".answer");

        browser.click("#ask");
        awaitAnswer("CANCELLED", 1);
        browser.picture("answer-stopped", ".answer");
        String stopped = answer();
        browser.openTab(page());
        awaitAnswer("CANCELLED", stopped.length());
        assertThat(answer()).isEqualTo(stopped);
        assertThat(browser.text("#answer-state")).isEqualTo("Stopped: stopped by a reader.");

        browser.click("#ask");
        awaitAnswer("DONE", 1);
        browser.picture("answer-completed", ".answer");
        assertThat(answer()).startsWith("An event log is a list").endsWith("and says so.");
        browser.script("window.close()");
        browser.show(tab);
        awaitAnswer("DONE", 1);
    }

    @Test
    void answerEndsWithAReasonIfItsServerDied() throws Exception {
        int port = PortProvider.newEphemeralPortProvider().get();
        Process server = RunningSample.startInAnotherJvm(redis, port);
        try {
            await().atMost(Duration.ofSeconds(60)).until(() -> answers(port));
            browser.open("http://localhost:" + port + "/#garden");
            awaitLive(browser.tab());
            browser.click("#ask");
            awaitAnswer("going", 50);
            String before = answer();

            server.destroyForcibly().waitFor();
            browser.awaitText("#state", "Connection lost");
            application.close();
            application = RunningSample.start(redis, port, "--eventlog.record.lease=2s");

            awaitAnswer("FAILED", before.length());
            assertThat(answer()).startsWith(before).doesNotEndWith("and says so.");
            assertThat(browser.text("#answer-state")).isEqualTo("Ended in mid-sentence: producer lost.");
            browser.picture("answer-lost", ".answer");
        } finally {
            server.destroyForcibly();
        }
    }

    private static boolean answers(int port) {
        try {
            return new HttpSample(port).get("/").statusCode() == 200;
        } catch (IOException notYet) {
            return false;
        } catch (InterruptedException ex) {
            throw new IllegalStateException(ex);
        }
    }

    private static void awaitAnswer(String state, int length) {
        browser.await(() -> state.equals(browser.find("#answer-state").getDomAttribute("data-state"))
                && answer().length() >= length);
    }

    private static String answer() {
        return browser.text("#answer");
    }
}
