package dev.eventlog.sample;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.openqa.selenium.By;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.WindowType;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.interactions.Actions;
import org.openqa.selenium.support.ui.WebDriverWait;

/** Chromium with its driver, as a Linux distribution installs them. Tests that need it are skipped without it. */
final class Browser implements AutoCloseable {

    private static final Path PICTURES = Path.of("target", "pictures");

    private final ChromeDriver driver;

    Browser(Path profile) {
        File chromium = installed("chromium", "chromium-browser", "google-chrome");
        File program = installed("chromedriver");
        assumeTrue(
                chromium.exists() && program.exists(),
                "Skipped: there is no Chromium with its driver on the PATH (Debian: apt-get install chromium chromium-driver)");
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
                "--hide-scrollbars",
                "--lang=en-US",
                "--window-size=1280,1000",
                "--user-data-dir=" + profile);
        // With an explicit path, Selenium neither searches for a driver nor downloads one.
        driver = new ChromeDriver(
                new ChromeDriverService.Builder().usingDriverExecutable(program).build(), options);
    }

    private static File installed(String... names) {
        return Stream.of(System.getenv("PATH").split(File.pathSeparator))
                .flatMap(folder -> Stream.of(names).map(name -> Path.of(folder, name)))
                .filter(Files::isExecutable)
                .findFirst()
                .orElse(Path.of(names[0]))
                .toFile();
    }

    void open(String address) {
        driver.get(address);
    }

    /** Opens another tab. {@return the tab} */
    String openTab(String address) {
        driver.switchTo().newWindow(WindowType.TAB);
        driver.get(address);
        return tab();
    }

    String tab() {
        return driver.getWindowHandle();
    }

    /** Shows a tab to the user, and hides the others. */
    void show(String tab) {
        driver.switchTo().window(tab);
        driver.executeCdpCommand("Page.bringToFront", Map.of());
    }

    void reload() {
        driver.navigate().refresh();
    }

    WebElement find(String selector) {
        return driver.findElement(By.cssSelector(selector));
    }

    void click(String selector) {
        script("document.querySelector(arguments[0]).click()", selector); // wherever the page is scrolled
    }

    /** Presses a key, on whatever has the focus. */
    void press(CharSequence key) {
        new Actions(driver).sendKeys(key).perform();
    }

    String text(String selector) {
        return String.valueOf(script("return document.querySelector(arguments[0])?.textContent ?? ''", selector))
                .strip();
    }

    @SuppressWarnings("unchecked")
    List<String> texts(String selector) {
        return (List<String>) Objects.requireNonNull(script(
                "return [...document.querySelectorAll(arguments[0])].map(element => element.textContent)", selector));
    }

    @Nullable
    Object script(String script, Object... arguments) {
        return driver.executeScript(script, arguments);
    }

    void await(BooleanSupplier condition) {
        new WebDriverWait(driver, Duration.ofSeconds(40)).until(any -> condition.getAsBoolean());
    }

    void awaitText(String selector, String start) {
        new WebDriverWait(driver, Duration.ofSeconds(40))
                .withMessage(() -> selector + " should begin with '" + start + "', but is '" + text(selector) + "'")
                .until(any -> text(selector).startsWith(start));
    }

    void size(int width, int height) {
        size(width, height, 1);
    }

    void size(int width, int height, double scale) {
        driver.executeCdpCommand(
                "Emulation.setDeviceMetricsOverride",
                Map.of("width", width, "height", height, "deviceScaleFactor", scale, "mobile", false));
    }

    void scheme(String scheme) {
        driver.executeCdpCommand(
                "Emulation.setEmulatedMedia",
                Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", scheme))));
    }

    /** Keeps a picture of the whole page in {@code target/pictures}. */
    void picture(String name) {
        picture(name, "html");
    }

    /** Keeps a picture of a part of the page, also of what one has to scroll to. */
    void picture(String name, String selector) {
        Object clip = script(
                "const { x, y, width, height } = document.querySelector(arguments[0]).getBoundingClientRect();"
                        + "return { x: x + scrollX, y: y + scrollY, width, height, scale: 1 };",
                selector);
        Object data = driver.executeCdpCommand(
                        "Page.captureScreenshot", Map.of("format", "png", "captureBeyondViewport", true, "clip", clip))
                .get("data");
        keep(name, Base64.getDecoder().decode(String.valueOf(data)));
    }

    /** {@return a picture of what is visible} */
    byte[] frame() {
        return driver.getScreenshotAs(OutputType.BYTES);
    }

    private static void keep(String name, byte[] picture) {
        try {
            Files.write(Files.createDirectories(PICTURES).resolve(name + ".png"), picture);
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    @Override
    public void close() {
        driver.quit();
    }
}
