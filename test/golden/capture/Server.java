package capture;

import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** A standalone Apache server in a process of its own, on loopback. */
final class Server {
    final int port = freePort();
    final Path home;
    private final String[] settings;
    private Process process;

    Server(Path home, String... settings) throws IOException {
        this.home = home;
        this.settings = settings;
        Files.createDirectories(home.resolve("data"));
    }

    static Server started(String... settings) throws Exception {
        Server server = new Server(Files.createTempDirectory("capture"), settings);
        server.start();
        return server;
    }

    Path data() {
        return home.resolve("data");
    }

    void start() throws Exception {
        List<String> lines = new ArrayList<>(Arrays.asList("tickTime=2000", "dataDir=" + data(),
            "clientPort=" + port, "clientPortAddress=127.0.0.1", "admin.enableServer=false",
            "4lw.commands.whitelist=*", "maxClientCnxns=0"));
        lines.addAll(Arrays.asList(settings));
        Files.write(home.resolve("zoo.cfg"), lines);
        process = new ProcessBuilder("java", "-Xmx200m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC",
            "-cp", System.getenv("CAPTURE_CLASSPATH"),
            "org.apache.zookeeper.server.quorum.QuorumPeerMain", home.resolve("zoo.cfg").toString())
            .redirectErrorStream(true)
            .redirectOutput(home.resolve("out").toFile())
            .start();
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
        long until = System.nanoTime() + 60_000_000_000L;
        while (!word("srvr").contains("Mode:")) {
            if (!process.isAlive() || System.nanoTime() > until) {
                throw new IOException("no server: " + Files.readString(home.resolve("out")));
            }
            Thread.sleep(50);
        }
    }

    /** Without a last word, as a crash would. */
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    void stop() throws Exception {
        process.destroy();
        process.waitFor();
        delete(home.toFile());
    }

    String word(String word) {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(5000);
            socket.getOutputStream().write(word.getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            return "";
        }
    }

    private static void delete(File file) {
        File[] children = file.listFiles();
        for (File child : children == null ? new File[0] : children) {
            delete(child);
        }
        file.delete();
    }

    /** Below the range from which the kernel takes clients' ports. */
    private static int freePort() {
        Random random = new Random();
        while (true) {
            int port = 20000 + random.nextInt(10000);
            try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                return port;
            } catch (IOException e) {
                continue;
            }
        }
    }
}
