package capture;

import static org.apache.zookeeper.KeeperException.Code.BADVERSION;
import static org.apache.zookeeper.KeeperException.Code.NODEEXISTS;
import static org.apache.zookeeper.KeeperException.Code.NONODE;
import static org.apache.zookeeper.KeeperException.Code.NOTEMPTY;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.ZooDefs.Ids;
import org.apache.zookeeper.ZooDefs.Perms;
import org.apache.zookeeper.data.ACL;
import org.apache.zookeeper.data.Id;
import org.apache.zookeeper.data.Stat;
import org.apache.zookeeper.server.TxnLogEntry;
import org.apache.zookeeper.server.ZKDatabase;
import org.apache.zookeeper.server.auth.DigestAuthenticationProvider;
import org.apache.zookeeper.server.persistence.FileTxnSnapLog;
import org.apache.zookeeper.server.util.SerializeUtils;

/** Lets a real server write data directories and notes what a client saw before it was killed. */
public final class Data {
    private static final List<ACL> OPEN = Ids.OPEN_ACL_UNSAFE;
    private static final CreateMode KEEP = CreateMode.PERSISTENT;

    interface Story {
        void run(Server server, List<Client> alive) throws Exception;
    }

    private final Path folder;
    private final String only;

    private Data(Path folder, String only) {
        this.folder = folder;
        this.only = only;
    }

    public static void main(String[] args) throws Exception {
        System.setProperty("zookeeper.extendedTypesEnabled", "true");
        Data data = new Data(Path.of(args[0]).resolve("data"), args.length > 1 ? args[1] : null);
        data.capture("log", "the empty snapshot of a first start, and one log", Data::log);
        data.capture("snapshotAndLog", "a restart wrote a snapshot of everything; a second log goes on from it",
            Data::snapshotAndLog);
        data.capture("rolled", "several snapshots, fuzzy for all one knows, and logs", Data::rolled, "snapCount=24");
        data.capture("gzip", "snapshots compressed with gzip", Data::rolled, "snapCount=60",
            "snapshot.compression.method=gz");
        data.capture("noDigest", "written with digest.enabled=false: no digests in snapshot and log",
            Data::log, "digest.enabled=false");
    }

