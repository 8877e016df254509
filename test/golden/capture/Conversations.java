package capture;

import static org.apache.zookeeper.KeeperException.Code.BADARGUMENTS;
import static org.apache.zookeeper.KeeperException.Code.BADVERSION;
import static org.apache.zookeeper.KeeperException.Code.INVALIDACL;
import static org.apache.zookeeper.KeeperException.Code.NOAUTH;
import static org.apache.zookeeper.KeeperException.Code.NOCHILDRENFOREPHEMERALS;
import static org.apache.zookeeper.KeeperException.Code.NODEEXISTS;
import static org.apache.zookeeper.KeeperException.Code.NONODE;
import static org.apache.zookeeper.KeeperException.Code.NOTEMPTY;
import static org.apache.zookeeper.KeeperException.Code.NOWATCHER;
import static org.apache.zookeeper.KeeperException.Code.QUOTAEXCEEDED;
import static org.apache.zookeeper.KeeperException.Code.RECONFIGDISABLED;
import static org.apache.zookeeper.KeeperException.Code.UNIMPLEMENTED;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.jute.BinaryOutputArchive;
import org.apache.jute.Record;
import org.apache.zookeeper.AddWatchMode;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.Watcher.WatcherType;
import org.apache.zookeeper.ZooDefs.Ids;
import org.apache.zookeeper.ZooDefs.Perms;
import org.apache.zookeeper.data.ACL;
import org.apache.zookeeper.data.Id;
import org.apache.zookeeper.data.Stat;
import org.apache.zookeeper.proto.ConnectRequest;
import org.apache.zookeeper.proto.CreateRequest;
import org.apache.zookeeper.proto.GetDataRequest;
import org.apache.zookeeper.proto.RequestHeader;

/** Records what real clients and a fresh real server say to each other, one file a subject. */
public final class Conversations {
    private static final List<ACL> OPEN = Ids.OPEN_ACL_UNSAFE;
    private static final CreateMode KEEP = CreateMode.PERSISTENT;

    interface Talk {
        void run(Proxy proxy, Server server) throws Exception;
    }

    private final Path folder;
    private final String only;
    private final List<String> failed = new ArrayList<>();
    private final Map<String, Object> index = new LinkedHashMap<>();

    private Conversations(Path folder, String only) {
        this.folder = folder;
        this.only = only;
    }

    public static void main(String[] args) throws Exception {
        Path golden = Path.of(args[0]);
        Conversations all = new Conversations(golden.resolve("conversations"), args.length > 1 ? args[1] : null);
        Files.createDirectories(all.folder);
        all.run();
        if (!all.failed.isEmpty()) {
            throw new Client.Unexpected("failed: " + all.failed);
        }
        if (all.only == null) {
            Files.writeString(golden.resolve("conversations.json"), Json.members(all.index));
        }
    }

    private void capture(String name, String note, Talk talk, String... settings) throws Exception {
        index.put(name, Json.object("note", note, "settings", Arrays.asList(settings)));
        if (only != null && !only.equals(name)) {
            return;
        }
        System.err.println("  " + name);
        Server server = Server.started(settings);
        try (Proxy proxy = new Proxy(server.port)) {
            talk.run(proxy, server);
            Thread.sleep(100); // for the last close to be seen
            Files.writeString(folder.resolve(name + ".json"), Json.lines(proxy.frames()));
        } catch (Exception e) {
            failed.add(name);
            e.printStackTrace();
        } finally {
            server.stop();
        }
    }

