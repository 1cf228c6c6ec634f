package dev.eventlog.sse;

import static dev.eventlog.test.TestApplication.uri;
import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.EventLog;
import dev.eventlog.core.RedisEventLogFactory;
import dev.eventlog.test.LogTests;
import dev.eventlog.test.SseClient;
import dev.eventlog.test.TestApplication;
import dev.eventlog.test.TestRedisConnection;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;
import org.springframework.http.HttpStatus;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.config.annotation.web.configuration.EnableWebSecurity;
import org.springframework.security.config.annotation.web.reactive.EnableWebFluxSecurity;
import org.springframework.security.config.web.server.ServerHttpSecurity;
import org.springframework.security.core.userdetails.MapReactiveUserDetailsService;
import org.springframework.security.core.userdetails.User;
import org.springframework.security.core.userdetails.UserDetails;
import org.springframework.security.provisioning.InMemoryUserDetailsManager;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.security.web.authentication.HttpStatusEntryPoint;
import org.springframework.security.web.server.SecurityWebFilterChain;
import org.springframework.security.web.server.authentication.HttpStatusServerEntryPoint;

/** Streams of users that log in and out with Spring Security, without another access decision. */
class SseSecurityTests extends LogTests {

    private enum Kind {
        MVC(Mvc.class, WebApplicationType.SERVLET),
        WEB_FLUX(WebFlux.class, WebApplicationType.REACTIVE);

        private final Class<?> type;
        private final WebApplicationType web;

        Kind(Class<?> type, WebApplicationType web) {
            this.type = type;
            this.web = web;
        }
    }

    private static final UserDetails ADA =
            User.withUsername("ada").password("{noop}secret").roles("USER").build();

    private final HttpClient http = HttpClient.newHttpClient();

    @ParameterizedTest
    @EnumSource
    void streamEndsWithTheSessionOfItsUser(Kind kind) throws Exception {
        EventLog log = newLog();
        ConfigurableApplicationContext application =
                closeLater(TestApplication.startWeb(kind.type, kind.web, "eventlog.sse.access-interval=50ms"));
        String path = "/all/" + log.name();
        assertThat(SseClient.refused(uri(application, path), null).statusCode())
                .isEqualTo(HttpURLConnection.HTTP_UNAUTHORIZED);

        String session = login(application);
        SseClient client = closeLater(SseClient.withCookie(uri(application, path), session));
        client.next("caught-up");
        String id = log.add(event(1)).toString();
        assertThat(client.nextEvent().id()).isEqualTo(id);
        SseClient other = closeLater(SseClient.withCookie(uri(application, path), login(application)));
        other.next("caught-up");

        post(application, "/logout", "", session);

        assertThat(client.next("failed").data()).startsWith("{\"code\":\"access-denied\"");
        assertThat(client.next()).isEqualTo(SseClient.CLOSED);
        id = log.add(event(2)).toString();
        assertThat(other.nextEvent().id()).as("the stream of another session").isEqualTo(id);
        other.close();
        await().until(() -> {
            log.add(event(3));
            return application
                    .getBean(RedisEventLogFactory.class)
                    .followedLogs()
                    .isEmpty();
        });
    }

    private String login(ConfigurableApplicationContext application) throws IOException, InterruptedException {
        HttpResponse<Void> answer = post(application, "/login", "username=ada&password=secret", "");
        return answer.headers().firstValue("Set-Cookie").orElseThrow().replaceAll(";.*", "");
    }

    private HttpResponse<Void> post(ConfigurableApplicationContext application, String path, String form, String cookie)
            throws IOException, InterruptedException {
        return http.send(
                HttpRequest.newBuilder(uri(application, path))
                        .header("Content-Type", "application/x-www-form-urlencoded")
                        .header("Cookie", cookie)
                        .POST(HttpRequest.BodyPublishers.ofString(form))
                        .build(),
                HttpResponse.BodyHandlers.discarding());
    }

    @SpringBootConfiguration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @EnableWebSecurity
    @Import({TestRedisConnection.class, EventLogSseTests.Controller.class})
    static class Mvc {

        @Bean
        SecurityFilterChain security(HttpSecurity http) {
            return http.authorizeHttpRequests(requests -> requests.anyRequest().authenticated())
                    .formLogin(Customizer.withDefaults())
                    .csrf(csrf -> csrf.disable())
                    .exceptionHandling(exceptions ->
                            exceptions.authenticationEntryPoint(new HttpStatusEntryPoint(HttpStatus.UNAUTHORIZED)))
                    .build();
        }

        @Bean
        InMemoryUserDetailsManager users() {
            return new InMemoryUserDetailsManager(ADA);
        }
    }

    @SpringBootConfiguration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @EnableWebFluxSecurity
    @Import({TestRedisConnection.class, ReactiveEventLogSseTests.Controller.class})
    static class WebFlux {

        @Bean
        SecurityWebFilterChain security(ServerHttpSecurity http) {
            return http.authorizeExchange(exchanges -> exchanges.anyExchange().authenticated())
                    .formLogin(Customizer.withDefaults())
                    .csrf(ServerHttpSecurity.CsrfSpec::disable)
                    .exceptionHandling(exceptions -> exceptions.authenticationEntryPoint(
                            new HttpStatusServerEntryPoint(HttpStatus.UNAUTHORIZED)))
                    .build();
        }

        @Bean
        MapReactiveUserDetailsService users() {
            return new MapReactiveUserDetailsService(ADA);
        }
    }
}
