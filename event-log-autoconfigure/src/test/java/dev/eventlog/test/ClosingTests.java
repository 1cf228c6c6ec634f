package dev.eventlog.test;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;

/** Tests that close what they have opened. */
public abstract class ClosingTests {

    private final List<AutoCloseable> resources = new ArrayList<>();

    /**
     * Closes something after the test, the last one first.
     *
     * @param resource what to close
     * @param <T> its type
     * @return the same
     */
    protected final <T extends AutoCloseable> T closeLater(T resource) {
        resources.add(resource);
        return resource;
    }

    /**
     * Closes all that is to be closed.
     *
     * @throws Exception if that fails
     */
    @AfterEach
    protected void close() throws Exception {
        for (int i = resources.size() - 1; i >= 0; i--) {
            resources.get(i).close();
        }
    }
}
