package dev.eventlog.test;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AppendOnlyFileTests {

    private static final String WHOLE = command("SELECT", "0")
            + command("MULTI")
            + command("SET", "a", "1")
            + command("set", "b", "2")
            + command("EXEC");

    @Test
    void transactionIsReadAsOneUnit() {
        assertThat(AppendOnlyFile.read(WHOLE.getBytes(UTF_8), 0))
                .extracting(AppendOnlyFile.Transaction::commands)
                .containsExactly(
                        List.of(List.of("SELECT", "0")), List.of(List.of("SET", "a", "1"), List.of("SET", "b", "2")));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3, 20, 40, 60, 70, 71})
    void tornTransactionIsRemoved(int length, @TempDir Path folder) throws IOException {
        String torn = command("MULTI") + command("SET", "c", "3") + command("SET", "d", "4");
        Path file = folder.resolve("writes");
        Files.writeString(file, WHOLE + torn.substring(0, Math.min(length, torn.length())));
        AppendOnlyFile.cutToLastWholeTransaction(file);
        assertThat(file).hasContent(WHOLE);
    }

    @Test
    void missingFileAndSnapshotAreUnchanged(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("writes");
        AppendOnlyFile.cutToLastWholeTransaction(file);
        assertThat(file).doesNotExist();
        Files.writeString(file, "REDIS0009");
        AppendOnlyFile.cutToLastWholeTransaction(file);
        assertThat(file).hasContent("REDIS0009");
    }

    @Test
    @Tag("faults")
    void writesAfterATornTransactionSurviveARestart() throws IOException {
        try (EmbeddedRedis redis = EmbeddedRedis.onDisk()) {
            redis.ask("SET", "before", "1");
            redis.kill();
            Files.writeString(
                    redis.writes(),
                    command("MULTI") + command("SET", "torn", "1") + "*3\r\n$3\r\nSE",
                    StandardOpenOption.APPEND);
            redis.start();
            assertThat(redis.ask("SET", "after", "1")).isEqualTo("OK");
            redis.kill();
            redis.start();
            assertThat(redis.ask("GET", "before")).isEqualTo("1");
            assertThat(redis.ask("GET", "torn")).isNull();
            assertThat(redis.ask("GET", "after")).isEqualTo("1");
        }
    }

    private static String command(String... words) {
        StringBuilder text = new StringBuilder("*" + words.length + "\r\n");
        for (String word : words) {
            text.append('$').append(word.length()).append("\r\n").append(word).append("\r\n");
        }
        return text.toString();
    }
}
