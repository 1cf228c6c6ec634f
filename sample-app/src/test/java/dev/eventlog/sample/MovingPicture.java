package dev.eventlog.sample;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * Plays a scene on the page, and keeps its frames and how long each one lasts in {@code target/frames}, for {@code
 * docs/pictures}. The build does not run it.
 */
class MovingPicture {

    private static final Path FRAMES = Path.of("target", "frames");

    private static final int MILLIS_BETWEEN_FRAMES = 300;

    @TempDir
    private Path profile;

    @TempDir
    private Path data;

    private final List<String> frames = new ArrayList<>();
    private byte[] last = {};
    private long since;

    @Test
    void film() throws Exception {
        Files.createDirectories(FRAMES);
        try (Browser browser = new Browser(profile);
                ConfigurableApplicationContext application =
                        RunningSample.startBreakable(data, "--sample.job.pace=400ms", "--sample.slow-millis=1500")) {
            browser.open("http://localhost:" + RunningSample.port(application));
            browser.size(1280, 988, 0.75);
            browser.awaitText("#state", "Live");
            browser.click("[data-account=deposit]");
            browser.await(() -> lag(browser) > 35); // beyond the window of events in memory
            film(browser, 2_000, () -> true);
            press(browser, "#start");
            press(browser, "#ask");
            film(browser, 1_500, () -> true);
            press(browser, "[data-break=stop]");
            film(browser, 2_000, () -> browser.text("#state").startsWith("Live"));
            film(browser, 2_500, () -> true);
            press(browser, "[data-break=trim]");
            film(browser, 1_000, () -> browser.text("#told").contains("gap: missed"));
            film(browser, 2_500, () -> true);
            film(browser, 0, () -> browser.text("#job-state").startsWith("Complete"));
            film(browser, 2_500, () -> true);
            keep(2_000);
        }
        Files.write(FRAMES.resolve("frames.txt"), frames);
    }

    private static int lag(Browser browser) {
        String lag = browser.text("[data-follower=slow] .lag");
        return lag.matches("\\d+") ? Integer.parseInt(lag) : 0;
    }

    /** Presses a button, which has a frame for a moment so that one sees it. */
    private void press(Browser browser, String button) {
        outline(browser, button, "3px solid #e08a00");
        film(browser, 800, () -> true);
        browser.click(button);
        film(browser, 300, () -> true);
        outline(browser, button, "");
    }

    private static void outline(Browser browser, String button, String outline) {
        browser.script("document.querySelector(arguments[0]).style.outline = arguments[1]", button, outline);
    }

    /** Films for at least a time, until a condition is true. */
    private void film(Browser browser, long millis, BooleanSupplier end) {
        long begin = System.nanoTime();
        do {
            frame(browser.frame());
        } while (System.nanoTime() - begin < millis * 1_000_000 || !end.getAsBoolean());
    }

    private void frame(byte[] picture) {
        long now = System.nanoTime();
        if (last.length == 0) {
            since = now;
            last = picture;
        } else if ((now - since) / 1_000_000 >= MILLIS_BETWEEN_FRAMES) {
            keep((now - since) / 1_000_000);
            since = now;
            last = picture;
        }
    }

    private void keep(long millis) {
        String name = "%04d.png".formatted(frames.size());
        try {
            Files.write(FRAMES.resolve(name), last);
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
        frames.add(millis + " " + name);
    }
}