    private void capture(String name, String note, Story story, String... settings) throws Exception {
        if (only != null && !only.equals(name)) {
            return;
        }
        System.err.println("  " + name);
        List<String> all = new ArrayList<>(Arrays.asList("preAllocSize=16", "extendedTypesEnabled=true",
            "DigestAuthenticationProvider.superDigest=" + DigestAuthenticationProvider.generateDigest("super:secret")));
        all.addAll(Arrays.asList(settings));
        Server server = Server.started(all.toArray(new String[0]));
        try {
            List<Client> alive = new ArrayList<>();
            story.run(server, alive);
            Client last = Client.connected(server.port, 30000);
            last.addAuthInfo("digest", bytes("super:secret"));
            alive.add(last);
            Map<String, Object> expected = new LinkedHashMap<>();
            expected.put("note", note);
            expected.put("settings", all);
            expected.put("sessions", sessions(alive));
            expected.put("ephemerals", ephemerals(alive));
            List<Object> tree = new ArrayList<>();
            dump(last, "/", tree);
            expected.put("tree", tree);
            Map<String, Object> words = new LinkedHashMap<>();
            for (String word : new String[] {"srvr", "dump", "hash", "mntr"}) {
                words.put(word, server.word(word));
            }
            expected.put("words", words);
            Thread.sleep(500); // a snapshot may still be on its way
            server.kill();
            keep(server, folder.resolve(name), expected);
        } finally {
            server.stop();
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static Object sessions(List<Client> alive) {
        List<Object> list = new ArrayList<>();
        for (Client client : alive) {
            list.add(Json.object("id", Long.toString(client.getSessionId()), "timeout",
                client.getSessionTimeout(), "password", Json.hex(client.getSessionPasswd())));
        }
        return list;
    }

    private static Object ephemerals(List<Client> alive) throws Exception {
        Map<String, Object> map = new LinkedHashMap<>();
        for (Client client : alive) {
            map.put(Long.toString(client.getSessionId()), new ArrayList<>(new TreeSet<>(client.getEphemerals())));
        }
        return map;
    }

    private static void dump(Client client, String path, List<Object> tree) throws Exception {
        Stat stat = new Stat();
        byte[] data = client.getData(path, false, stat);
        tree.add(Json.object("path", path, "data", RecordJson.of(data), "stat", RecordJson.of(stat),
            "acl", RecordJson.of(client.getACL(path, new Stat()))));
        for (String child : new TreeSet<>(client.getChildren(path, false))) {
            dump(client, path.equals("/") ? "/" + child : path + "/" + child, tree);
        }
    }

    private static void keep(Server server, Path target, Map<String, Object> expected) throws Exception {
        Path from = server.data().resolve("version-2");
        Path to = target.resolve("version-2");
        if (Files.exists(target)) {
            try (Stream<Path> old = Files.walk(target)) {
                old.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
            }
        }
        Files.createDirectories(to);
        Map<String, Object> files = new TreeMap<>();
        try (Stream<Path> list = Files.list(from)) {
            for (Path file : list.sorted().collect(Collectors.toList())) {
                String name = file.getFileName().toString();
                Files.copy(file, to.resolve(name));
                if (name.startsWith("log.")) {
                    files.put(name, Json.object("size", Files.size(file), "entries", entries(file),
                        "toolkit", tool("org.apache.zookeeper.server.persistence.TxnLogToolkit", file)));
                } else {
                    files.put(name, Json.object("size", Files.size(file),
                        "formatter", tool("org.apache.zookeeper.server.SnapshotFormatter", "-d", file)));
                }
            }
        }
        expected.put("restored", restored(server.data().toFile()));
        expected.put("files", files);
        Files.writeString(target.resolve("expected.json"), Json.members(expected));
    }

    /** The text that a tool of Apache's prints for a file, named without its folder. */
    private static String tool(String main, Object... arguments) throws Exception {
        List<String> command = new ArrayList<>(Arrays.asList("java", "-Xshare:auto", "-XX:TieredStopAtLevel=1",
            "-Dzookeeper.extendedTypesEnabled=true", "-Duser.timezone=UTC", "-Duser.language=en",
            "-cp", System.getenv("CAPTURE_CLASSPATH"), main));
        File folder = null;
        for (Object argument : arguments) {
            if (argument instanceof Path) {
                folder = ((Path) argument).getParent().toFile();
                command.add(((Path) argument).getFileName().toString());
            } else {
                command.add((String) argument);
            }
        }
        Process process = new ProcessBuilder(command).directory(folder)
            .redirectError(ProcessBuilder.Redirect.INHERIT).start();
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(main + " failed");
        }
        return text;
    }

    /** Every entry as Apache's deserializer understands it, with its place in the file. */
    private static List<Object> entries(Path file) throws IOException {
        byte[] all = Files.readAllBytes(file);
        List<Object> list = new ArrayList<>();
        try (DataInputStream in = new DataInputStream(Files.newInputStream(file))) {
            in.readNBytes(16);
            int offset = 16;
            while (true) {
                long crc = in.readLong();
                byte[] entry = new byte[in.readInt()];
                if (entry.length == 0) {
                    return list;
                }
                in.readFully(entry);
                if (in.readByte() != 'B') {
                    throw new IOException("torn entry at " + offset);
                }
                TxnLogEntry decoded = SerializeUtils.deserializeTxn(entry);
                list.add(Json.object("offset", offset, "length", entry.length, "crc", Long.toString(crc),
                    "header", RecordJson.of(decoded.getHeader()), "txn", RecordJson.named(decoded.getTxn()),
                    "digest", RecordJson.of(decoded.getDigest())));
                offset += 8 + 4 + entry.length + 1;
            }
        } catch (EOFException e) {
            throw new IOException("no end in " + all.length + " bytes", e);
        }
    }

    /** What Apache's own recovery makes of the directory. */
    static Object restored(File data) throws Exception {
        ZKDatabase database = new ZKDatabase(new FileTxnSnapLog(data, data));
        long zxid = database.loadDataBase();
        Map<String, Object> sessions = new TreeMap<>();
        database.getSessionWithTimeOuts().forEach((id, timeout) -> sessions.put(Long.toString(id), timeout));
        Map<String, Object> owned = new TreeMap<>();
        database.getEphemerals().forEach((id, paths) -> {
            if (!paths.isEmpty()) {
                owned.put(Long.toString(id), new ArrayList<>(new TreeSet<>(paths)));
            }
        });
        Object result = Json.object("lastZxid", Long.toString(zxid), "nodeCount", database.getNodeCount(),
            "treeDigest", Long.toString(database.getDataTree().getTreeDigest()),
            "approximateDataSize", database.getDataTree().approximateDataSize(),
            "aclCount", database.getAclSize(), "sessions", sessions, "ephemerals", owned);
        database.close();
        return result;
    }

    private static void log(Server server, List<Client> alive) throws Exception {
        Client a = Client.connected(server.port, 12000);
        Client gone = Client.connected(server.port, 4000);
        alive.add(a);
        a.create("/master", bytes("host:1"), OPEN, CreateMode.EPHEMERAL);
        a.create("/tasks", null, OPEN, KEEP);
        a.create("/tasks/task-", bytes("cmd"), OPEN, CreateMode.PERSISTENT_SEQUENTIAL);
        a.create("/tasks/\u4e2d\u6587", bytes("\ud83d\ude80"), OPEN, KEEP);
        a.setData("/tasks", bytes("x"), 0);
        a.setACL("/tasks", Arrays.asList(new ACL(Perms.READ, Ids.ANYONE_ID_UNSAFE)), -1);
        gone.create("/gone", null, OPEN, CreateMode.EPHEMERAL);
        Client.fails(NODEEXISTS, () -> a.create("/tasks", null, OPEN, KEEP));
        gone.close();
    }

    private static void snapshotAndLog(Server server, List<Client> alive) throws Exception {
        Client a = Client.connected(server.port, 30000);
        Client b = Client.connected(server.port, 20000);
        Client gone = Client.connected(server.port, 4000);
        alive.addAll(Arrays.asList(a, b));
        a.addAuthInfo("digest", bytes("user:secret"));
        kinds(a, b, "/one");
        gone.create("/goneEphemeral", bytes("x"), OPEN, CreateMode.EPHEMERAL);
        gone.create("/one/gone-", bytes("x"), OPEN, CreateMode.EPHEMERAL_SEQUENTIAL);
        gone.close();
        server.kill();
        server.start();
        for (Client client : alive) {
            client.await("Disconnected None null", "SyncConnected None null");
        }
        Client c = Client.connected(server.port, 10000);
        Client late = Client.connected(server.port, 4000);
        alive.add(c);
        kinds(a, c, "/two");
        late.create("/one/late", null, OPEN, CreateMode.EPHEMERAL);
        late.close();
        b.delete("/one/ephemeralOfB", -1);
        b.create("/one/again-", null, OPEN, CreateMode.EPHEMERAL_SEQUENTIAL);
        a.setACL("/one", Ids.READ_ACL_UNSAFE, -1);
        a.setData("/one/empty", null, -1);
        a.delete("/one/container/x", -1);
    }

    /** One of everything that a log or a snapshot may hold, below a new top. */
    private static void kinds(Client a, Client b, String top) throws Exception {
        a.create(top, bytes("top"), OPEN, KEEP);
        a.create(top + "/null", null, OPEN, KEEP);
        a.create(top + "/empty", new byte[0], OPEN, KEEP);
        a.create(top + "/data", new byte[] {0, -1, 127, -128}, OPEN, KEEP);
        a.create(top + "/\u4e2d\u6587 \u00fc", bytes("\u4e2d"), OPEN, KEEP);
        a.create(top + "/ephemeralOfA", bytes("a"), OPEN, CreateMode.EPHEMERAL);
        b.create(top + "/ephemeralOfB", bytes("b"), OPEN, CreateMode.EPHEMERAL);
        for (int i = 0; i < 3; i++) {
            a.create(top + "/seq-", null, OPEN, CreateMode.PERSISTENT_SEQUENTIAL);
            b.create(top + "/eseq-", null, OPEN, CreateMode.EPHEMERAL_SEQUENTIAL);
        }
        a.delete(top + "/seq-" + String.format("%010d", 8), -1);
        a.create(top + "/container", null, OPEN, CreateMode.CONTAINER);
        a.create(top + "/container/x", null, OPEN, KEEP);
        a.create(top + "/ttl", bytes("t"), OPEN, CreateMode.PERSISTENT_WITH_TTL, new Stat(), 1_000_000_000_000L);
        a.create(top + "/ttl-", null, OPEN, CreateMode.PERSISTENT_SEQUENTIAL_WITH_TTL, new Stat(), 0xffffffffffL);
        a.create(top + "/auth", bytes("s"), Ids.CREATOR_ALL_ACL, KEEP);
        a.create(top + "/auth/child", bytes("s"), Ids.CREATOR_ALL_ACL, KEEP);
        a.create(top + "/ip", null, Arrays.asList(new ACL(Perms.READ | Perms.WRITE, new Id("ip", "127.0.0.0/8")),
            new ACL(Perms.READ, Ids.ANYONE_ID_UNSAFE)), KEEP);
        a.create(top + "/read", null, Ids.READ_ACL_UNSAFE, CreateMode.EPHEMERAL);
        a.setACL(top + "/data", Arrays.asList(new ACL(Perms.ALL, new Id("digest", "u:p")),
            new ACL(Perms.READ, Ids.ANYONE_ID_UNSAFE)), 0);
        a.setData(top + "/empty", bytes("1"), 0);
        a.setData(top + "/empty", bytes("22"), 1);
        a.create("/zookeeper/quota" + top, null, OPEN, KEEP);
        a.create("/zookeeper/quota" + top + "/zookeeper_limits",
            bytes("count=100,bytes=1000=;byteHardLimit=-1;countHardLimit=-1"), OPEN, KEEP);
        a.create("/zookeeper/quota" + top + "/zookeeper_stats", bytes("count=0,bytes=0"), OPEN, KEEP);
        a.create(top + "/counted", bytes("12345"), OPEN, KEEP);
        a.setData(top + "/counted", bytes("123"), -1);
        a.multi(Arrays.asList(Op.create(top + "/m", bytes("m"), OPEN, KEEP), Op.check(top + "/m", 0),
            Op.create(top + "/m/s-", null, OPEN, CreateMode.PERSISTENT_SEQUENTIAL),
            Op.create(top + "/m/e", null, OPEN, CreateMode.EPHEMERAL), Op.setData(top + "/m", bytes("mm"), 0),
            Op.create(top + "/m/gone", null, OPEN, KEEP), Op.delete(top + "/m/gone", 0),
            Op.create(top + "/m/c", null, OPEN, CreateMode.CONTAINER),
            Op.create(top + "/m/t", null, OPEN, CreateMode.PERSISTENT_WITH_TTL, 500_000_000_000L)));
        Client.fails(NONODE, () -> a.multi(Arrays.asList(Op.create(top + "/no", null, OPEN, KEEP),
            Op.delete(top + "/missing", -1), Op.setData(top, null, -1))));
        Client.fails(BADVERSION, () -> a.setData(top, null, 9));
        Client.fails(NOTEMPTY, () -> {
            a.delete(top, -1);
            return null;
        });
        Client.fails(NODEEXISTS, () -> a.create(top, null, OPEN, KEEP));
        a.create(top + "/deleted", null, OPEN, KEEP);
        a.create(top + "/deleted/child", null, OPEN, KEEP);
        a.delete(top + "/deleted/child", -1);
        a.delete(top + "/deleted", -1);
    }

    /** Many requests in flight, so that snapshots are taken while the tree changes. */
    private static void rolled(Server server, List<Client> alive) throws Exception {
        Client a = Client.connected(server.port, 30000);
        alive.add(a);
        a.create("/r", bytes("0"), OPEN, KEEP);
        a.create("/e", null, OPEN, KEEP);
        for (int round = 0; round < 6; round++) {
            CountDownLatch done = new CountDownLatch(24);
            for (int i = 0; i < 8; i++) {
                String path = "/r/n" + (round * 4 + i);
                a.create(path, bytes("r" + round), OPEN, KEEP, (code, p, context, name) -> done.countDown(), null);
                a.setData("/r", bytes(round + "." + i), -1, (code, p, context, stat) -> done.countDown(), null);
                if (i % 2 == 0) {
                    a.delete("/r/n" + (round * 4 + i / 2), -1, (code, p, context) -> done.countDown(), null);
                } else {
                    a.create("/e/e-", null, OPEN, CreateMode.EPHEMERAL_SEQUENTIAL,
                        (code, p, context, name) -> done.countDown(), null);
                }
            }
            done.await();
            Client short1 = Client.connected(server.port, 4000);
            short1.create("/e/short" + round, null, OPEN, CreateMode.EPHEMERAL);
            if (round % 2 == 0) {
                short1.close();
            } else {
                alive.add(short1);
            }
            Thread.sleep(150); // a snapshot that is still running is not started twice
        }
    }
}
