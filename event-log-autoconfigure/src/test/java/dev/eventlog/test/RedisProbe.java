package dev.eventlog.test;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Asks a Redis what can be asked without any of the clients, as the tests run with each of them. */
final class RedisProbe {

    private RedisProbe() {}

    /** {@return whether a Redis is there and has its data loaded} */
    static boolean answers(URI uri) {
        try {
            ask(uri, "PING", "+PONG"::equals);
            return true;
        } catch (IOException ex) {
            return false;
        }
    }

    /** {@return what the server says that its version is} */
    static String version(URI uri) throws IOException {
        String field = "redis_version:";
        return ask(uri, "INFO server", line -> line.startsWith(field)).substring(field.length());
    }

    static boolean isAtLeast(int major, String version) {
        return Integer.parseInt(version.substring(0, version.indexOf('.'))) >= major;
    }

    static void killConnections(URI uri) throws IOException {
        ask(uri, "CLIENT KILL TYPE normal SKIPME yes", line -> line.startsWith(":"));
    }

    private static String ask(URI uri, String command, Predicate<String> answer) throws IOException {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(uri.getHost(), port(uri)), 2_000);
            socket.setSoTimeout(2_000);
            String userInfo = uri.getUserInfo();
            String login = userInfo == null
                    ? ""
                    : "AUTH " + userInfo.replaceFirst(":", " ").trim() + "\r\n";
            socket.getOutputStream().write((login + command + "\r\n").getBytes(UTF_8));
            BufferedReader reader = new BufferedReader(new InputStreamReader(socket.getInputStream(), UTF_8));
            String line;
            while ((line = reader.readLine()) != null && !line.startsWith("-")) {
                if (answer.test(line)) {
                    return line;
                }
            }
            throw new IOException("Redis at " + withoutPassword(uri) + " answered: " + line);
        }
    }

    static int port(URI uri) {
        return uri.getPort() == -1 ? 6379 : uri.getPort();
    }

    static String withoutPassword(URI uri) {
        @Nullable String path = uri.getPath();
        return "redis://" + uri.getHost() + ":" + port(uri) + (path == null ? "" : path);
    }
}
