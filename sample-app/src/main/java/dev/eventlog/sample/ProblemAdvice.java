package dev.eventlog.sample;

import dev.eventlog.AddOutcomeUnknownException;
import dev.eventlog.EventLogException;
import dev.eventlog.EventLogUnavailableException;
import dev.eventlog.UnexpectedLastIdException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.TypeMismatchException;
import org.springframework.context.MessageSourceResolvable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.ProblemDetail;
import org.springframework.http.ResponseEntity;
import org.springframework.http.converter.HttpMessageNotReadableException;
import org.springframework.validation.FieldError;
import org.springframework.validation.method.ParameterErrors;
import org.springframework.validation.method.ParameterValidationResult;
import org.springframework.web.ErrorResponseException;
import org.springframework.web.bind.MethodArgumentNotValidException;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.RestControllerAdvice;
import org.springframework.web.context.request.WebRequest;
import org.springframework.web.method.annotation.HandlerMethodValidationException;
import org.springframework.web.servlet.mvc.method.annotation.ResponseEntityExceptionHandler;
import tools.jackson.core.JacksonException;

/**
 * Returns errors as problem details (RFC 9457). For a bad request, the member {@code errors} lists each invalid field
 * and its problem.
 */
@RestControllerAdvice
class ProblemAdvice extends ResponseEntityExceptionHandler {

    private static final Logger log = LoggerFactory.getLogger(ProblemAdvice.class);

    /**
     * An invalid field and its problem. The field is a path variable, parameter, header, or property of the body
     * ({@code [3].temperature}).
     */
    record BadField(String field, @Nullable String message) {}

    static ErrorResponseException badRequest(String field, String message) {
        return new ErrorResponseException(HttpStatus.BAD_REQUEST, problem(List.of(new BadField(field, message))), null);
    }

    private static ProblemDetail problem(List<BadField> errors) {
        ProblemDetail problem = ProblemDetail.forStatusAndDetail(
                HttpStatus.BAD_REQUEST,
                errors.stream()
                        .map(error -> error.field() + ": " + error.message())
                        .collect(Collectors.joining("; ")));
        problem.setProperty("errors", errors);
        return problem;
    }

    @ExceptionHandler
    ResponseEntity<ProblemDetail> handleUnavailable(EventLogUnavailableException ex) {
        log.warn("Redis is not available: {}", ex.getMessage());
        return ResponseEntity.status(HttpStatus.SERVICE_UNAVAILABLE)
                .header(HttpHeaders.RETRY_AFTER, "1")
                .body(ProblemDetail.forStatusAndDetail(
                        HttpStatus.SERVICE_UNAVAILABLE, "Redis is not available. Try again in a moment."));
    }

    /** Sends no {@code Retry-After}, because a client that simply tries again could add the same reading twice. */
    @ExceptionHandler
    ResponseEntity<ProblemDetail> handleUnknownOutcome(AddOutcomeUnknownException ex) {
        log.warn("Redis did not answer: {}", ex.getMessage());
        return ResponseEntity.status(HttpStatus.GATEWAY_TIMEOUT)
                .body(ProblemDetail.forStatusAndDetail(
                        HttpStatus.GATEWAY_TIMEOUT,
                        "Redis did not answer: the event may have been added. Repeat the request if it has an"
                                + " Idempotency-Key. Otherwise, check first whether the event was added."));
    }

    @ExceptionHandler
    ResponseEntity<ProblemDetail> handleConflict(UnexpectedLastIdException ex) {
        return ResponseEntity.status(HttpStatus.CONFLICT)
                .body(ProblemDetail.forStatusAndDetail(HttpStatus.CONFLICT, ex.getMessage()));
    }

    @ExceptionHandler
    ResponseEntity<ProblemDetail> handleRefused(EventLogException ex) {
        log.error("Log '{}' cannot be used", ex.log(), ex);
        return ResponseEntity.internalServerError()
                .body(ProblemDetail.forStatusAndDetail(
                        HttpStatus.INTERNAL_SERVER_ERROR, "Log '" + ex.log() + "' cannot be used: " + ex.getMessage()));
    }

    @Override
    protected @Nullable ResponseEntity<Object> handleMethodArgumentNotValid(
            MethodArgumentNotValidException ex, HttpHeaders headers, HttpStatusCode status, WebRequest request) {
        List<BadField> errors = ex.getFieldErrors().stream()
                .map(error -> new BadField(error.getField(), error.getDefaultMessage()))
                .toList();
        return handleExceptionInternal(ex, problem(errors), headers, status, request);
    }

    @Override
    protected @Nullable ResponseEntity<Object> handleHandlerMethodValidationException(
            HandlerMethodValidationException ex, HttpHeaders headers, HttpStatusCode status, WebRequest request) {
        List<BadField> errors = new ArrayList<>();
        for (ParameterValidationResult result : ex.getParameterValidationResults()) {
            // An element of a list has an index and, if it is an object, an invalid field.
            String index = result.getContainerIndex() != null ? "[" + result.getContainerIndex() + "]" : "";
            for (MessageSourceResolvable error : result.getResolvableErrors()) {
                String field = result instanceof ParameterErrors && error instanceof FieldError inBody
                        ? (index.isEmpty() ? "" : index + ".") + inBody.getField()
                        : result.getMethodParameter().getParameterName() + index;
                errors.add(new BadField(field, error.getDefaultMessage()));
            }
        }
        return handleExceptionInternal(ex, problem(errors), headers, status, request);
    }

    @Override
    protected @Nullable ResponseEntity<Object> handleTypeMismatch(
            TypeMismatchException ex, HttpHeaders headers, HttpStatusCode status, WebRequest request) {
        Throwable cause = ex.getMostSpecificCause();
        String message = cause instanceof NumberFormatException || cause.getMessage() == null
                ? "'" + ex.getValue() + "' is not a whole number"
                : cause.getMessage();
        BadField error = new BadField(String.valueOf(ex.getPropertyName()), message);
        return handleExceptionInternal(ex, problem(List.of(error)), headers, status, request);
    }

    @Override
    protected @Nullable ResponseEntity<Object> handleHttpMessageNotReadable(
            HttpMessageNotReadableException ex, HttpHeaders headers, HttpStatusCode status, WebRequest request) {
        String field = "";
        if (ex.getCause() instanceof JacksonException json) {
            for (JacksonException.Reference step : json.getPath()) {
                String name = step.getPropertyName();
                field += name == null ? "[" + step.getIndex() + "]" : (field.isEmpty() ? "" : ".") + name;
            }
        }
        BadField error = field.isEmpty()
                ? new BadField("body", "must be JSON with the expected structure")
                : new BadField(field, "has a value of the wrong type");
        return handleExceptionInternal(ex, problem(List.of(error)), headers, status, request);
    }
}
