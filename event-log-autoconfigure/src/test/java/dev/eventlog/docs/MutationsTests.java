package dev.eventlog.docs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.eventlog.test.Pages;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The script {@code .ci/mutate} runs rarely. Its mutations must still apply when the code has changed. */
class MutationsTests {

    private static final Path CODE = Path.of("src/main/java/dev/eventlog");
    private static final Pattern MUTATION =
            Pattern.compile("(?m)^ {4}\"([^|]*)\\|(\\w+\\.java)\\|((?:\\\\\\||[^|])*)\\|((?:\\\\\\||[^|])*)\"$");

    @Test
    void textOfEachMutationIsInTheCode() throws IOException {
        String script = Files.readString(Pages.ROOT.resolve(".ci/mutate"));
        List<MatchResult> mutations = MUTATION.matcher(script).results().toList();
        assertThat(mutations)
                .hasSameSizeAs(
                        script.lines().filter(line -> line.contains(".java|")).toList());
        List<String> stale = new ArrayList<>();
        for (MatchResult mutation : mutations) {
            Path follow = CODE.resolve("follow").resolve(mutation.group(2));
            Path file = Files.exists(follow) ? follow : CODE.resolve("redis").resolve(mutation.group(2));
            if (!Files.readString(file).contains(mutation.group(3).replace("\\|", "|"))) {
                stale.add(mutation.group(1));
            }
        }
        assertThat(stale).as("mutations of code that has changed").isEmpty();
    }
}
