package dev.eventlog.web;

import dev.eventlog.EventRange;
import org.jspecify.annotations.Nullable;
import org.springframework.core.MethodParameter;
import org.springframework.web.bind.support.WebDataBinderFactory;
import org.springframework.web.context.request.NativeWebRequest;
import org.springframework.web.method.support.HandlerMethodArgumentResolver;
import org.springframework.web.method.support.ModelAndViewContainer;

/** Resolves {@link EventRange} parameters of Spring MVC controllers. */
final class ServletRangeResolver implements HandlerMethodArgumentResolver {

    private final RangeParameters parameters;

    ServletRangeResolver(RangeParameters parameters) {
        this.parameters = parameters;
    }

    @Override
    public boolean supportsParameter(MethodParameter parameter) {
        return parameter.getParameterType() == EventRange.class;
    }

    @Override
    public EventRange resolveArgument(
            MethodParameter parameter,
            @Nullable ModelAndViewContainer container,
            NativeWebRequest request,
            @Nullable WebDataBinderFactory binders) {
        return parameters.range(request::getParameter);
    }
}
