package dev.eventlog.test;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;

/** Many clients of one stream on one thread. */
public final class IdleClients implements AutoCloseable {

    private final Selector selector = Selector.open();
    private final List<SocketChannel> sockets = new ArrayList<>();

    /**
     * Opens the stream for each client.
     *
     * @param count the number
     * @param uri the address
     * @throws IOException if one cannot connect
     */
    public IdleClients(int count, URI uri) throws IOException {
        byte[] request = ("GET " + uri.getRawPath() + (uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery())
                        + " HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n")
                .getBytes(UTF_8);
        try {
            for (int i = 0; i < count; i++) {
                SocketChannel socket = SocketChannel.open();
                sockets.add(socket);
                socket.connect(new InetSocketAddress(uri.getHost(), uri.getPort()));
                socket.write(ByteBuffer.wrap(request));
                socket.configureBlocking(false);
                socket.register(selector, SelectionKey.OP_READ, new StringBuilder());
            }
        } catch (IOException ex) {
            close();
            throw ex;
        }
    }

    /**
     * Reads until each client has received a text once.
     *
     * @param text the text
     * @param seconds the maximum time
     * @return the number of clients that received it
     * @throws IOException if a connection is lost
     */
    public int await(String text, int seconds) throws IOException {
        long deadline = System.nanoTime() + seconds * 1_000_000_000L;
        ByteBuffer buffer = ByteBuffer.allocate(64 * 1024);
        int got = 0;
        while (got < sockets.size() && System.nanoTime() < deadline) {
            selector.select(100);
            for (SelectionKey key : selector.selectedKeys()) {
                buffer.clear();
                if (((SocketChannel) key.channel()).read(buffer) < 0) {
                    throw new IOException("The server closed a connection");
                }
                StringBuilder unseen = (StringBuilder) key.attachment();
                unseen.append(UTF_8.decode(buffer.flip()));
                int at = unseen.indexOf(text);
                if (at >= 0) {
                    got++;
                    unseen.delete(0, at + text.length());
                }
            }
            selector.selectedKeys().clear();
        }
        return got;
    }

    @Override
    public void close() throws IOException {
        for (SocketChannel socket : sockets) {
            socket.close();
        }
        selector.close();
    }
}
