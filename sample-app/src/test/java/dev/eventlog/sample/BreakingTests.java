package dev.eventlog.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.eventlog.Tail;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.context.ConfigurableApplicationContext;

/** Breaks things on the page, and sees what it says. Keeps pictures in {@code target/pictures}. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class) // what was broken stays on the page
class BreakingTests {

    @TempDir
    private static Path profile;

    @TempDir
    private static Path data;

    private static Browser browser;
    private static ConfigurableApplicationContext application;

    @BeforeAll
    static void start() {
        browser = new Browser(profile);
        application = RunningSample.startBreakable(
                data,
                "--sample.slow-millis=500",
                "--eventlog.follow.window-size=10",
                "--sample.feeder.interval=150ms",
                "--sample.job.pace=50ms");
        browser.open("http://localhost:" + RunningSample.port(application));
        browser.awaitText("#state", "Live");
    }

    @AfterAll
    static void stop() {
        if (browser != null) {
            browser.close();
        }
        if (application != null) {
            application.close();
        }
    }

    @Test
    @Order(2)
    void outageIsReportedAndEnds() {
        awaitReadings(40);
        browser.click("#start");
        browser.click("[data-account=deposit]");
        browser.awaitText("#balance", "€50");
        browser.await(() -> !"0".equals(percent()));

        browser.click("[data-break=stop]");
        awaitTold("you", "stopped Redis for 5 s");
        synchronized (application.getBean(EmbeddedRedis.class)) { // it starts only after the pictures
            browser.awaitText("#state", "Interrupted");
            awaitTold("live", "interrupted");
            for (String follower : List.of("live", "pattern")) {
                browser.awaitText("[data-follower=" + follower + "] .state", "interrupted");
            }
            pictures("outage");
        }

        browser.awaitText("#state", "Live");
        awaitTold("live", "resumed");
        awaitTold("this page", "resumed after");
        assertThat(browser.script("return points(entriesOf('sensors:seattle'))[1].includes(null)"))
                .as("whether the line breaks")
                .isEqualTo(true);
        browser.awaitText("#job-state", "Complete");
        pictures("after");
        assertThat(browser.texts("#readings tr.gap")).isEmpty();
    }

    @Test
    @Order(1)
    void slowFollowerIsToldHowManyWereTrimmed() {
        browser.await(() -> lag("slow") > 60);

        browser.click("[data-break=trim]");

        Pattern gap = Pattern.compile("gap: missed (\\d+) events? of ");
        browser.await(() -> told("slow").stream().anyMatch(gap.asPredicate()));
        assertThat(told("slow"))
                .as("the slow follower has few events in memory, so it misses the others")
                .anySatisfy(told -> assertThat(gap.matcher(told).results())
                        .singleElement()
                        .satisfies(found ->
                                assertThat(Integer.parseInt(found.group(1))).isGreaterThan(30)));
        assertThat(told("live")).noneSatisfy(told -> assertThat(told).contains("gap"));
    }

    @Test
    @Order(4)
    void foreignEventIsLeftOutAndStopsNobody() {
        browser.click("[data-break=foreign]");

        awaitTold("handler", "skipped an event of sensors:seattle: {temperature=warm}");
        awaitReadings(40);
        for (String follower : List.of("live", "slow", "durable", "pattern")) {
            browser.await(
                    () -> List.of("running", "idle").contains(browser.text("[data-follower=" + follower + "] .state")));
        }
        browser.awaitText("#state", "Live");
        assertThat(told("handler")).hasSize(1);
        assertThat(browser.text("#readings")).doesNotContain("NaN");
    }

    @Test
    @Order(5)
    void everyFollowerLearnsThatALogWasDeletedOrLostEvents() {
        for (String fault : List.of("delete", "lose")) {
            awaitReadings(40);
            long before = toldOf("began again");

            browser.click("[data-break=" + fault + "]");

            browser.await(() -> toldOf("began again") > before);
            awaitTold("live", "began again");
        }
    }

    @Test
    @Order(3)
    void killedRedisLosesNothing() {
        awaitReadings(40);
        int gaps = browser.texts("#readings tr.gap").size();

        long before = toldOf("resumed after");
        browser.click("[data-break=kill]");

        browser.await(() -> toldOf("resumed after") > before);
        browser.awaitText("#state", "Live");
        assertThat(browser.texts("#readings tr.gap")).hasSameSizeAs(new String[gaps]);
    }

    @Test
    void pageOfAnotherSiteCannotBreakAnything() throws Exception {
        HttpSample sample = new HttpSample(RunningSample.port(application));
        assertThat(sample.get("/api/break").body()).isEqualTo("{\"enabled\":true}");
        assertThat(sample.post("/api/break/delete", "").statusCode()).isEqualTo(404);
    }

    private static void awaitReadings(int count) {
        Sensors sensors = application.getBean(Sensors.class);
        await().atMost(Duration.ofSeconds(40))
                .ignoreExceptions()
                .until(() -> sensors.readings("seattle").read(Tail.last(count)).size() >= count);
    }

    private static String percent() {
        return String.valueOf(browser.find("#job").getDomProperty("value"));
    }

    private static int lag(String follower) {
        String lag = browser.text("[data-follower=" + follower + "] .lag").replace(",", "");
        return lag.matches("\\d+") ? Integer.parseInt(lag) : -1;
    }

    private static List<String> told(String who) {
        return browser.texts("#told li[data-who='" + who + "']");
    }

    private static long toldOf(String what) {
        return told("this page").stream().filter(told -> told.contains(what)).count();
    }

    private static void awaitTold(String who, String what) {
        browser.await(() -> told(who).stream().anyMatch(told -> told.contains(what)));
    }

    private static void pictures(String name) {
        for (String scheme : List.of("dark", "light")) {
            browser.scheme(scheme);
            for (int width : List.of(390, 1280)) {
                browser.size(width, 900);
                browser.picture(name + "-" + width + "-" + scheme);
                assertThat(browser.script("return document.documentElement.scrollWidth"))
                        .as("the width of what is shown at " + width)
                        .isEqualTo((long) width);
                assertThat(browser.script("return [...document.querySelectorAll('.card *')]"
                                + ".filter(part => part.getBoundingClientRect().right > part.closest('.card')"
                                + ".getBoundingClientRect().right).map(part => part.outerHTML)"))
                        .as("what is wider than its card at " + width)
                        .isEqualTo(List.of());
            }
        }
    }
}
