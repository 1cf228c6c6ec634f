package dev.eventlog.test;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;

/** Tests that close their resources. */
public abstract class ClosingTests {

    private final List<AutoCloseable> resources = new ArrayList<>();

    /**
     * Closes a resource after the test, in reverse order.
     *
     * @param resource the resource to close
     * @param <T> its type
     * @return the same
     */
    protected final <T extends AutoCloseable> T closeLater(T resource) {
        resources.add(resource);
        return resource;
    }

    /**
     * Closes all resources.
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