    private void run() throws Exception {
        capture("connect", "connect with 4000 ms, two pings, close", Conversations::connect);
        capture("connectReadOnly", "a client that accepts a read-only server", (proxy, server) ->
            Client.connected(proxy.port(), 30000, true).close());
        capture("connectWithoutReadOnly", "as clients before 3.4 connect: no readOnly byte; then create, "
            + "getData, closeSession", Conversations::connectWithoutReadOnly);
        capture("timeouts", "asked timeouts of 1 and 999999 ms are raised to 2 and cut to 20 ticks",
            (proxy, server) -> {
                for (int timeout : new int[] {1, 0, -1, 3999, 40001, 999999}) {
                    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), proxy.port())) {
                        DataOutputStream out = new DataOutputStream(socket.getOutputStream());
                        DataInputStream in = new DataInputStream(socket.getInputStream());
                        send(out, new ConnectRequest(0, 0, timeout, 0, new byte[16]));
                        receive(in);
                        send(out, new RequestHeader(1, -11));
                        receive(in);
                        in.read();
                    }
                }
            });
        capture("crud", "create, create2, exists, getData, setData, delete", Conversations::crud);
        capture("sequential", "names of sequential znodes", Conversations::sequential);
        capture("children", "getChildren, getChildren2, getAllChildrenNumber; Apache's order is that of "
            + "a HashSet: compare children as sets", Conversations::children);
        capture("watches", "one-shot data, exists and child watches; another session's writes",
            Conversations::watches);
        capture("ownWatches", "the order of a session's own events and replies", Conversations::ownWatches);
        capture("persistentWatches", "addWatch persistent and recursive, removeWatches of each type",
            Conversations::persistentWatches);
        capture("acl", "digest, auth, ip and world ACLs; addAuth; masked passwords", Conversations::acl);
        capture("authFailed", "an unknown authentication scheme", Conversations::authFailed);
        capture("multi", "multi that succeeds and that fails, multiRead", Conversations::multi,
            "extendedTypesEnabled=true");
        capture("setWatches", "a cut session is resumed; setWatches finds missed changes",
            (proxy, server) -> resume(proxy, server, false));
        capture("setWatches2", "the same with persistent watches",
            (proxy, server) -> resume(proxy, server, true));
        capture("expiry", "a session that falls silent loses its ephemeral", Conversations::expiry);
        capture("errors", "one request for each error", Conversations::errors);
        capture("various", "getEphemerals, getAllChildrenNumber, whoAmI, sync, getConfig",
            Conversations::various);
        capture("extendedTypes", "container and TTL znodes", Conversations::extendedTypes,
            "extendedTypesEnabled=true");
        capture("extendedTypesDisabled", "TTL refused, container allowed", (proxy, server) -> {
            Client client = Client.connected(proxy.port(), 30000);
            client.create("/container", null, OPEN, CreateMode.CONTAINER);
            Client.fails(UNIMPLEMENTED, () -> client.create("/ttl", null, OPEN,
                CreateMode.PERSISTENT_WITH_TTL, new Stat(), 10000));
            client.close();
        });
        capture("quota", "soft and hard quotas", Conversations::quota, "enforceQuota=true");
        capture("reconfigDisabled", "reconfig is refused", (proxy, server) -> reconfig(proxy, RECONFIGDISABLED));
        capture("reconfigStandalone", "reconfig needs an ensemble",
            (proxy, server) -> reconfig(proxy, UNIMPLEMENTED), "reconfigEnabled=true");
        capture("kazoo", "python3-kazoo: its own encoder, characters above U+FFFF take 4 bytes",
            Conversations::kazoo);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static void connect(Proxy proxy, Server server) throws Exception {
        Client client = Client.connected(proxy.port(), 4000);
        while (proxy.frames().size() < 6) {
            Thread.sleep(20);
        }
        client.close();
    }

    private static void send(DataOutputStream out, Object... parts) throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        for (Object part : parts) {
            ((Record) part).serialize(BinaryOutputArchive.getArchive(body), "part");
        }
        byte[] frame = new byte[body.size() + 4];
        System.arraycopy(body.toByteArray(), 0, frame, 4, body.size());
        frame[2] = (byte) (body.size() >> 8);
        frame[3] = (byte) body.size();
        out.write(frame);
    }

    private static void receive(DataInputStream in) throws IOException {
        in.readFully(new byte[in.readInt()]);
    }

    private static void connectWithoutReadOnly(Proxy proxy, Server server) throws Exception {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), proxy.port())) {
            DataOutputStream out = new DataOutputStream(socket.getOutputStream());
            DataInputStream in = new DataInputStream(socket.getInputStream());
            send(out, new ConnectRequest(0, 0, 10000, 0, new byte[16]));
            receive(in);
            send(out, new RequestHeader(1, 1), new CreateRequest("/old", bytes("x"), OPEN, 1));
            receive(in);
            send(out, new RequestHeader(2, 4), new GetDataRequest("/old", false));
            receive(in);
            send(out, new RequestHeader(3, -11));
            receive(in);
            if (in.read() != -1) {
                throw new Client.Unexpected("the server did not close");
            }
        }
    }

    private static void crud(Proxy proxy, Server server) throws Exception {
        Client c = Client.connected(proxy.port(), 30000);
        Stat stat = new Stat();
        c.create("/a", bytes("data"), OPEN, KEEP);
        c.create("/empty", new byte[0], OPEN, KEEP);
        c.create("/null", null, OPEN, KEEP);
        c.create("/ephemeral", bytes("e"), OPEN, CreateMode.EPHEMERAL);
        c.create("/two", bytes("2"), OPEN, KEEP, stat);
        c.create("/a/\u4e2d\u6587 \u00fc", bytes("\u4e2d"), OPEN, KEEP, stat);
        c.create("/a/\ud83d\ude80".replace("\ud83d\ude80", "\u2603"), bytes("\ud83d\ude80"), OPEN, KEEP);
        c.exists("/a", false);
        c.exists("/missing", false);
        c.getData("/a", false, stat);
        c.getData("/empty", false, stat);
        c.getData("/null", false, stat);
        c.getData("/ephemeral", false, stat);
        c.setData("/a", bytes("data 2"), 0);
        c.setData("/a", null, -1);
        c.setData("/a", new byte[1000], 2);
        c.getData("/a", false, stat);
        c.getData("/", false, stat);
        c.exists("/", false);
        c.exists("/zookeeper", false);
        c.getData("/zookeeper/config", false, stat);
        c.setData("/", bytes("root"), -1);
        c.delete("/null", -1);
        c.delete("/empty", 0);
        c.delete("/a/\u4e2d\u6587 \u00fc", -1);
        c.exists("/a", false);
        c.create("/empty", bytes("again"), OPEN, KEEP, stat);
        c.delete("/ephemeral", -1);
        c.create("/ephemeral", bytes("goes with the session"), OPEN, CreateMode.EPHEMERAL, stat);
        c.close();
        Client second = Client.connected(proxy.port(), 30000);
        second.exists("/ephemeral", false);
        second.exists("/", false);
        second.close();
    }

    private static void sequential(Proxy proxy, Server server) throws Exception {
        Client c = Client.connected(proxy.port(), 30000);
        Stat stat = new Stat();
        c.create("/q", null, OPEN, KEEP);
        c.create("/q/n-", null, OPEN, CreateMode.PERSISTENT_SEQUENTIAL);
        c.create("/q/n-", null, OPEN, CreateMode.EPHEMERAL_SEQUENTIAL, stat);
        c.create("/q/", null, OPEN, CreateMode.PERSISTENT_SEQUENTIAL);
        c.create("/q/plain", null, OPEN, KEEP);
        c.delete("/q/plain", -1);
        c.create("/q/after", null, OPEN, CreateMode.PERSISTENT_SEQUENTIAL, stat);
        c.exists("/q", false);
        c.create("/top-", null, OPEN, CreateMode.PERSISTENT_SEQUENTIAL);
        c.close();
        Client second = Client.connected(proxy.port(), 30000);
        second.exists("/q", false);
        second.create("/q/n-", null, OPEN, CreateMode.PERSISTENT_SEQUENTIAL);
        second.close();
    }

    private static void children(Proxy proxy, Server server) throws Exception {
        Client c = Client.connected(proxy.port(), 30000);
        Stat stat = new Stat();
        c.getChildren("/", false);
        c.create("/p", null, OPEN, KEEP);
        c.getChildren("/p", false);
        c.getChildren("/p", false, stat);
        for (int i = 0; i < 12; i++) {
            c.create("/p/child" + i, null, OPEN, KEEP);
        }
        c.create("/p/child3/deep", null, OPEN, KEEP);
        c.getChildren("/p", false);
        c.getChildren("/p", false, stat);
        c.getAllChildrenNumber("/p");
        c.getAllChildrenNumber("/");
        c.delete("/p/child7", -1);
        c.getChildren("/p", false, stat);
        c.getAllChildrenNumber("/p/child1");
        c.close();
    }

    private static void watches(Proxy proxy, Server server) throws Exception {
        Client a = Client.connected(proxy.port(), 30000);
        Client b = Client.connected(proxy.port(), 30000);
        String connected = "SyncConnected ";
        a.exists("/w", true);
        b.create("/w", bytes("1"), OPEN, KEEP);
        a.await(connected + "NodeCreated /w");
        a.getData("/w", true, null);
        b.setData("/w", bytes("2"), -1);
        a.await(connected + "NodeDataChanged /w");
        b.setData("/w", bytes("3"), -1);
        a.getChildren("/w", true);
        b.create("/w/c", null, OPEN, KEEP);
        a.await(connected + "NodeChildrenChanged /w");
        a.getChildren("/w", true, new Stat());
        b.setData("/w/c", bytes("child data is no change of the list"), -1);
        b.delete("/w/c", -1);
        a.await(connected + "NodeChildrenChanged /w");
        a.exists("/w", true);
        b.setData("/w", bytes("4"), -1);
        a.await(connected + "NodeDataChanged /w");
        a.getData("/w", true, null);
        a.exists("/w", true);
        a.getChildren("/w", true);
        a.getChildren("/", true);
        b.delete("/w", -1);
        a.await(connected + "NodeDeleted /w", connected + "NodeChildrenChanged /");
        Client.fails(NONODE, () -> a.getData("/w", true, null));
        b.create("/w", null, OPEN, KEEP);
        a.getData("/w", true, null);
        a.getChildren("/w", true);
        b.multi(Arrays.asList(Op.setData("/w", bytes("m"), -1), Op.create("/w/x", null, OPEN, KEEP),
            Op.delete("/w/x", -1), Op.delete("/w", -1)));
        a.await(connected + "NodeDataChanged /w", connected + "NodeChildrenChanged /w");
        a.exists("/e", true);
        b.create("/e", null, OPEN, CreateMode.EPHEMERAL);
        a.await(connected + "NodeCreated /e");
        a.exists("/e", true);
        b.close();
        a.await(connected + "NodeDeleted /e");
        a.close();
    }

    private static void ownWatches(Proxy proxy, Server server) throws Exception {
        Client a = Client.connected(proxy.port(), 30000);
        a.exists("/w", true);
        a.getChildren("/", true);
        a.create("/w", null, OPEN, KEEP);
        a.getData("/w", true, null);
        a.getChildren("/w", true);
        a.setData("/w", bytes("1"), -1);
        a.create("/w/a", null, OPEN, KEEP);
        a.getData("/w/a", true, null);
        a.getChildren("/w/a", true);
        a.getChildren("/w", true);
        a.delete("/w/a", -1);
        a.getData("/w", true, null);
        a.getChildren("/", true);
        a.multi(Arrays.asList(Op.setData("/w", bytes("2"), -1), Op.delete("/w", -1)));
        a.close();
    }

    private static void persistentWatches(Proxy proxy, Server server) throws Exception {
        Client a = Client.connected(proxy.port(), 30000);
        Client b = Client.connected(proxy.port(), 30000);
        String connected = "SyncConnected ";
        a.addWatch("/p", AddWatchMode.PERSISTENT);
        a.addWatch("/r", AddWatchMode.PERSISTENT_RECURSIVE);
        b.create("/p", null, OPEN, KEEP);
        a.await(connected + "NodeCreated /p");
        b.create("/p/c", null, OPEN, KEEP);
        a.await(connected + "NodeChildrenChanged /p");
        b.setData("/p/c", null, -1);
        b.setData("/p", bytes("1"), -1);
        a.await(connected + "NodeDataChanged /p");
        b.setData("/p", bytes("2"), -1);
        a.await(connected + "NodeDataChanged /p");
        b.delete("/p/c", -1);
        a.await(connected + "NodeChildrenChanged /p");
        b.delete("/p", -1);
        a.await(connected + "NodeDeleted /p");
        b.create("/r", null, OPEN, KEEP);
        a.await(connected + "NodeCreated /r");
        b.create("/r/a", null, OPEN, KEEP);
        a.await(connected + "NodeCreated /r/a");
        b.create("/r/a/b", null, OPEN, KEEP);
        a.await(connected + "NodeCreated /r/a/b");
        b.setData("/r/a/b", bytes("x"), -1);
        a.await(connected + "NodeDataChanged /r/a/b");
        a.getData("/r/a", true, null);
        b.setData("/r/a", bytes("both kinds of watch"), -1);
        a.await(connected + "NodeDataChanged /r/a");
        a.getChildren("/r", true);
        b.create("/r/c", null, OPEN, KEEP);
        a.awaitAll(connected + "NodeCreated /r/c", connected + "NodeChildrenChanged /r");
        a.addWatch("/", AddWatchMode.PERSISTENT_RECURSIVE);
        b.create("/elsewhere", null, OPEN, KEEP);
        a.await(connected + "NodeCreated /elsewhere");
        a.removeAllWatches("/", WatcherType.Any, false);
        a.await(connected + "PersistentWatchRemoved /");
        a.addWatch("/r", AddWatchMode.PERSISTENT);
        b.delete("/r/c", -1);
        a.await(connected + "NodeChildrenChanged /r");
        a.removeAllWatches("/r", WatcherType.Any, false);
        a.await(connected + "PersistentWatchRemoved /r");
        a.exists("/r", true);
        a.getChildren("/r", true);
        a.removeAllWatches("/r", WatcherType.Data, false);
        a.await(connected + "DataWatchRemoved /r");
        a.removeAllWatches("/r", WatcherType.Children, false);
        a.await(connected + "ChildWatchRemoved /r");
        Client.fails(NOWATCHER, () -> {
            a.removeAllWatches("/r", WatcherType.Any, false);
            return null;
        });
        b.setData("/r", bytes("nobody looks"), -1);
        a.exists("/", false);
        b.close();
        a.close();
    }

    private static void acl(Proxy proxy, Server server) throws Exception {
        Client a = Client.connected(proxy.port(), 30000);
        Client b = Client.connected(proxy.port(), 30000);
        List<ACL> digest = Arrays.asList(new ACL(Perms.ALL, new Id("digest", "user:tl+z3z0vO6PfPfEENfLF96E6pM0=")));
        Client.fails(INVALIDACL, () -> a.create("/auth", null, Ids.CREATOR_ALL_ACL, KEEP));
        a.create("/digest", bytes("d"), digest, KEEP);
        Client.fails(NOAUTH, () -> a.getData("/digest", false, null));
        a.addAuthInfo("digest", bytes("user:secret"));
        a.addAuthInfo("digest", bytes("other:pass"));
        a.create("/auth", bytes("mine"), Ids.CREATOR_ALL_ACL, KEEP);
        a.getACL("/auth", new Stat());
        Client.fails(NOAUTH, () -> b.getData("/auth", false, null));
        Client.fails(NOAUTH, () -> b.setData("/auth", null, -1));
        Client.fails(NOAUTH, () -> b.getChildren("/auth", false));
        Client.fails(NOAUTH, () -> b.create("/auth/c", null, OPEN, KEEP));
        Client.fails(NOAUTH, () -> b.setACL("/auth", OPEN, -1));
        Client.fails(NOAUTH, () -> b.getACL("/auth", new Stat()));
        b.exists("/auth", false);
        a.create("/auth/c", null, OPEN, KEEP);
        Client.fails(NOAUTH, () -> {
            b.delete("/auth/c", -1);
            return null;
        });
        a.setACL("/auth", Arrays.asList(new ACL(Perms.READ, Ids.ANYONE_ID_UNSAFE),
            new ACL(Perms.ALL, new Id("auth", ""))), 0);
        b.getACL("/auth", new Stat());
        a.getACL("/auth", new Stat());
        b.getData("/auth", false, null);
        Client.fails(BADVERSION, () -> a.setACL("/auth", OPEN, 0));
        a.create("/ip", null, Arrays.asList(new ACL(Perms.ALL, new Id("ip", "127.0.0.1")),
            new ACL(Perms.READ, new Id("ip", "10.0.0.0/8"))), KEEP);
        b.getACL("/ip", new Stat());
        b.setData("/ip", bytes("1"), -1);
        a.create("/noip", null, Arrays.asList(new ACL(Perms.ALL, new Id("ip", "10.0.0.0/8"))), KEEP);
        Client.fails(NOAUTH, () -> b.getData("/noip", false, null));
        a.create("/read", null, Ids.READ_ACL_UNSAFE, KEEP);
        Client.fails(NOAUTH, () -> a.setData("/read", null, -1));
        a.create("/twice", null, Arrays.asList(OPEN.get(0), OPEN.get(0), new ACL(Perms.READ, Ids.ANYONE_ID_UNSAFE)), KEEP);
        a.getACL("/twice", new Stat());
        a.getACL("/", new Stat());
        a.getACL("/zookeeper/config", new Stat());
        Client.fails(NOAUTH, () -> a.setData("/zookeeper/config", null, -1));
        a.create("/none", null, Arrays.asList(new ACL(0, Ids.ANYONE_ID_UNSAFE)), KEEP);
        Client.fails(NOAUTH, () -> a.getACL("/none", new Stat()));
        a.whoAmI();
        a.delete("/auth/c", -1);
        b.close();
        a.close();
    }

    private static void authFailed(Proxy proxy, Server server) throws Exception {
        Client a = Client.connected(proxy.port(), 30000);
        a.addAuthInfo("nosuch", bytes("x"));
        a.await("AuthFailed None null");
        a.close();
        Client b = Client.connected(proxy.port(), 30000);
        b.addAuthInfo("ip", bytes("x"));
        b.addAuthInfo("world", bytes("x"));
        b.await("AuthFailed None null");
        b.close();
    }

    private static void multi(Proxy proxy, Server server) throws Exception {
        Client c = Client.connected(proxy.port(), 30000);
        c.multi(new ArrayList<>());
        c.multi(Arrays.asList(Op.create("/m", bytes("1"), OPEN, KEEP), Op.create("/m/a", null, OPEN, KEEP),
            Op.check("/m", 0), Op.setData("/m", bytes("2"), 0), Op.check("/m", 1), Op.delete("/m/a", 0),
            Op.create("/m/s-", null, OPEN, CreateMode.EPHEMERAL_SEQUENTIAL),
            Op.create("/m/s-", null, OPEN, CreateMode.PERSISTENT_SEQUENTIAL),
            Op.create("/m/c", bytes("c"), OPEN, CreateMode.CONTAINER),
            Op.create("/m/t", bytes("t"), OPEN, CreateMode.PERSISTENT_WITH_TTL, 100000)));
        Client.fails(NONODE, () -> c.multi(Arrays.asList(Op.create("/x", null, OPEN, KEEP),
            Op.delete("/missing", -1), Op.setData("/m", null, -1))));
        c.exists("/x", false);
        Client.fails(BADVERSION, () -> c.multi(Arrays.asList(Op.check("/m", 77), Op.create("/x", null, OPEN, KEEP))));
        Client.fails(NODEEXISTS, () -> c.multi(Arrays.asList(Op.create("/m/z", null, OPEN, KEEP),
            Op.create("/m/z", null, OPEN, KEEP))));
        Client.fails(NOTEMPTY, () -> c.multi(Arrays.asList(Op.setData("/m", bytes("3"), -1), Op.delete("/m", -1))));
        Client.fails(NONODE, () -> c.multi(Arrays.asList(Op.delete("/m/c", -1), Op.delete("/m/c", -1))));
        c.exists("/m", false);
        c.getChildren("/m", false, new Stat());
        c.multi(Arrays.asList(Op.getData("/m"), Op.getChildren("/m"), Op.getData("/missing"),
            Op.getChildren("/missing"), Op.getData("/zookeeper/config")));
        c.multi(Arrays.asList(Op.delete("/m/c", -1), Op.create("/m/c", null, OPEN, KEEP), Op.delete("/m/c", 0)));
        c.exists("/m", false);
        c.close();
    }

    private static void resume(Proxy proxy, Server server, boolean persistent) throws Exception {
        Client a = Client.connected(proxy.port(), 30000);
        Client other = Client.connected(proxy.port(), 30000);
        for (String path : new String[] {"/data", "/dataGone", "/quiet", "/kids", "/kidsGone", "/made"}) {
            if (!path.equals("/made")) {
                other.create(path, bytes("1"), OPEN, KEEP);
            }
        }
        a.create("/ephemeral", null, OPEN, CreateMode.EPHEMERAL);
        a.getData("/data", true, null);
        a.getData("/dataGone", true, null);
        a.exists("/quiet", true);
        a.exists("/made", true);
        a.exists("/stillMissing", true);
        a.getChildren("/kids", true);
        a.getChildren("/kidsGone", true);
        a.getChildren("/quiet", true);
        if (persistent) {
            a.addWatch("/persistent", AddWatchMode.PERSISTENT);
            a.addWatch("/recursive", AddWatchMode.PERSISTENT_RECURSIVE);
        }
        proxy.cut();
        a.await("Disconnected None null");
        other.setData("/data", bytes("2"), -1);
        other.delete("/dataGone", -1);
        other.create("/made", null, OPEN, KEEP);
        other.create("/kids/k", null, OPEN, KEEP);
        other.delete("/kidsGone", -1);
        other.create("/persistent", null, OPEN, KEEP);
        proxy.resume();
        a.await("SyncConnected None null");
        String connected = "SyncConnected ";
        a.awaitAll(connected + "NodeDataChanged /data", connected + "NodeDeleted /dataGone",
            connected + "NodeCreated /made", connected + "NodeChildrenChanged /kids",
            connected + "NodeDeleted /kidsGone");
        a.exists("/ephemeral", false);
        other.setData("/quiet", bytes("2"), -1);
        a.await(connected + "NodeDataChanged /quiet");
        other.create("/quiet/k", null, OPEN, KEEP);
        a.await(connected + "NodeChildrenChanged /quiet");
        other.create("/stillMissing", null, OPEN, KEEP);
        a.await(connected + "NodeCreated /stillMissing");
        other.setData("/made", bytes("2"), -1);
        if (persistent) {
            other.setData("/persistent", bytes("2"), -1);
            a.await(connected + "NodeDataChanged /persistent");
            other.create("/recursive", null, OPEN, KEEP);
            a.await(connected + "NodeCreated /recursive");
            other.create("/recursive/x", null, OPEN, KEEP);
            a.await(connected + "NodeCreated /recursive/x");
        }
        a.close();
        other.close();
    }

    private static void expiry(Proxy proxy, Server server) throws Exception {
        Client watcher = Client.connected(proxy.port(), 30000);
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), proxy.port())) {
            DataOutputStream out = new DataOutputStream(socket.getOutputStream());
            DataInputStream in = new DataInputStream(socket.getInputStream());
            send(out, new ConnectRequest(0, 0, 4000, 0, new byte[16]));
            receive(in);
            send(out, new RequestHeader(1, 1), new CreateRequest("/master", bytes("x"), OPEN, 1));
            receive(in);
            watcher.exists("/master", true);
            watcher.await("SyncConnected NodeDeleted /master");
            if (in.read() != -1) {
                throw new Client.Unexpected("the server did not close");
            }
        }
        watcher.exists("/", false);
        watcher.close();
    }

    private static void errors(Proxy proxy, Server server) throws Exception {
        Client c = Client.connected(proxy.port(), 30000);
        c.create("/a", null, OPEN, KEEP);
        c.create("/a/b", null, OPEN, KEEP);
        c.create("/e", null, OPEN, CreateMode.EPHEMERAL);
        Client.fails(NONODE, () -> c.create("/no/child", null, OPEN, KEEP));
        Client.fails(NONODE, () -> c.getData("/no", false, null));
        Client.fails(NONODE, () -> c.setData("/no", null, -1));
        Client.fails(NONODE, () -> c.getChildren("/no", false));
        Client.fails(NONODE, () -> c.getChildren("/no", false, new Stat()));
        Client.fails(NONODE, () -> c.getACL("/no", null));
        Client.fails(NONODE, () -> c.setACL("/no", OPEN, -1));
        Client.fails(NONODE, () -> c.getAllChildrenNumber("/no"));
        Client.fails(NONODE, () -> deleted(c, "/no", -1));
        Client.fails(NODEEXISTS, () -> c.create("/a", null, OPEN, KEEP));
        Client.fails(NODEEXISTS, () -> c.create("/", null, OPEN, KEEP));
        Client.fails(NODEEXISTS, () -> c.create("/a", null, OPEN, KEEP, new Stat()));
        Client.fails(BADVERSION, () -> c.setData("/a", null, 9));
        Client.fails(BADVERSION, () -> c.setACL("/a", OPEN, 9));
        Client.fails(BADVERSION, () -> deleted(c, "/a/b", 9));
        Client.fails(NOTEMPTY, () -> deleted(c, "/a", -1));
        Client.fails(BADVERSION, () -> deleted(c, "/a", 9));
        Client.fails(NOCHILDRENFOREPHEMERALS, () -> c.create("/e/child", null, OPEN, KEEP));
        Client.fails(BADARGUMENTS, () -> deleted(c, "/", -1));
        Client.fails(BADARGUMENTS, () -> deleted(c, "/zookeeper", -1));
        Client.fails(BADARGUMENTS, () -> deleted(c, "/zookeeper/quota", -1));
        Client.fails(INVALIDACL, () -> c.create("/x", null, Arrays.asList(new ACL(31, new Id("nosuch", "x"))), KEEP));
        Client.fails(INVALIDACL, () -> c.create("/x", null, Arrays.asList(new ACL(31, new Id("world", "x"))), KEEP));
        Client.fails(INVALIDACL, () -> c.create("/x", null, Arrays.asList(new ACL(31, new Id("ip", "300.1.1.1"))), KEEP));
        Client.fails(INVALIDACL, () -> c.create("/x", null, Arrays.asList(new ACL(31, new Id("digest", "nocolon"))), KEEP));
        Client.fails(INVALIDACL, () -> c.setACL("/a", Ids.CREATOR_ALL_ACL, -1));
        Client.fails(NOWATCHER, () -> {
            c.getData("/a", true, null);
            c.setData("/a", null, -1);
            c.exists("/later", true);
            c.create("/later", null, OPEN, KEEP);
            c.removeAllWatches("/a", WatcherType.Children, false);
            return null;
        });
        c.exists("/a", false);
        c.close();
    }

    private static Object deleted(Client client, String path, int version) throws Exception {
        client.delete(path, version);
        return null;
    }

    private static void various(Proxy proxy, Server server) throws Exception {
        Client c = Client.connected(proxy.port(), 30000);
        c.getEphemerals();
        c.create("/a", null, OPEN, KEEP);
        c.create("/a/e1", null, OPEN, CreateMode.EPHEMERAL);
        c.create("/b", null, OPEN, CreateMode.EPHEMERAL);
        c.getEphemerals();
        c.getEphemerals("/");
        c.getEphemerals("/a");
        c.getEphemerals("/a/e");
        c.getEphemerals("/nothing");
        c.getAllChildrenNumber("/");
        c.getAllChildrenNumber("/a");
        c.whoAmI();
        c.addAuthInfo("digest", bytes("user:secret"));
        c.whoAmI();
        for (String path : new String[] {"/", "/a", "/missing"}) {
            CountDownLatch done = new CountDownLatch(1);
            c.sync(path, (code, name, context) -> done.countDown(), null);
            done.await();
        }
        c.getConfig(false, new Stat());
        c.close();
    }

    private static void extendedTypes(Proxy proxy, Server server) throws Exception {
        Client c = Client.connected(proxy.port(), 30000);
        Stat stat = new Stat();
        c.create("/container", bytes("c"), OPEN, CreateMode.CONTAINER);
        c.create("/container2", bytes("c"), OPEN, CreateMode.CONTAINER, stat);
        c.exists("/container", false);
        c.create("/container/x", null, OPEN, KEEP);
        c.create("/ttl", bytes("t"), OPEN, CreateMode.PERSISTENT_WITH_TTL, stat, 100000);
        c.exists("/ttl", false);
        c.create("/ttl-", null, OPEN, CreateMode.PERSISTENT_SEQUENTIAL_WITH_TTL, stat, 0xffffffffffL);
        c.create("/ttl/x", null, OPEN, KEEP);
        c.getData("/ttl", false, stat);
        c.create("/e", null, OPEN, CreateMode.EPHEMERAL, stat);
        c.multi(Arrays.asList(Op.create("/mc", null, OPEN, CreateMode.CONTAINER),
            Op.create("/mt", null, OPEN, CreateMode.PERSISTENT_WITH_TTL, 5000)));
        c.exists("/mc", false);
        c.exists("/mt", false);
        c.setData("/ttl", bytes("t2"), 0);
        c.delete("/container2", -1);
        c.close();
    }

    private static void quota(Proxy proxy, Server server) throws Exception {
        Client c = Client.connected(proxy.port(), 30000);
        c.create("/soft", null, OPEN, KEEP);
        c.create("/hard", bytes("1234"), OPEN, KEEP);
        String limits = "/zookeeper_limits";
        c.create("/zookeeper/quota/soft", null, OPEN, KEEP);
        c.create("/zookeeper/quota/soft" + limits, bytes("count=1,bytes=2"), OPEN, KEEP);
        c.create("/zookeeper/quota/soft/zookeeper_stats", bytes("count=1,bytes=0"), OPEN, KEEP);
        c.create("/zookeeper/quota/hard", null, OPEN, KEEP);
        c.create("/zookeeper/quota/hard" + limits,
            bytes("count=-1,bytes=-1=;byteHardLimit=10;countHardLimit=3"), OPEN, KEEP);
        c.create("/zookeeper/quota/hard/zookeeper_stats", bytes("count=1,bytes=4"), OPEN, KEEP);
        c.create("/soft/a", bytes("beyond"), OPEN, KEEP);
        c.getData("/zookeeper/quota/soft/zookeeper_stats", false, null);
        c.create("/hard/a", bytes("1"), OPEN, KEEP);
        Client.fails(QUOTAEXCEEDED, () -> c.setData("/hard", bytes("1234567890"), -1));
        c.create("/hard/b", bytes("1"), OPEN, KEEP);
        Client.fails(QUOTAEXCEEDED, () -> c.create("/hard/c", null, OPEN, KEEP));
        Client.fails(QUOTAEXCEEDED, () -> c.multi(Arrays.asList(Op.check("/hard", 0),
            Op.create("/hard/c", null, OPEN, KEEP))));
        c.getData("/zookeeper/quota/hard/zookeeper_stats", false, new Stat());
        c.setData("/hard", null, -1);
        c.delete("/hard/b", -1);
        c.getData("/zookeeper/quota/hard/zookeeper_stats", false, new Stat());
        c.close();
    }

    private static void reconfig(Proxy proxy, KeeperException.Code code) throws Exception {
        Client c = Client.connected(proxy.port(), 30000);
        Client.fails(code, () -> c.reconfigure("server.2=127.0.0.1:1:2:participant;3", null, null, -1, null));
        Client.fails(code, () -> c.reconfigure(null, null, "server.1=127.0.0.1:1:2;3", 7, new Stat()));
        c.exists("/", false);
        c.close();
    }

    private static void kazoo(Proxy proxy, Server server) throws Exception {
        Process python = new ProcessBuilder("/usr/bin/python3",
            System.getenv("CAPTURE_SOURCE") + "/kazooTalk.py", "127.0.0.1:" + proxy.port()).inheritIO().start();
        if (python.waitFor() != 0) {
            throw new Client.Unexpected("kazooTalk.py failed");
        }
    }
}
