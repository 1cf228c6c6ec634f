package dev.eventlog.sample;

import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.AddOptions;
import dev.eventlog.EventId;
import dev.eventlog.Tail;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.openqa.selenium.Keys;
import org.openqa.selenium.WebElement;
import org.springframework.context.ConfigurableApplicationContext;

/** Tests the page in a real browser. */
class BrowserTests extends PageTest {

    @Test
    void everyTabShowsEachReadingOnceAcrossARestartOfTheServerAndAReload() {
        int port = RunningSample.port(application);
        browser.open(page());
        String first = browser.tab();
        awaitLive(first);
        addByHand("19.8");
        awaitWholeLog(first, 1);
        String second = browser.openTab(page());
        awaitLive(second);
        awaitWholeLog(second, 1);
        assertThat(browser.text("#readings td:nth-child(2)")).startsWith("19.8");
        assertThat(browser.text("#last-id")).isEqualTo(log().get(0));

        // Another instance continues to add while this one is down.
        try (ConfigurableApplicationContext other = RunningSample.start(redis, 0)) {
            application.close();
            for (int i = 0; i < 5; i++) {
                other.getBean(Sensors.class).add("garden", new Reading(20.0 + i, null), AddOptions.none());
            }
        }
        application = RunningSample.start(redis, port);
        awaitWholeLog(second, 6);
        awaitWholeLog(first, 6);
        awaitLive(first);
        addByHand("21.5");
        awaitWholeLog(first, 7);
        awaitWholeLog(second, 7);

        awaitLive(second);
        browser.reload();
        awaitLive(second);
        assertThat(browser.script("return source.url")).asString().contains("?lastEventId=");
        awaitWholeLog(second, 7);
        addByHand("22.5");
        awaitWholeLog(second, 8);
        browser.script("window.close()");
        awaitWholeLog(first, 8);
    }

    @Test
    void pageReportsAnOutageAndContinuesAfterIt() throws IOException {
        browser.open(page());
        String tab = browser.tab();
        awaitLive(tab);

        addByHand("19.8");
        awaitWholeLog(tab, 1);

        redis.stop();
        browser.awaitText("#state", "Interrupted: Redis cannot be reached");
        addByHand("20.1");
        browser.awaitText("#add-message", "Redis ");
        browser.click("#start");
        browser.awaitText("#job-state", "Redis ");
        redis.start();
        awaitLive(tab);
        browser.await(() -> browser.text("#add-message").isEmpty());
        browser.awaitText("#job-state", "Press Start");
        addByHand("20.1");
        browser.awaitText("#readings tr[data-id] td:nth-child(2)", "20.1");
        assertThat(browser.texts("#readings tr[data-id]")) // this Redis kept nothing
                .singleElement()
                .asString()
                .contains("20.1");
        assertThat(browser.texts("#readings tr.gap")) // none if the page heard before that the log is gone
                .hasSizeLessThanOrEqualTo(1)
                .allSatisfy(gap -> assertThat(gap).contains("began again"));
    }

    @Test
    void formReportsAnInvalidReading() {
        browser.open(page());
        awaitLive(browser.tab());

        addByHand("2000");
        browser.awaitText("#add-message", "temperature");
        assertThat(browser.find("#add-temperature").getDomAttribute("aria-invalid"))
                .isEqualTo("true");

        browser.script("document.getElementById('add-sensor').value = 'x'.repeat(5000)");
        addByHand("20");
        browser.awaitText("#add-message", "The name of a sensor has 1 to 40");
        assertThat(browser.find("#add-sensor").getDomAttribute("aria-invalid")).isEqualTo("true");
        assertThat(log()).isEmpty();
    }

    @Test
    void invalidSensorInTheAddressIsReportedAndThePageStaysLive() {
        browser.open(page().replace("garden", "bad name!"));
        awaitLive(browser.tab());

        assertThat(browser.text("#no-sensor")).startsWith("There is no such sensor.");
    }

    @Tag("long")
    @Test
    void deletedSensorDisappearsEvenIfThePageWasDisconnected() {
        Sensors sensors = application.getBean(Sensors.class);
        for (String sensor : List.of("attic", "cellar")) {
            sensors.add(sensor, new Reading(12.0, null), AddOptions.none());
        }
        browser.open(page());
        browser.await(() -> browser.texts("#sensors a").equals(List.of("attic", "cellar", "garden")));

        sensors.readings("attic").delete();
        browser.await(() -> browser.texts("#sensors a").equals(List.of("cellar", "garden")));

        awaitLive(browser.tab());
        String page = page();
        browser.open("about:blank");
        sensors.readings("cellar").delete();
        browser.open(page);
        browser.await(() -> browser.texts("#sensors a").equals(List.of("garden")));
    }

