package dev.eventlog.test;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Another JVM with the class path of the tests, for tests with their own heap. It exits if it runs out of memory. */
public final class ChildJvm implements AutoCloseable {

    private final Process process;
    private final BufferedReader output;
    private final List<String> said = new ArrayList<>();

    /**
     * Starts it.
     *
     * @param heap the size of its heap, as in {@code -Xmx}
     * @param main the class whose main method it runs
     * @param arguments the arguments of its main method
     */
    public ChildJvm(String heap, Class<?> main, String... arguments) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx" + heap,
                "-XX:+ExitOnOutOfMemoryError",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                main.getName()));
        command.addAll(Arrays.asList(arguments));
        try {
            process = new ProcessBuilder(command).redirectErrorStream(true).start();
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
        output = process.inputReader(StandardCharsets.UTF_8);
    }

    /**
     * Reads the output up to a line with a given beginning.
     *
     * @param beginning the beginning of the line
     * @return the rest of the line
     * @throws IllegalStateException if it ends before; the message has all that it printed
     */
    public String await(String beginning) {
        try {
            String line;
            while ((line = output.readLine()) != null) {
                said.add(line);
                if (line.startsWith(beginning)) {
                    return line.substring(beginning.length());
                }
            }
            process.waitFor(10, TimeUnit.SECONDS);
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        } catch (InterruptedException ex) {
            Thread.currentThread().interrupt();
        }
        throw new IllegalStateException("No line '" + beginning + "…' from " + process.info() + ", which ended"
                + (process.isAlive() ? " not" : " with " + process.exitValue()) + ":\n" + String.join("\n", said));
    }

    /** Lets a read of its standard input return. */
    public void wake() {
        try {
            process.getOutputStream().write('\n');
            process.getOutputStream().flush();
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    /** Kills it if it is still running. */
    @Override
    public void close() {
        process.destroyForcibly().onExit().join();
    }
}
