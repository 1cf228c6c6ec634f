package dev.eventlog.redis;

import io.lettuce.core.RedisChannelHandler;
import io.lettuce.core.RedisConnectionStateListener;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.push.PushListener;
import io.lettuce.core.api.push.PushMessage;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.QueryTimeoutException;
import org.springframework.data.redis.RedisConnectionFailureException;

/** A shared line on a Lettuce connection that does not reconnect by itself, because it would silently lose the tracking. */
final class LettuceSharedLine implements SharedLine, PushListener, RedisConnectionStateListener {

    private static final RawCommand HELLO = RawCommand.of("HELLO", -1);
    private static final RawCommand INFO = RawCommand.of("INFO", -1, "replication");
    private static final Pattern MASTER = Pattern.compile("role:master\\b.*master_replid:(\\w+)", Pattern.DOTALL);

    private final StatefulRedisConnection<byte[], byte[]> connection;
    private final Duration patience;
    private final Listener listener;
    private final Consumer<CompletableFuture<Void>> closing;
    private final CompletableFuture<Void> closed = new CompletableFuture<>();
    private volatile String server = "";
    private volatile long lastAnswer = System.nanoTime();

    private LettuceSharedLine(
            StatefulRedisConnection<byte[], byte[]> connection,
            Duration patience,
            Listener listener,
            Consumer<CompletableFuture<Void>> closing) {
        this.connection = connection;
        this.patience = patience;
        this.listener = listener;
        this.closing = closing;
    }

    /**
     * Makes a connection report changes.
     *
     * @param tracking the arguments of {@code CLIENT TRACKING} for what to report; none for keys that are read on it
     * @param patience how long to wait for an answer
     * @param closing is told when the connection is being closed
     * @throws UnfitException if the connection cannot report changes; the caller must still close it
     */
    static SharedLine on(
            StatefulRedisConnection<byte[], byte[]> connection,
            List<String> tracking,
            Duration patience,
            Listener listener,
            Consumer<CompletableFuture<Void>> closing) {
        LettuceSharedLine line = new LettuceSharedLine(connection, patience, listener, closing);
        connection.addListener((PushListener) line);
        connection.addListener((RedisConnectionStateListener) line);
        line.begin(Stream.concat(Stream.of("TRACKING", "ON"), tracking.stream()).toArray());
        return line;
    }

    private void begin(Object[] track) {
        List<@Nullable Object> replies = send(List.of(HELLO, RawCommand.of("CLIENT", -1, track), INFO));
        if (protocol(replies.get(0)) < 3) { // Redis would answer OK, but never report anything
            throw new UnfitException("the connection does not speak RESP3", null);
        }
        if (replies.get(1) instanceof RuntimeException refused) {
            throw RedisFailures.isKnownToHaveDoneNothing(refused) || RedisFailures.isLoginRefused(refused)
                    ? refused
                    : new UnfitException("CLIENT TRACKING is refused: " + FailureReason.of(refused), refused);
        }
        server = server(replies.get(2));
        if (!connection.isOpen()) {
            throw new RedisConnectionFailureException("The connection was lost at once");
        }
    }

    private static long protocol(@Nullable Object hello) {
        if (hello instanceof RuntimeException failure) {
            String said = FailureReason.of(failure);
            if (said.contains("unknown command") || said.contains("NOPERM") || said.contains("permission")) {
                return 0;
            }
            throw failure;
        }
        List<?> known = StreamReplies.list(hello);
        for (int i = 0; i + 1 < known.size(); i += 2) {
            if (StreamReplies.text(known.get(i)).equals("proto")) {
                return StreamReplies.number(known.get(i + 1));
            }
        }
        return 0;
    }

    private static String server(@Nullable Object info) {
        Matcher master = MASTER.matcher(StreamReplies.text(StreamReplies.single(info)));
        return master.find() ? master.group(1) : "";
    }

    @Override
    public List<@Nullable Object> send(List<RawCommand> commands) {
        CompletableFuture<List<@Nullable Object>> replies =
                LettuceReplies.dispatch(connection, List.of(commands)).get(0);
        try {
            CompletableFuture.anyOf(replies, closed).get(patience.toNanos(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException impossible) {
            throw new IllegalStateException(impossible);
        } catch (TimeoutException late) {
            throw new QueryTimeoutException("No answer within " + patience, late);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new QueryTimeoutException("Interrupted while waiting for an answer", interrupted);
        }
        List<@Nullable Object> answered = replies.getNow(List.of());
        if (answered.isEmpty()) {
            throw new RedisConnectionFailureException("The connection was lost");
        }
        lastAnswer = System.nanoTime();
        return answered;
    }

    @Override
    public void ask(List<Question> questions) {
        List<CompletableFuture<List<@Nullable Object>>> replies = LettuceReplies.dispatch(
                connection, questions.stream().map(Question::commands).toList());
        for (int i = 0; i < questions.size(); i++) {
            Question question = questions.get(i);
            CompletableFuture<?> unused = replies.get(i).thenAccept(answered -> {
                if (!closed.isDone()) {
                    lastAnswer = System.nanoTime();
                    question.replies().accept(answered);
                }
            });
        }
    }

    @Override
    public String server() {
        return server;
    }

    @Override
    public void check() {
        ask(List.of(new Question(List.of(INFO), replies -> {
            if (!(replies.get(0) instanceof RuntimeException)
                    && !server(replies.get(0)).equals(server)) {
                lose("The server is now another one, or a replica");
            }
        })));
    }

    @Override
    public long lastAnswer() {
        return lastAnswer;
    }

    @Override
    public void onPushMessage(PushMessage message) {
        if (!message.getType().equals("invalidate")) {
            return;
        }
        List<Object> content = message.getContent(LettuceSharedLine::text);
        if (content.size() > 1 && content.get(1) instanceof List<?> keys) {
            keys.forEach(key -> listener.changed(String.valueOf(key)));
        } else {
            listener.allChanged();
        }
    }

    private static Object text(ByteBuffer bytes) {
        return StandardCharsets.UTF_8.decode(bytes.duplicate()).toString();
    }

    @Override
    public void onRedisDisconnected(RedisChannelHandler<?, ?> lost) {
        lose("The connection was lost");
    }

    private void lose(String why) {
        if (closed.complete(null)) {
            listener.lost(new RedisConnectionFailureException(why));
        }
    }

    @Override
    public void close() {
        closed.complete(null);
        closing.accept(connection.closeAsync());
    }
}