    @Tag("long")
    @Test
    void tableScrollsBackThroughAllReadings() {
        List<Reading> many = new ArrayList<>();
        for (int i = 0; i < 260; i++) {
            many.add(new Reading(15 + 4 * Math.sin(i / 6.0), null));
        }
        application.getBean(Sensors.class).addAll("garden", many, AddOptions.none());
        browser.open(page());
        awaitLive(browser.tab());
        browser.await(() -> shown().size() == 120);

        browser.await(() -> {
            browser.script("const all = document.getElementById('history'); all.scrollTop = all.scrollHeight");
            return shown().size() == 260;
        });
        assertThat(shown()).isEqualTo(log());
        assertThat(browser.find("#older").isDisplayed()).isFalse();
    }

    @Tag("long")
    @Test
    void accountReportsTheWinnerOfAConflict() {
        browser.open(page());
        awaitLive(browser.tab());

        browser.click("[data-account=deposit]");
        browser.awaitText("#balance", "€50");
        browser.click("[data-account=conflict]");
        browser.awaitText("#account-message", "Both expected ");
        assertThat(browser.text("#account-message")).contains(" was first. ", " got 409: Nothing was added");
        browser.awaitText("#balance", "€60");
        for (int balance : List.of(30, 0)) {
            browser.click("[data-account=pay]");
            browser.awaitText("#balance", "€" + balance);
        }
        browser.click("[data-account=pay]");
        browser.awaitText("#account-message", "Not paid");
    }

    @Tag("long")
    @Test
    void keyboardReachesEachControlAndPressesIt() {
        browser.open(page());
        awaitLive(browser.tab());

        Set<Object> reached = new LinkedHashSet<>();
        browser.press(Keys.TAB);
        while (Boolean.TRUE.equals(browser.script("return document.activeElement !== document.body"))) {
            Object control = browser.script("const { id, dataset, textContent } = document.activeElement;"
                    + "return id || dataset.account || textContent.trim()");
            assertThat(browser.script("return getComputedStyle(document.activeElement).outlineStyle"))
                    .as("the focus on %s is visible", control)
                    .isNotEqualTo("none");
            reached.add(control);
            browser.press(Keys.TAB);
        }
        assertThat(reached).contains("Endpoint", "start", "ask", "deposit", "history", "add-sensor", "add-temperature");

        browser.script("document.getElementById('start').focus()");
        browser.press(Keys.ENTER);
        browser.awaitText("#job-state", "Running");
    }

    /** A browser opens at most six connections to a server, for all tabs together. */
    @Tag("long")
    @Test
    void seventhTabIsLiveAndTheFirstContinues() {
        browser.open(page());
        String first = browser.tab();
        awaitLive(first);
        for (int i = 2; i <= 7; i++) {
            awaitLive(browser.openTab(page()));
        }
        addByHand("19.8");
        awaitWholeLog(browser.tab(), 1);
        awaitWholeLog(first, 1);
        awaitLive(first);
    }

    @Test
    void eachPanelShowsItsCode() {
        browser.open(page());
        browser.script("document.querySelectorAll('details').forEach(details => details.open = true)");

        browser.await(() -> browser.texts("pre").size() == 12);
        assertThat(browser.texts("pre"))
                .allSatisfy(code -> assertThat(code).isNotBlank().doesNotContain("// tag", "// end"))
                .anySatisfy(code -> assertThat(code).startsWith("@EventLogListener(logs = \"sensors:seattle\""));
    }

    private static void addByHand(String temperature) {
        WebElement input = browser.find("#add-temperature");
        input.clear();
        input.sendKeys(temperature);
        browser.click("#add button");
    }

    /** Waits until the tab shows exactly the log: no reading is repeated, missing, or out of order. */
    private void awaitWholeLog(String tab, int size) {
        browser.show(tab);
        browser.await(() -> shown().size() >= size);
        assertThat(shown())
                .hasSize(size)
                .isEqualTo(log())
                .isSortedAccordingTo((a, b) -> EventId.parse(a).compareTo(EventId.parse(b)));
        assertThat(browser.texts("#readings tr.gap")).isEmpty();
    }

    /** Returns the ids in the table, oldest first. */
    @SuppressWarnings("unchecked")
    private static List<String> shown() {
        List<String> ids = new ArrayList<>((List<String>) Objects.requireNonNull(browser.script(
                "return [...document.querySelectorAll('#readings tr[data-id]')].map(row => row.dataset.id)")));
        Collections.reverse(ids);
        return ids;
    }

    private List<String> log() {
        return application.getBean(Sensors.class).readings("garden").read(Tail.all()).stream()
                .map(event -> event.id().toString())
                .toList();
    }
}
