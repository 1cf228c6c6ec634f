package dev.eventlog.torture;

import dev.eventlog.Completion;
import dev.eventlog.Event;
import dev.eventlog.EventGapException;
import dev.eventlog.EventLog;
import dev.eventlog.EventLogFailedException;
import dev.eventlog.EventLogUnavailableException;
import dev.eventlog.Tail;
import dev.eventlog.torture.TortureWatch.Got;
import dev.eventlog.torture.TortureWatch.Pace;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Reads {@link EventLog#stream} on a waiting thread. If a gap ends the stream, it starts again there. */
final class TortureStreams extends TortureReader {

    private @Nullable Stream<Event> open; // guarded by this
    private volatile boolean closing;
    private volatile boolean over;

    TortureStreams(TortureScene scene, List<List<EventLog>> logs, int log, String name, Random random) {
        super(scene, logs, log, name, random);
    }

    @Override
    void comeAndGo() throws InterruptedException {
        Random when = new Random(random.nextLong());
        Thread reading = scene.start("stream", this::read);
        while (scene.stay(200 + when.nextInt(8_000))) {
            if (!reading.isAlive()) {
                return;
            }
            closing = true;
            close();
        }
        staysToTheEnd();
    }

    private synchronized void close() {
        Stream<Event> reading = open;
        if (reading != null) {
            reading.close();
        }
    }

    private void end() {
        over = true;
        close();
    }

    private void read() throws InterruptedException {
        @Nullable Got end = null;
        @Nullable Tail resume = null;
        while (!over) {
            EventLog of = log();
            Tail tail = resume != null ? resume : tail(end);
            // The same events are due as for a follower that has seen an event just before, and knows only its id.
            Tail due = resume instanceof Tail.From from ? Tail.after(from.id().previous()) : tail;
            TortureWatch watch = watch(of, due, resume != null ? null : end, Pace.QUICK);
            watch.ending = this::end;
            boolean patient = random.nextBoolean();
            closing = false;
            boolean opened = open(watch, of, true, () -> {
                Stream<Event> stream =
                        patient ? of.stream(tail) : of.stream(tail, Duration.ofMillis(100 + random.nextInt(3_000)));
                synchronized (this) {
                    open = stream;
                }
            });
            if (!opened) {
                return;
            }
            begins(watch);
            resume = read(watch, patient);
            end = watch.last();
            pauseAfterTheEnd(watch);
            if (watch.completed && !scene.harming) {
                return;
            }
        }
    }

    /** Reads until the stream ends. {@return where to continue if a gap ended it; otherwise null} */
    private @Nullable Tail read(TortureWatch watch, boolean patient) throws InterruptedException {
        Stream<Event> stream;
        synchronized (this) {
            stream = open;
        }
        if (stream == null) {
            throw new IllegalStateException("not open");
        }
        try (stream) {
            for (Iterator<Event> events = stream.iterator(); events.hasNext(); ) {
                watch.took(List.of(events.next()));
                if (!watch.toTheEnd && random.nextInt(50) == 0) {
                    TimeUnit.MILLISECONDS.sleep(random.nextInt(500));
                }
            }
            if (patient && !closing && !over) { // an impatient stream may end because of its time-out
                watch.ended(new Completion(Completion.Kind.UNKNOWN, null));
            }
        } catch (EventLogFailedException failed) {
            watch.ended(Completion.failed(failed.reason()));
        } catch (IllegalStateException closed) {
            if (!closing && !over) { // closed before the first read
                throw closed;
            }
        } catch (EventGapException gap) {
            watch.told(gap.gap());
            return gap.resume();
        } catch (EventLogUnavailableException refused) {
            if (!watch.calls().isEmpty()) { // without a call, it only could not start
                watch.complain("ended on its own: " + refused);
            }
            TimeUnit.MILLISECONDS.sleep(50);
        }
        return null;
    }
}
