package dev.eventlog.follow;

import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.Event;
import dev.eventlog.EventId;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

@ExtendWith(OutputCaptureExtension.class)
class PageSizeTests {

    private static final long MEGABYTE = 1 << 20;

    private final PageSize pages = new PageSize("orders", 500);

    @Test
    void pageSizeStartsAtTheMaximum() {
        assertThat(pages.next()).isEqualTo(500);
        pages.worked(500, 500 * 100);
        assertThat(pages.next()).isEqualTo(500);
    }

    @Test
    void eachFailureHalvesThePageSizeDownToOne() {
        assertThat(IntStream.range(0, 10)
                        .map(time -> {
                            pages.failed();
                            return pages.next();
                        })
                        .boxed())
                .containsExactly(250, 125, 62, 31, 15, 7, 3, 1, 1, 1);
    }

    @Test
    void pageSizeGrowsBackSlowly() {
        for (int i = 0; i < 20; i++) {
            pages.failed();
        }
        int before = pages.next();
        int times = 0;
        while (pages.next() < 500) {
            pages.worked(before, before * 100L);
            assertThat(pages.next()).isGreaterThan(before).isLessThanOrEqualTo(Math.max(2, before + 1 + before / 8));
            before = pages.next();
            times++;
        }
        assertThat(times).isBetween(20, 60);
    }

    @Test
    void emptyReplyDoesNotChangeThePageSize() {
        pages.failed();
        pages.worked(0, 0);
        assertThat(PageSize.bytes(List.of())).isZero();
        assertThat(pages.next()).isEqualTo(250);
    }

    @Test
    void largeEventsAreReadInSmallPages() {
        pages.worked(1, MEGABYTE);
        assertThat(pages.next()).isEqualTo(4);
        pages.worked(1, 100 * MEGABYTE);
        assertThat(pages.next()).isEqualTo(1);
    }

    @Test
    void pageSizeGrowsSlowlyAfterLargeEvents() {
        pages.worked(4, 4 * MEGABYTE);
        pages.worked(4, 4);
        assertThat(pages.next()).isEqualTo(8);
        pages.worked(8, 8);
        assertThat(pages.next()).isEqualTo(16);
    }

    @Test
    void failureHalvesTheReducedPageSize() {
        pages.worked(1, MEGABYTE);
        pages.failed();
        assertThat(pages.next()).isEqualTo(2);
    }

    @Test
    void largestOfAFewEventsLimitsThePageSize() {
        pages.worked(3, PageSize.bytes(List.of(event(1, 10), event(2, (int) MEGABYTE), event(3, 10))));
        assertThat(pages.next()).isLessThanOrEqualTo(4);
    }

    @Test
    void tooLargeRepliesAreLoggedOnce(CapturedOutput output) {
        pages.failed();
        pages.failed();
        assertThat(output).doesNotContain("orders");
        pages.failed();
        pages.failed();
        assertThat(output.toString().split("Log 'orders' could not be read 3 times", -1))
                .as("logged once")
                .hasSize(2);
        assertThat(output).contains("eventlog.follow.batch-size", "client-output-buffer-limit");
    }

    private static Event event(long id, int size) {
        return new Event(new EventId(id, 0), Map.of("n", "x".repeat(size)));
    }
}
