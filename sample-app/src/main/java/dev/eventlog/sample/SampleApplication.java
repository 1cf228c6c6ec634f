package dev.eventlog.sample;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.web.server.context.WebServerInitializedEvent;
import org.springframework.context.event.EventListener;
import org.springframework.scheduling.annotation.EnableScheduling;

/** Runs the sample, and logs the address of its page. */
@SpringBootApplication
@EnableScheduling
public class SampleApplication {

    private static final Logger logger = LoggerFactory.getLogger(SampleApplication.class);

    /**
     * Runs the sample.
     *
     * @param args the arguments of Spring Boot, for example {@code --spring.data.redis.host=redis.example.com}
     */
    public static void main(String[] args) {
        SpringApplication.run(SampleApplication.class, args);
    }

    @EventListener
    void sayWhereThePageIs(WebServerInitializedEvent event) {
        logger.info("Open http://localhost:{}", event.getWebServer().getPort());
    }
}
