package dev.eventlog.sample;

import dev.eventlog.EventLogFactory;
import dev.eventlog.Tail;
import dev.eventlog.sse.EventLogSse;
import dev.eventlog.sse.EventStream;
import java.util.List;
import java.util.stream.Stream;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;

/** Sends everything that the page shows, on one connection. */
@RestController
@RequestMapping("/api/page")
class PageController {

    private final EventLogFactory logs;
    private final EventLogSse sse;
    private final Panel panel;

    PageController(EventLogFactory logs, EventLogSse sse, Panel panel) {
        this.logs = logs;
        this.sse = sse;
        this.panel = panel;
    }

    // tag::code[]
    /** Streams all logs of the page. A page that connects again sends its position in each of them. */
    @GetMapping(path = "/stream", produces = MediaType.TEXT_EVENT_STREAM_VALUE)
    SseEmitter follow() {
        // With the type, the stream leaves out what is not a reading.
        SseEmitter page = sse.follow(EventStream.of(logs, Sensors.ALL, Reading.class, Tail.last(120), source -> {})
                .and(logs, Answers.ALL, Tail.all())
                .and(logs, Jobs.ALL, Tail.all())
                .and(logs, Account.ALL, Tail.last(20)));
        panel.add(page); // sends what the followers do, between the events
        return page;
    }
    // end::code[]

    /** Lists the logs that exist, so that a page that was away forgets the others. */
    @GetMapping("/logs")
    List<String> logs() {
        try (Stream<String> names = logs.names("*")) {
            return names.distinct().sorted().toList();
        }
    }
}
