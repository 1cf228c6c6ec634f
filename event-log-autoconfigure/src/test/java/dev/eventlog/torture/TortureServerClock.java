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
 * The wall clock of one server, which a test can set back by an hour. Needs Debian's {@code libfaketime}. The monotonic
 * clock does not change.
 */
final class TortureServerClock {

    private static final List<Path> LIBRARIES = List.of(
            Path.of("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"),
            Path.of("/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1"),
            Path.of("/usr/lib/faketime/libfaketime.so.1"));

    /** Other allocators crash if the server asks for the time before the library is ready. */
    private static final String ALLOCATOR = "libc_malloc_debug.so.0";

    private final Path library;
    private final Path file;
    private int hours;

    TortureServerClock() {
        library = LIBRARIES.stream()
                .filter(Files::exists)
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("libfaketime is missing: install the package faketime"));
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

    /** {@return the environment variables of a server with this clock} */
    Map<String, String> environment() {
        return Map.of(
                "LD_PRELOAD", ALLOCATOR + ":" + library,
                "FAKETIME_TIMESTAMP_FILE", file.toString(),
                "FAKETIME_NO_CACHE", "1",
                "FAKETIME_DONT_FAKE_MONOTONIC", "1",
                "DONT_FAKE_MONOTONIC", "1");
    }

    /** Sets the clock back, and gives all leases their usual duration. Otherwise they would last an hour longer. */
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
