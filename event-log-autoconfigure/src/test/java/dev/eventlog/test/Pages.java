package dev.eventlog.test;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The documentation of this project, for tests that compare it with the code. */
public final class Pages {

    /** The root folder of the project, relative to a module. */
    public static final Path ROOT = Path.of("..");

    private Pages() {}

    /**
     * A page of the documentation.
     *
     * @param name its path below {@link #ROOT}, with slashes
     * @param text its Markdown
     */
    public record Page(String name, String text) {

        /** The folder that its links are relative to. */
        public Path file() {
            return ROOT.resolve(name);
        }

        @Override
        public String toString() {
            return name;
        }
    }

    /** The pages for users: the README and all pages in {@code docs}. */
    public static List<Page> forUsers() {
        try (Stream<Path> files = Files.list(ROOT.resolve("docs"))) {
            return Stream.concat(
                            Stream.of("README.md"),
                            files.map(file -> "docs/" + file.getFileName())
                                    .filter(name -> name.endsWith(".md"))
                                    .sorted())
                    .map(Pages::read)
                    .toList();
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    /** All pages: those for users and those for contributors. */
    public static List<Page> all() {
        return Stream.concat(
                        forUsers().stream(),
                        Stream.of("CONTRIBUTING.md", "CHANGELOG.md", "benchmarks/README.md")
                                .map(Pages::read))
                .toList();
    }

    /** Returns the rows of the table with this header, which must occur exactly once in the pages for users. */
    public static List<String> table(String header) {
        List<String> tables = forUsers().stream()
                .flatMap(page -> Pattern.compile("(?m)^" + Pattern.quote(header) + "\n\\|[-| ]+\\|\n((?:\\|.*\n)+)")
                        .matcher(page.text())
                        .results())
                .map((MatchResult table) -> table.group(1))
                .toList();
        assertThat(tables).as("tables with the header '%s'", header).hasSize(1);
        return tables.get(0).lines().toList();
    }

    private static Page read(String name) {
        try {
            return new Page(name, Files.readString(ROOT.resolve(name)));
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }
}
