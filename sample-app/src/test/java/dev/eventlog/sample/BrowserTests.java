package dev.eventlog.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.eventlog.AddOptions;
import dev.eventlog.EventId;
import dev.eventlog.Tail;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.By;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.WindowType;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.support.ui.WebDriverWait;
import org.springframework.context.ConfigurableApplicationContext;
import redis.embedded.RedisServer;
import redis.embedded.core.PortProvider;

/**
 * Tests the page in a real browser: Chromium with its driver, as a Linux distribution installs them. Skipped without
 * them.
 */
class BrowserTests {

    private final RedisServer redis = newRedis();

    @TempDir
    private Path profile;

    private ChromeDriver browser;
    private ConfigurableApplicationContext application;

    @BeforeEach
    void startAll() throws IOException {
        File chromium = installed("chromium", "chromium-browser", "google-chrome");
        File driver = installed("chromedriver");
        assumeTrue(
                chromium.exists() && driver.exists(),
                "Skipped: there is no Chromium with its driver on the PATH (Debian: apt-get install chromium chromium-driver)");
        redis.start();
        application = RunningSample.start(redis, 0);
        ChromeOptions options = new ChromeOptions();
        options.setBinary(chromium);
        options.addArguments(
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--window-size=1280,1000",
                "--user-data-dir=" + profile);
        // With an explicit path, Selenium neither searches for a driver nor downloads one.
        browser = new ChromeDriver(
                new ChromeDriverService.Builder().usingDriverExecutable(driver).build(), options);
    }

    @AfterEach
    void stopAll() throws IOException {
        if (browser != null) {
            browser.quit();
        }
        if (application != null) {
            application.close();
        }
        redis.stop();
    }

    @Test
    void everyTabShowsEachReadingOnceAcrossARestartOfTheServerAndAReload() {
        int port = RunningSample.port(application);
        String page = "http://localhost:" + port + "/#garden";
        browser.get(page);
        String first = browser.getWindowHandle();
        browser.switchTo().newWindow(WindowType.TAB);
        browser.get(page);
        String second = browser.getWindowHandle();
        awaitLive(first);
        awaitLive(second);

        addByHand("19.8");
        awaitWholeLog(first, 1);
        awaitWholeLog(second, 1);
        assertThat(browser.findElement(By.cssSelector("#readings td:nth-child(3)"))
                        .getText())
                .startsWith("19.8");
        assertThat(browser.findElement(By.id("last-id")).getText()).isEqualTo(log().get(0));

        // Another instance continues to add while this one is down.
        try (ConfigurableApplicationContext other = RunningSample.start(redis, 0)) {
            application.close();
            for (int i = 0; i < 5; i++) {
                other.getBean(Sensors.class).add("garden", new Reading(20.0 + i, null), AddOptions.none());
            }
        }
        application = RunningSample.start(redis, port);
        awaitWholeLog(first, 6);
        awaitWholeLog(second, 6);
        awaitLive(first);
        awaitLive(second);
        addByHand("21.5");
        awaitWholeLog(first, 7);
        awaitWholeLog(second, 7);

        browser.switchTo().window(second);
        browser.navigate().refresh();
        awaitLive(second);
        assertThat(browser.executeScript("return source.url")).asString().endsWith("?lastEventId=" + log().get(6));
        awaitWholeLog(second, 7);
        addByHand("22.5");
        awaitWholeLog(first, 8);
        awaitWholeLog(second, 8);
    }

    @Test
    void everyTabShowsWhatAModelAnswersAcrossAReloadUntilItIsStoppedOrComplete() {
        for (int i = 0; i < 40; i++) { // for the pictures
            application
                    .getBean(Sensors.class)
                    .add("garden", new Reading(15 + 4 * Math.sin(i / 6.0), null), AddOptions.none());
        }
        String page = "http://localhost:" + RunningSample.port(application) + "/#garden";
        browser.get(page);
        String first = browser.getWindowHandle();
        awaitLive(first);
        browser.switchTo().newWindow(WindowType.TAB);
        browser.get(page);
        String second = browser.getWindowHandle();
        awaitLive(second);

        browser.findElement(By.id("ask")).click();
        awaitAnswer(first, "going", 120);
        picture("streaming");
        String before = answer();
        browser.navigate().refresh();
        awaitAnswer(first, "going", before.length() + 1);
        assertThat(answer()).startsWith(before);
        picture("reloaded");

        browser.findElement(By.id("ask")).click();
        awaitAnswer(first, "CANCELLED", 1);
        picture("stopped");
        String stopped = answer();
        awaitAnswer(second, "CANCELLED", stopped.length());
        assertThat(answer()).isEqualTo(stopped);
        assertThat(browser.findElement(By.id("answer-state")).getText()).isEqualTo("Stopped: stopped by a reader.");

        browser.findElement(By.id("ask")).click();
        awaitAnswer(second, "DONE", 1);
        awaitAnswer(first, "DONE", 1);
        picture("completed");
        assertThat(answer()).startsWith("An event log is a list").endsWith("and says so.");
    }

