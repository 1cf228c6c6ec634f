package dev.eventlog.web;

import dev.eventlog.EventRange;
import org.springframework.core.MethodParameter;
import org.springframework.util.MultiValueMap;
import org.springframework.web.reactive.BindingContext;
import org.springframework.web.reactive.result.method.SyncHandlerMethodArgumentResolver;
import org.springframework.web.server.ServerWebExchange;

/** Resolves {@link EventRange} parameters of Spring WebFlux controllers. */
final class ReactiveRangeResolver implements SyncHandlerMethodArgumentResolver {

    private final RangeParameters parameters;

    ReactiveRangeResolver(RangeParameters parameters) {
        this.parameters = parameters;
    }

    @Override
    public boolean supportsParameter(MethodParameter parameter) {
        return parameter.getParameterType() == EventRange.class;
    }

    @Override
    public EventRange resolveArgumentValue(
            MethodParameter parameter, BindingContext binding, ServerWebExchange exchange) {
        MultiValueMap<String, String> query = exchange.getRequest().getQueryParams();
        return parameters.range(query::getFirst);
    }
}
