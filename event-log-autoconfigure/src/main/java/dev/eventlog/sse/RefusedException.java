package dev.eventlog.sse;

import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.http.ProblemDetail;
import org.springframework.web.server.ResponseStatusException;

/**
 * A request that is refused in Spring WebFlux. It sets the type of the answer, because the client accepts only {@code
 * text/event-stream}, and WebFlux would write the problem in this type.
 */
final class RefusedException extends ResponseStatusException {

    private static final long serialVersionUID = 1L;

    private final ResponseStatusException refusal;

    RefusedException(ResponseStatusException refusal) {
        super(refusal.getStatusCode(), refusal.getReason(), refusal);
        this.refusal = refusal;
        ProblemDetail problem = refusal.getBody();
        setType(problem.getType());
        setTitle(problem.getTitle());
        getBody().setProperties(problem.getProperties());
    }

    @Override
    public HttpHeaders getHeaders() {
        HttpHeaders headers = new HttpHeaders();
        headers.putAll(refusal.getHeaders());
        headers.setContentType(MediaType.APPLICATION_PROBLEM_JSON);
        return headers;
    }
}
