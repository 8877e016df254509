package capture;

import java.io.Closeable;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

/** Passes frames between clients and a server and keeps each of them, in order. */
final class Proxy implements Closeable {
    private static final Map<Integer, String> OPS = Map.ofEntries(
        Map.entry(1, "create"), Map.entry(2, "delete"), Map.entry(3, "exists"), Map.entry(4, "getData"),
        Map.entry(5, "setData"), Map.entry(6, "getACL"), Map.entry(7, "setACL"), Map.entry(8, "getChildren"),
        Map.entry(9, "sync"), Map.entry(11, "ping"), Map.entry(12, "getChildren2"), Map.entry(13, "check"),
        Map.entry(14, "multi"), Map.entry(15, "create2"), Map.entry(16, "reconfig"),
        Map.entry(17, "checkWatches"), Map.entry(18, "removeWatches"), Map.entry(19, "createContainer"),
        Map.entry(21, "createTTL"), Map.entry(22, "multiRead"), Map.entry(100, "auth"),
        Map.entry(101, "setWatches"), Map.entry(105, "setWatches2"), Map.entry(103, "getEphemerals"),
        Map.entry(104, "getAllChildrenNumber"), Map.entry(106, "addWatch"), Map.entry(107, "whoAmI"),
        Map.entry(-11, "closeSession"));

    private final ServerSocket listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final int serverPort;
    private final List<Object> frames = Collections.synchronizedList(new ArrayList<>());
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();
    private int connections;
    private boolean paused;

    Proxy(int serverPort) throws IOException {
        this.serverPort = serverPort;
        start(this::accept);
    }

    int port() {
        return listener.getLocalPort();
    }

    List<Object> frames() {
        return new ArrayList<>(frames);
    }

    /** Breaks the oldest connection; new ones wait until resume(). */
    synchronized void cut() throws IOException {
        paused = true;
        sockets.get(0).close();
        sockets.get(1).close();
    }

    synchronized void resume() {
        paused = false;
        notifyAll();
    }

    private static void start(Runnable task) {
        Thread thread = new Thread(task);
        thread.setDaemon(true);
        thread.start();
    }

    private void accept() {
        try {
            while (true) {
                Socket client = listener.accept();
                client.setTcpNoDelay(true);
                synchronized (this) {
                    while (paused) {
                        wait();
                    }
                    Socket server = new Socket(InetAddress.getLoopbackAddress(), serverPort);
                    server.setTcpNoDelay(true);
                    sockets.add(client);
                    sockets.add(server);
                    int connection = ++connections;
                    start(() -> pump(client, server, "client", connection));
                    start(() -> pump(server, client, "server", connection));
                }
            }
        } catch (IOException | InterruptedException e) {
            return;
        }
    }

    private void pump(Socket from, Socket to, String name, int connection) {
        boolean first = true;
        try (from; to) {
            DataInputStream in = new DataInputStream(from.getInputStream());
            DataOutputStream out = new DataOutputStream(to.getOutputStream());
            while (true) {
                byte[] frame = new byte[4 + in.readInt()];
                ByteBuffer buffer = ByteBuffer.wrap(frame).putInt(frame.length - 4);
                in.readFully(frame, 4, frame.length - 4);
                frames.add(Json.object("from", name, "connection", connection, "hex", Json.hex(frame),
                    "what", first ? "connect" : what(name, buffer)));
                first = false;
                out.write(frame);
            }
        } catch (IOException e) {
            // the first of the two pumps to end tells who closed
            synchronized (this) {
                if (sockets.remove(from)) {
                    sockets.remove(to);
                    frames.add(Json.object("from", paused ? "client" : name, "connection", connection, "hex", "",
                        "what", "close", "close", true));
                }
            }
        }
    }

    private static String what(String name, ByteBuffer buffer) {
        int xid = buffer.getInt();
        if (name.equals("client")) {
            int type = buffer.getInt();
            return OPS.getOrDefault(type, "opcode " + type) + " xid " + xid;
        }
        return "reply xid " + xid + " zxid " + buffer.getLong() + " err " + buffer.getInt();
    }

    @Override
    public void close() throws IOException {
        listener.close();
        for (Socket socket : sockets) {
            socket.close();
        }
    }
}
