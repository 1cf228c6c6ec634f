package dev.eventlog.http;

import dev.eventlog.EventLog;
import dev.eventlog.EventLogException;
import dev.eventlog.EventLogFactory;
import dev.eventlog.sse.EventStreamAccess;
import java.util.concurrent.CompletionException;
import org.springframework.http.CacheControl;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.util.StringUtils;
import org.springframework.web.ErrorResponseException;

/**
 * Serves a request, whether Spring MVC or WebFlux received it. It does nothing before access is granted. Thread-safe; may block.
 */
final class Exchanges {

    private final EventLogFactory logs;
    private final EventStreamAccess access;
    private final HttpSettings settings;
    private final Reading reading;
    private final Writing writing;
    private final OpenRequests open = new OpenRequests();

    Exchanges(EventLogFactory logs, EventStreamAccess access, HttpSettings settings) {
        this.logs = logs;
        this.access = access;
        this.settings = settings;
        JsonEvents events = new JsonEvents();
        this.reading = new Reading(events, settings, open);
        this.writing = new Writing(events, settings);
    }

    OpenRequests open() {
        return open;
    }

    /** {@return what to serve; it may be a problem} */
    Served serve(StreamRequest request) {
        try {
            admit(request);
        } catch (ErrorResponseException problem) {
            return problem(problem);
        }
        return serveAdmitted(request);
    }

    /**
     * Decides whether a request is served, without reading its body.
     *
     * @throws ErrorResponseException if it is not
     */
    void admit(StreamRequest request) {
        HttpMethod method = request.http().getMethod();
        boolean reads = method.equals(HttpMethod.GET) || method.equals(HttpMethod.HEAD);
        boolean writes =
                method.equals(HttpMethod.PUT) || method.equals(HttpMethod.POST) || method.equals(HttpMethod.DELETE);
        if (!reads && !(writes && settings.writable())) {
            ErrorResponseException notAllowed =
                    Problems.of(HttpStatus.METHOD_NOT_ALLOWED, method + " is not supported here: see the header Allow");
            notAllowed
                    .getHeaders()
                    .set(HttpHeaders.ALLOW, settings.writable() ? "GET, HEAD, PUT, POST, DELETE" : "GET, HEAD");
            throw notAllowed;
        }
        if (!StringUtils.hasText(request.log())) {
            throw Problems.of(
                    HttpStatus.NOT_FOUND,
                    "The path does not name a log: send " + settings.path() + "/ and the name of the log");
        }
        boolean may = reads
                ? access.mayFollow(request.http(), request.principal(), request.log())
                : access.mayWrite(request.http(), request.principal(), request.log());
        if (!may) {
            throw Problems.forbidden(request.log());
        }
    }

    /** {@return what to serve to an admitted request; it may be a problem} */
    Served serveAdmitted(StreamRequest request) {
        try {
            Served served = served(request);
            return served instanceof Served.Later later
                    ? new Served.Later(later.answer().exceptionally(Exchanges::problem))
                    : served;
        } catch (ErrorResponseException problem) {
            return problem(problem);
        }
    }

    /** {@return the answer that reports a problem} */
    static Served.Answer problem(ErrorResponseException problem) {
        HttpHeaders headers = StreamHeaders.safe();
        headers.setContentType(MediaType.APPLICATION_PROBLEM_JSON);
        headers.setCacheControl(CacheControl.noStore());
        headers.putAll(problem.getHeaders());
        return new Served.Answer(problem.getStatusCode(), headers, problem.getBody());
    }

    /** {@return the answer to a request that failed while it waited} */
    private static Served.Answer problem(Throwable failure) {
        Throwable cause = failure.getCause();
        Throwable why = failure instanceof CompletionException && cause != null ? cause : failure;
        if (why instanceof ErrorResponseException problem) {
            return problem(problem);
        }
        if (why instanceof EventLogException ofLog) {
            return problem(Problems.of(ofLog));
        }
        throw new CompletionException(why);
    }

    private Served served(StreamRequest request) {
        EventLog log = logs.create(request.log());
        return switch (request.http().getMethod().name()) {
            case "HEAD" -> reading.head(log);
            case "GET" -> reading.get(log, request, access.caching(request.http(), request.principal(), request.log()));
            case "PUT" -> writing.put(log, request);
            case "POST" -> writing.post(log, request);
            default -> writing.delete(log);
        };
    }
}
