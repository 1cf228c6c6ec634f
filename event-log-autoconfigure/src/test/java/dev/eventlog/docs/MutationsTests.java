package dev.eventlog.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The script {@code .ci/mutate} runs rarely. Its mutations must still apply when the code has changed. */
class MutationsTests {

    private static final Path CODE = Path.of("src/main/java/dev/eventlog");
    private static final Pattern MUTATION =
            Pattern.compile("(?m)^ {4}\"([^|]*)\\|(\\w+\\.java)\\|((?:\\\\\\||[^|])*)\\|((?:\\\\\\||[^|])*)\"$");

    @Test
    void textOfEachMutationIsInTheCode() throws IOException {
        String script = Files.readString(Path.of("../.ci/mutate"));
        List<String> stale = new ArrayList<>();
        int count = 0;
        Matcher mutation = MUTATION.matcher(script);
        while (mutation.find()) {
            count++;
            Path follow = CODE.resolve("follow").resolve(mutation.group(2));
            Path file = Files.exists(follow) ? follow : CODE.resolve("redis").resolve(mutation.group(2));
            if (!Files.readString(file).contains(mutation.group(3).replace("\\|", "|"))) {
                stale.add(mutation.group(1));
            }
        }
        assertThat(count)
                .isEqualTo(Math.toIntExact(
                        script.lines().filter(line -> line.contains(".java|")).count()));
        assertThat(stale).as("mutations of code that has changed").isEmpty();
    }
}