    @Test
    void saysThatTheServerDiedThatRecorded() throws Exception {
        int port = PortProvider.newEphemeralPortProvider().get();
        Process server = RunningSample.startInAnotherJvm(redis, port);
        try {
            await().atMost(Duration.ofSeconds(60)).until(() -> answers(port));
            browser.get("http://localhost:" + port + "/#garden");
            String tab = browser.getWindowHandle();
            awaitLive(tab);
            browser.findElement(By.id("ask")).click();
            awaitAnswer(tab, "going", 50);
            String before = answer();

            server.destroyForcibly().waitFor();
            application.close();
            application = RunningSample.start(redis, port);

            awaitAnswer(tab, "FAILED", before.length());
            assertThat(answer()).startsWith(before).doesNotEndWith("and says so.");
            assertThat(browser.findElement(By.id("answer-state")).getText())
                    .isEqualTo("Ended in mid-sentence: producer lost.");
            picture("lost");
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

    private void awaitAnswer(String tab, String state, int length) {
        browser.switchTo().window(tab);
        new WebDriverWait(browser, Duration.ofSeconds(40))
                .until(driver ->
                        state.equals(driver.findElement(By.id("answer-state")).getDomAttribute("data-state"))
                                && answer().length() >= length);
    }

    private String answer() {
        return String.valueOf(browser.executeScript("return document.getElementById('answer').textContent"))
                .strip();
    }

    /** Takes a picture for the documentation, into the folder of {@code -Dsample.pictures}. */
    private void picture(String name) {
        String folder = System.getProperty("sample.pictures");
        if (folder != null) {
            try {
                Files.write(
                        Path.of(folder, "sample-answer-" + name + ".png"), browser.getScreenshotAs(OutputType.BYTES));
            } catch (IOException ex) {
                throw new UncheckedIOException(ex);
            }
        }
    }

    @Test
    void saysThatRedisIsAwayAndGoesOnWhenItIsBack() throws IOException {
        browser.get("http://localhost:" + RunningSample.port(application) + "/#garden");
        String tab = browser.getWindowHandle();
        awaitLive(tab);

        redis.stop();
        new WebDriverWait(browser, Duration.ofSeconds(20))
                .until(driver -> driver.findElement(By.id("state")).getText().startsWith("The log cannot be read"));
        redis.start();
        awaitLive(tab);
        addByHand("19.8");
        awaitWholeLog(tab, 1);
    }

    @Test
    void saysWhatIsWrongWithAReading() {
        browser.get("http://localhost:" + RunningSample.port(application) + "/#garden");
        awaitLive(browser.getWindowHandle());

        addByHand("2000");

        new WebDriverWait(browser, Duration.ofSeconds(10))
                .until(driver ->
                        driver.findElement(By.id("add-message")).getText().startsWith("temperature"));
        assertThat(browser.findElement(By.id("add-temperature")).getDomAttribute("aria-invalid"))
                .isEqualTo("true");
        assertThat(log()).isEmpty();
    }

    private void addByHand(String temperature) {
        WebElement input = browser.findElement(By.id("add-temperature"));
        input.clear();
        input.sendKeys(temperature);
        browser.findElement(By.cssSelector("#add button")).click();
    }

    private void awaitLive(String tab) {
        browser.switchTo().window(tab);
        new WebDriverWait(browser, Duration.ofSeconds(20))
                .until(driver -> driver.findElement(By.id("state")).getText().equals("Live"));
    }

    /** Waits until the tab shows exactly the log: no reading is repeated, missing, or out of order. */
    private void awaitWholeLog(String tab, int size) {
        browser.switchTo().window(tab);
        new WebDriverWait(browser, Duration.ofSeconds(20)).until(driver -> shown().size() >= size);
        assertThat(shown())
                .hasSize(size)
                .isEqualTo(log())
                .isSortedAccordingTo((a, b) -> EventId.parse(a).compareTo(EventId.parse(b)));
        assertThat(browser.findElements(By.cssSelector("#readings tr.gap"))).isEmpty();
    }

    /** Returns the ids in the table, oldest first. */
    @SuppressWarnings("unchecked")
    private List<String> shown() {
        List<String> ids = new ArrayList<>((List<String>) browser.executeScript(
                "return [...document.querySelectorAll('#readings tr[data-id]')].map(row => row.dataset.id)"));
        Collections.reverse(ids);
        return ids;
    }

    private List<String> log() {
        return application.getBean(Sensors.class).readings("garden").read(Tail.all()).stream()
                .map(event -> event.id().toString())
                .toList();
    }

    private static File installed(String... names) {
        return Stream.of(System.getenv("PATH").split(File.pathSeparator))
                .flatMap(folder -> Stream.of(names).map(name -> Path.of(folder, name)))
                .filter(Files::isExecutable)
                .findFirst()
                .orElse(Path.of(names[0]))
                .toFile();
    }

    private static RedisServer newRedis() {
        try {
            return RunningSample.newRedis();
        } catch (IOException ex) {
            throw new IllegalStateException(ex);
        }
    }
}
