package dev.eventlog.redis;

import io.lettuce.core.LettuceFutures;
import io.lettuce.core.RedisCommandTimeoutException;
import io.lettuce.core.RedisException;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.api.StatefulConnection;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.lettuce.core.cluster.api.async.RedisAdvancedClusterAsyncCommands;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.output.NestedMultiOutput;
import io.lettuce.core.protocol.AsyncCommand;
import io.lettuce.core.protocol.Command;
import io.lettuce.core.protocol.CommandArgs;
import io.lettuce.core.protocol.CommandType;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.data.redis.RedisSystemException;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.lettuce.LettuceExceptionConverter;

/** Sends commands through Lettuce, and returns their replies as Redis sent them, with RESP2 and RESP3 alike. */
final class LettuceReplies {

    private static final LettuceExceptionConverter EXCEPTIONS = new LettuceExceptionConverter();

    private LettuceReplies() {}

    /**
     * Returns the connection below Spring Data's connection. It is closed to cut off a reader. Closing Spring Data's connection
     * from another thread is not enough: if its reader is just about to block, it opens a second connection, which nobody closes.
     */
    @SuppressWarnings("deprecation") // Lettuce offers no other way from the commands to their connection
    static StatefulConnection<?, ?> connection(RedisConnection connection) {
        Object commands = connection.getNativeConnection();
        if (commands instanceof RedisAsyncCommands<?, ?> standalone) {
            return standalone.getStatefulConnection();
        }
        if (commands instanceof RedisAdvancedClusterAsyncCommands<?, ?> cluster) {
            return cluster.getStatefulConnection();
        }
        throw new IllegalStateException("Unexpected kind of Lettuce connection: " + commands.getClass());
    }

    @SuppressWarnings("unchecked") // Spring Data's connections have this codec
    static Supplier<List<@Nullable Object>> sendAhead(RedisConnection connection, List<RawCommand> commands) {
        StatefulConnection<byte[], byte[]> lettuce = (StatefulConnection<byte[], byte[]>) connection(connection);
        List<AsyncCommand<byte[], byte[], List<Object>>> sent = write(lettuce, commands);
        return () -> await(sent, lettuce.getTimeout().toNanos());
    }

    static List<@Nullable Object> send(RedisConnection connection, List<RawCommand> commands) {
        return sendAhead(connection, commands).get();
    }

    private static List<@Nullable Object> await(List<AsyncCommand<byte[], byte[], List<Object>>> sent, long timeout) {
        long patience = awaitLast(sent.get(sent.size() - 1), timeout) ? timeout : 1;
        List<@Nullable Object> replies = new ArrayList<>(sent.size());
        for (RedisFuture<List<Object>> future : sent) {
            try {
                replies.add(LettuceFutures.awaitOrCancel(future, patience, TimeUnit.NANOSECONDS));
            } catch (RuntimeException failure) {
                replies.add(translate(failure));
                if (replies.size() == 1) { // the commands behind it are useless
                    sent.forEach(each -> each.cancel(true));
                    return replies;
                }
            }
        }
        return replies;
    }

    /**
     * Replies come in order: waiting for the last one wakes this thread once, and not once for each.
     *
     * @return whether the others may still take their time, which they can only in a cluster
     */
    private static boolean awaitLast(RedisFuture<?> last, long timeout) {
        try {
            LettuceFutures.awaitOrCancel(last, timeout, TimeUnit.NANOSECONDS);
            return true;
        } catch (RuntimeException failure) { // thrown again where its reply is taken
            return !(failure instanceof RedisCommandTimeoutException);
        }
    }

    /** Writes all commands at once. */
    private static List<AsyncCommand<byte[], byte[], List<Object>>> write(
            StatefulConnection<byte[], byte[]> lettuce, List<RawCommand> commands) {
        List<AsyncCommand<byte[], byte[], List<Object>>> sent =
                commands.stream().map(LettuceReplies::command).toList();
        try {
            if (sent.size() == 1) {
                lettuce.dispatch(sent.get(0));
            } else {
                lettuce.dispatch(sent);
            }
        } catch (RuntimeException notSent) {
            sent.forEach(future -> future.cancel(true));
            throw translate(notSent);
        }
        return sent;
    }

    /**
     * Sends the commands of several questions in one write, without waiting.
     *
     * @return for each question a future that completes on a thread of the driver with a reply for each of its commands, or a
     *         {@link RuntimeException} for a failed one; never completes exceptionally, and may never complete if the connection
     *         is lost
     */
    static List<CompletableFuture<List<@Nullable Object>>> dispatch(
            StatefulConnection<byte[], byte[]> lettuce, List<List<RawCommand>> questions) {
        List<AsyncCommand<byte[], byte[], List<Object>>> sent;
        try {
            sent = write(lettuce, questions.stream().flatMap(List::stream).toList());
        } catch (RuntimeException notSent) {
            return questions.stream()
                    .map(commands -> CompletableFuture.completedFuture(
                            Collections.<@Nullable Object>nCopies(commands.size(), notSent)))
                    .toList();
        }
        List<CompletableFuture<List<@Nullable Object>>> replies = new ArrayList<>(questions.size());
        int from = 0;
        for (List<RawCommand> commands : questions) {
            replies.add(replies(sent.subList(from, from + commands.size())));
            from += commands.size();
        }
        return replies;
    }

    private static CompletableFuture<List<@Nullable Object>> replies(
            List<AsyncCommand<byte[], byte[], List<Object>>> sent) {
        CompletableFuture<?> all =
                sent.size() == 1 ? sent.get(0) : CompletableFuture.allOf(sent.toArray(CompletableFuture[]::new));
        return all.handle((nothing, failure) -> {
            List<@Nullable Object> replies = new ArrayList<>(sent.size());
            for (AsyncCommand<byte[], byte[], List<Object>> each : sent) {
                replies.add(reply(each));
            }
            return replies;
        });
    }

    private static @Nullable Object reply(AsyncCommand<byte[], byte[], List<Object>> done) {
        try {
            return done.join();
        } catch (CompletionException failure) {
            return translate(
                    failure.getCause() instanceof RuntimeException cause ? cause : new RedisException(failure));
        } catch (RuntimeException failure) {
            return translate(failure);
        }
    }

    private static AsyncCommand<byte[], byte[], List<Object>> command(RawCommand command) {
        return new AsyncCommand<>(new Command<>(
                CommandType.valueOf(command.name()),
                new NestedMultiOutput<>(ByteArrayCodec.INSTANCE),
                arguments(command)));
    }

    private static CommandArgs<byte[], byte[]> arguments(RawCommand command) {
        CommandArgs<byte[], byte[]> arguments = new CommandArgs<>(ByteArrayCodec.INSTANCE);
        for (int i = 0; i < command.arguments().size(); i++) {
            byte[] argument = command.arguments().get(i);
            if (i == command.keyAt()) {
                arguments.addKey(argument);
            } else {
                arguments.add(argument);
            }
        }
        return arguments;
    }

    private static RuntimeException translate(RuntimeException failure) {
        RuntimeException translated = EXCEPTIONS.convert(failure);
        return translated != null ? translated : new RedisSystemException("Unknown Redis exception", failure);
    }
}
