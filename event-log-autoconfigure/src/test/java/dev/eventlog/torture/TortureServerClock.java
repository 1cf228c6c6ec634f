package dev.eventlog.torture;

import dev.eventlog.test.EmbeddedRedis;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;

/**
 * The wall clock of a server alone, which goes back by an hour when told so: by Debian's {@code libfaketime}, if that is
 * installed. The clock that only ever goes on is left as it is.
 */
final class TortureServerClock {

    private static final List<Path> LIBRARIES = List.of(
            Path.of("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"),
            Path.of("/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1"),
            Path.of("/usr/lib/faketime/libfaketime.so.1"));

    /** With its allocator the server can ask for the time before the library is ready, which others do not survive. */
    private static final String ALLOCATOR = "libc_malloc_debug.so.0";

    private final Path library;
    private final Path file;
    private int hours;

    TortureServerClock() {
        library = LIBRARIES.stream()
                .filter(Files::exists)
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("There is no libfaketime: install the package faketime"));
        try {
            file = Files.createTempFile("event-log-torture-", ".clock");
            file.toFile().deleteOnExit();
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
        write();
    }

    private void write() {
        try {
            Path next = Files.createTempFile("event-log-torture-", ".clock");
            Files.writeString(next, "-" + hours + "h\n");
            Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    /** {@return the environment of a server that has this clock} */
    Map<String, String> environment() {
        return Map.of(
                "LD_PRELOAD", ALLOCATOR + ":" + library,
                "FAKETIME_TIMESTAMP_FILE", file.toString(),
                "FAKETIME_NO_CACHE", "1",
                "FAKETIME_DONT_FAKE_MONOTONIC", "1",
                "DONT_FAKE_MONOTONIC", "1");
    }

    /** Sets it back, and lets the leases last as long as if it had not been: nobody may be left to renew them. */
    void back(EmbeddedRedis redis) {
        hours++;
        write();
        redis.ask(
                "EVAL",
                "for _, key in ipairs(redis.call('KEYS', 'eventlog:lock*')) do redis.call('PEXPIRE', key, ARGV[1]) end",
                "0",
                Integer.toString(TortureLogs.LEASE));
    }

    void delete() {
        try {
            Files.deleteIfExists(file);
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }
}
