package dev.eventlog.test;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Sends commands to a Redis without a client library, because the tests run with several of them. */
final class RedisProbe {

    private RedisProbe() {}

    /** {@return whether a Redis is running and has loaded its data} */
    static boolean answers(URI uri) {
        try {
            return "PONG".equals(ask(uri, "PING"));
        } catch (IOException ex) {
            return false;
        }
    }

    /** {@return the version that the server reports} */
    static String version(URI uri) throws IOException {
        return info(uri, "server", "redis_version");
    }

    /** {@return one field in a section of the server's INFO} */
    static String info(URI uri, String section, String field) throws IOException {
        String info = String.valueOf(ask(uri, "INFO", section));
        return info.lines()
                .filter(line -> line.startsWith(field + ":"))
                .findFirst()
                .orElseThrow(() -> new IOException("No " + field + " at " + withoutPassword(uri) + " in: " + info))
                .substring(field.length() + 1);
    }

    static boolean isAtLeast(int major, String version) {
        return Integer.parseInt(version.substring(0, version.indexOf('.'))) >= major;
    }

    /**
     * Sends one command on its own connection.
     *
     * @return a text, a number, a list of replies, or null
     * @throws IOException also if the answer is an error
     */
    static @Nullable Object ask(URI uri, String... command) throws IOException {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(uri.getHost(), port(uri)), 2_000);
            socket.setSoTimeout(5_000);
            InputStream answers = new BufferedInputStream(socket.getInputStream());
            String userInfo = uri.getUserInfo();
            if (userInfo != null) {
                List<String> login = new ArrayList<>(List.of("AUTH"));
                for (String part : userInfo.split(":", 2)) {
                    if (!part.isEmpty()) {
                        login.add(part);
                    }
                }
                send(socket, login);
                answer(answers);
            }
            send(socket, List.of(command));
            return answer(answers);
        } catch (IOException ex) {
            throw new IOException(
                    "Redis at " + withoutPassword(uri) + ", asked for " + command[0] + ": " + ex.getMessage(), ex);
        }
    }

    private static void send(Socket socket, List<String> words) throws IOException {
        ByteArrayOutputStream request = new ByteArrayOutputStream();
        request.writeBytes(("*" + words.size() + "\r\n").getBytes(UTF_8));
        for (String word : words) {
            byte[] bytes = word.getBytes(UTF_8);
            request.writeBytes(("$" + bytes.length + "\r\n").getBytes(UTF_8));
            request.writeBytes(bytes);
            request.writeBytes("\r\n".getBytes(UTF_8));
        }
        socket.getOutputStream().write(request.toByteArray());
    }

    private static @Nullable Object answer(InputStream in) throws IOException {
        String line = line(in);
        String rest = line.substring(1);
        switch (line.charAt(0)) {
            case '+':
                return rest;
            case ':':
                return Long.valueOf(rest);
            case '$':
                int length = Integer.parseInt(rest);
                if (length < 0) {
                    return null;
                }
                String text = new String(in.readNBytes(length), UTF_8);
                line(in);
                return text;
            case '*':
                List<@Nullable Object> list = new ArrayList<>();
                for (int left = Integer.parseInt(rest); left > 0; left--) {
                    list.add(answer(in));
                }
                return list;
            default:
                throw new IOException("it answered " + line);
        }
    }

    private static String line(InputStream in) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int next = in.read(); next != '\n'; next = in.read()) {
            if (next < 0) {
                throw new IOException("it closed the connection");
            }
            if (next != '\r') {
                line.write(next);
            }
        }
        return line.toString(UTF_8);
    }

    static int port(URI uri) {
        return uri.getPort() == -1 ? 6379 : uri.getPort();
    }

    static String withoutPassword(URI uri) {
        @Nullable String path = uri.getPath();
        return "redis://" + uri.getHost() + ":" + port(uri) + (path == null ? "" : path);
    }
}
