package dev.eventlog.sample;

import dev.eventlog.Follower;
import dev.eventlog.Tail;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.springframework.http.HttpStatus;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;
import org.springframework.web.server.ResponseStatusException;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;

/**
 * The clients that follow a sensor: for each a follower of the sensor's log and one of the log of sensors, which end with its
 * connection, as the connection ends with them. Both go through one connection, as a browser opens no more than six to a host.
 */
@Component
class ReadingStreams {

    private final Sensors sensors;
    private final Set<ReadingStream> open = ConcurrentHashMap.newKeySet();

    ReadingStreams(Sensors sensors) {
        this.sensors = sensors;
    }

    SseEmitter open(String sensor, Tail tail) {
        ReadingStream stream = new ReadingStream();
        Follower readings;
        Follower names;
        try {
            readings = sensors.readings(sensor).follow(tail, stream);
            try {
                names = sensors.names().follow(Tail.all(), stream::sendSensors);
            } catch (RuntimeException ex) {
                readings.close();
                throw ex;
            }
        } catch (IllegalStateException shuttingDown) {
            throw new ResponseStatusException(
                    HttpStatus.SERVICE_UNAVAILABLE, "The application is shutting down", shuttingDown);
        }
        open.add(stream);
        stream.emitter().onCompletion(() -> {
            open.remove(stream);
            readings.close();
            names.close();
        });
        // At shutdown the followers end first. To end the streams with them is what lets the web server stop at once.
        readings.completion().whenComplete((nothing, failure) -> stream.end(failure));
        return stream.emitter();
    }

    /** That a client has gone is only noticed by writing to it. */
    @Scheduled(fixedRateString = "${sample.stream.heartbeat}")
    void sendHeartbeats() {
        open.forEach(ReadingStream::sendHeartbeat);
    }
}
