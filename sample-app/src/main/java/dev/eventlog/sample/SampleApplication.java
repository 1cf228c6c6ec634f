package dev.eventlog.sample;

import dev.eventlog.EventId;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.core.convert.converter.Converter;
import org.springframework.scheduling.annotation.EnableScheduling;

/** Runs the sample; then open http://localhost:8080. */
@SpringBootApplication
@EnableScheduling
public class SampleApplication {

    /**
     * Runs the sample.
     *
     * @param args Spring Boot's, for example {@code --spring.data.redis.host=redis.example.com}
     */
    public static void main(String[] args) {
        SpringApplication.run(SampleApplication.class, args);
    }

    /** Lets controllers take an id as a parameter or header. */
    @Bean
    Converter<String, EventId> eventIdConverter() {
        return EventId::parse;
    }
}
