// Fills a server with nodes of every kind, prints all that a client can see, takes sessions over.
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.StatsTrack;
import org.apache.zookeeper.Watcher;
import org.apache.zookeeper.ZooDefs.Ids;
import org.apache.zookeeper.ZooDefs.Perms;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.cli.SetQuotaCommand;
import org.apache.zookeeper.data.ACL;
import org.apache.zookeeper.data.Id;
import org.apache.zookeeper.data.Stat;
import org.apache.zookeeper.server.auth.DigestAuthenticationProvider;

public final class DataDirectory {
    private static final int TIMEOUT = 60_000;
    private static final List<ACL> OPEN = Ids.OPEN_ACL_UNSAFE;

    /** Does one thing, or without arguments what the lines of stdin say, each answer ended by a line END. */
    public static void main(String[] args) throws Exception {
        if (args.length > 0) {
            act(args);
        } else {
            BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                act(line.split(" "));
                System.out.println("END");
            }
        }
        System.out.flush();
        // Without closing any session: what was opened here is to outlive this process.
        Runtime.getRuntime().halt(0);
    }

    private static void act(String[] args) throws Exception {
        switch (args[0]) {
            case "fill":
                fill(args[1], args[2]);
                break;
            case "dump":
                dump(args[1]);
                break;
            case "resume":
                resume(args[1], Long.parseUnsignedLong(args[2], 16), fromHex(args[3]));
                break;
            case "stream":
                stream(args[1]);
                break;
            case "tryContainer":
                tryContainer(args[1], args[2]);
                break;
            default:
                throw new IllegalArgumentException(args[0]);
        }
    }

    private static ZooKeeper connect(String address, long id, byte[] password) throws Exception {
        CountDownLatch connected = new CountDownLatch(1);
        Watcher watcher = event -> {
            if (event.getState() == Watcher.Event.KeeperState.SyncConnected) {
                connected.countDown();
            } else if (event.getState() == Watcher.Event.KeeperState.Expired) {
                System.out.println("expired");
                System.out.flush();
                Runtime.getRuntime().halt(3);
            }
        };
        ZooKeeper client = id == 0 ? new ZooKeeper(address, TIMEOUT, watcher)
                : new ZooKeeper(address, TIMEOUT, watcher, id, password);
        if (!connected.await(20, TimeUnit.SECONDS)) {
            throw new IllegalStateException("no connection to " + address);
        }
        return client;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(java.nio.charset.StandardCharsets.UTF_8);
    }

    /** Everything below /root; two sessions stay open and are printed as `SESSION id password`. */
    private static void fill(String address, String root) throws Exception {
        ZooKeeper zk = connect(address, 0, null);
        ZooKeeper other = connect(address, 0, null);
        zk.create(root, bytes("root"), OPEN, CreateMode.PERSISTENT);
        zk.create(root + "/null", null, OPEN, CreateMode.PERSISTENT);
        zk.create(root + "/empty", new byte[0], OPEN, CreateMode.PERSISTENT);
        zk.create(root + "/\u4efb\u52a1", bytes("\u00e9"), OPEN, CreateMode.PERSISTENT);
        byte[] large = new byte[300_000];
        for (int i = 0; i < large.length; i++) {
            large[i] = (byte) (i * 13);
        }
        zk.create(root + "/large", large, OPEN, CreateMode.PERSISTENT);
        zk.create(root + "/many", null, OPEN, CreateMode.PERSISTENT);
        for (int i = 0; i < 120; i++) {
            zk.create(root + "/many/n-", bytes("v" + i), OPEN, CreateMode.PERSISTENT_SEQUENTIAL);
        }
        for (int i = 0; i < 120; i += 3) {
            zk.delete(root + "/many/n-" + String.format("%010d", i), -1);
        }
        for (int i = 1; i < 120; i += 3) {
            zk.setData(root + "/many/n-" + String.format("%010d", i), bytes("changed" + i), 0);
        }
        access(zk, root);
        zk.create(root + "/container", null, OPEN, CreateMode.CONTAINER);
        zk.create(root + "/container/kept", null, OPEN, CreateMode.PERSISTENT);
        zk.create(root + "/ttl", bytes("t"), OPEN, CreateMode.PERSISTENT_WITH_TTL, new Stat(), 3_600_000);
        quota(zk, root + "/quota");
        zk.create(root + "/e1", bytes("mine"), OPEN, CreateMode.EPHEMERAL);
        other.create(root + "/e2-", null, OPEN, CreateMode.EPHEMERAL_SEQUENTIAL);
        ZooKeeper closed = connect(address, 0, null);
        closed.create(root + "/gone", null, OPEN, CreateMode.EPHEMERAL);
        closed.close();
        multi(zk, root + "/multi");
        for (ZooKeeper client : Arrays.asList(zk, other)) {
            System.out.println("SESSION " + Long.toHexString(client.getSessionId()) + " "
                    + toHex(client.getSessionPasswd()));
        }
    }

    private static void access(ZooKeeper zk, String root) throws Exception {
        String id = DigestAuthenticationProvider.generateDigest("bob:pw");
        List<ACL> closed = Arrays.asList(new ACL(31, new Id("digest", id)),
                new ACL(Perms.READ, new Id("ip", "10.1.0.0/16")));
        zk.create(root + "/closed", bytes("secret"), closed, CreateMode.PERSISTENT);
        zk.create(root + "/acl", null, OPEN, CreateMode.PERSISTENT);
        zk.setACL(root + "/acl", Ids.READ_ACL_UNSAFE, 0);
        zk.create(root + "/acl2", null, Ids.READ_ACL_UNSAFE, CreateMode.PERSISTENT);
    }

    private static void quota(ZooKeeper zk, String path) throws Exception {
        zk.create(path, bytes("12345"), OPEN, CreateMode.PERSISTENT);
        StatsTrack limits = new StatsTrack();
        limits.setCount(100);
        limits.setByteHardLimit(1000);
        SetQuotaCommand.createQuota(zk, path, limits);
        zk.create(path + "/a", bytes("67"), OPEN, CreateMode.PERSISTENT);
        zk.create(path + "/b", bytes("890"), OPEN, CreateMode.PERSISTENT);
        zk.setData(path + "/a", bytes("6"), -1);
        zk.delete(path + "/b", -1);
    }

    private static void multi(ZooKeeper zk, String path) throws Exception {
        zk.multi(Arrays.asList(Op.create(path, bytes("1"), OPEN, CreateMode.PERSISTENT),
                Op.create(path + "/c", null, OPEN, CreateMode.PERSISTENT),
                Op.setData(path, bytes("2"), 0), Op.check(path, 1),
                Op.create(path + "/gone", null, OPEN, CreateMode.PERSISTENT), Op.delete(path + "/gone", 0)));
        try {
            zk.multi(Arrays.asList(Op.setData(path, bytes("3"), 1), Op.check(path, 77)));
            throw new AssertionError("the multi succeeded");
        } catch (KeeperException.BadVersionException expected) {
            // a failed transaction has its place in the log too
        }
    }

    /** One line for each node that the superuser sees: path, data, stat, access list. */
    private static void dump(String address) throws Exception {
        ZooKeeper zk = connect(address, 0, null);
        zk.addAuthInfo("digest", bytes("super:secret"));
        List<String> lines = new ArrayList<>();
        visit(zk, "/", lines);
        Collections.sort(lines);
        lines.forEach(System.out::println);
        zk.close();
    }

    private static void visit(ZooKeeper zk, String path, List<String> lines) throws Exception {
        Stat stat = new Stat();
        byte[] data = zk.getData(path, false, stat);
        String shown = data == null ? "null" : data.length > 1000
                ? data.length + " bytes, hash " + Arrays.hashCode(data)
                : Base64.getEncoder().encodeToString(data);
        Stat again = new Stat();
        List<ACL> acl = zk.getACL(path, again);
        lines.add(path + " data=" + shown + " stat=" + stat.toString().trim() + " acl=" + acl);
        for (String child : zk.getChildren(path, false)) {
            visit(zk, path.equals("/") ? "/" + child : path + "/" + child, lines);
        }
    }

    /** Takes a session over, prints its ephemerals, closes it. */
    private static void resume(String address, long id, byte[] password) throws Exception {
        ZooKeeper zk = connect(address, id, password);
        List<String> ephemerals = new ArrayList<>(zk.getEphemerals());
        Collections.sort(ephemerals);
        System.out.println(Long.toHexString(zk.getSessionId()) + " " + ephemerals);
        zk.close();
    }

    /** Creates nodes as fast as it can until the server is gone; prints how many were acknowledged. */
    private static void stream(String address) throws Exception {
        ZooKeeper zk = connect(address, 0, null);
        zk.create("/stream", null, OPEN, CreateMode.PERSISTENT);
        AtomicInteger acknowledged = new AtomicInteger();
        CountDownLatch lost = new CountDownLatch(1);
        Semaphore room = new Semaphore(200);
        new Thread(() -> {
            for (int i = 0; lost.getCount() > 0; i++) {
                room.acquireUninterruptibly();
                byte[] data = new byte[i % 700];
                Arrays.fill(data, (byte) i);
                zk.create("/stream/" + i, data, OPEN, CreateMode.PERSISTENT, (rc, path, context, name) -> {
                    room.release();
                    if (rc != 0) {
                        lost.countDown();
                    } else if (lost.getCount() > 0 && acknowledged.incrementAndGet() == 2_000) {
                        System.err.println("many");
                    }
                }, null);
            }
        }).start();
        lost.await();
        System.out.println(acknowledged.get());
    }

    /** Empties a container and waits until it is gone; makes a TTL node end. */
    private static void tryContainer(String address, String root) throws Exception {
        ZooKeeper zk = connect(address, 0, null);
        zk.delete(root + "/container/kept", -1);
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (zk.exists(root + "/container", false) != null) {
            if (System.nanoTime() > until) {
                throw new AssertionError("the container stays");
            }
            Thread.sleep(20);
        }
        System.out.println("gone");
        zk.close();
    }

    private static String toHex(byte[] data) {
        StringBuilder text = new StringBuilder();
        for (byte one : data) {
            text.append(String.format("%02x", one));
        }
        return text.toString();
    }

    private static byte[] fromHex(String text) {
        byte[] data = new byte[text.length() / 2];
        for (int i = 0; i < data.length; i++) {
            data[i] = (byte) Integer.parseInt(text.substring(2 * i, 2 * i + 2), 16);
        }
        return data;
    }
}
