package capture;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.jute.BinaryOutputArchive;
import org.apache.jute.Record;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.StatsTrack;
import org.apache.zookeeper.Watcher;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.ZooDefs.OpCode;
import org.apache.zookeeper.common.PathUtils;
import org.apache.zookeeper.data.ACL;
import org.apache.zookeeper.data.Id;
import org.apache.zookeeper.data.Stat;
import org.apache.zookeeper.server.DataTree;
import org.apache.zookeeper.server.EphemeralType;
import org.apache.zookeeper.server.PrepRequestProcessor;
import org.apache.zookeeper.server.ZooKeeperServer;
import org.apache.zookeeper.server.auth.DigestAuthenticationProvider;
import org.apache.zookeeper.server.auth.ProviderRegistry;
import org.apache.zookeeper.txn.CloseSessionTxn;
import org.apache.zookeeper.txn.CreateContainerTxn;
import org.apache.zookeeper.txn.CreateTxn;
import org.apache.zookeeper.txn.DeleteTxn;
import org.apache.zookeeper.txn.SetACLTxn;
import org.apache.zookeeper.txn.SetDataTxn;
import org.apache.zookeeper.txn.TxnHeader;

/** What Apache's classes below the request processors decide: paths, ids, ACLs, quotas, a tree. */
public final class States {
    private States() {
    }

    public static void main(String[] args) throws Exception {
        Map<String, Object> all = Json.object(
            "paths", paths(),
            "ids", ids(),
            "matches", matches(),
            "digests", digests(),
            "fixedAcls", fixedAcls(),
            "checkedAcls", checkedAcls(),
            "quotas", quotas(),
            "owners", owners(),
            "transactions", transactions());
        Files.writeString(Path.of(args[0]), Json.members(all));
    }

    private static List<Object> paths() {
        List<String> paths = new ArrayList<>(Arrays.asList("", "/", "//", "/a", "a", "/a/", "/a//b", "/.", "/..",
            "/a/.", "/a/..", "/a/./b", "/a/../b", "/a/..b", "/a/b..", "/a/...", "/a/.../b", "/.a", "/a.", "/a./b",
            "/..a/b", "/a/.b./c", "/...", "/....", "/a..b", "/a/ ", "/a b", "/zookeeper", "/__proto__/constructor"));
        for (int c : new int[] {0, 1, 0x1f, 0x20, 0x7e, 0x7f, 0x80, 0x9f, 0xa0, 0xe9, 0x4e2d, 0xd7ff, 0xd800, 0xdfff,
            0xe000, 0xf8ff, 0xf900, 0xffef, 0xfff0, 0xffff}) {
            paths.add("/x" + (char) c + "y");
            paths.add("/" + (char) c);
        }
        paths.add("/\ud83d\ude80");
        List<Object> results = new ArrayList<>();
        for (String path : paths) {
            for (boolean sequential : new boolean[] {false, true}) {
                String reason = null;
                try {
                    PathUtils.validatePath(path, sequential);
                } catch (IllegalArgumentException e) {
                    reason = e.getMessage();
                }
                results.add(Json.object("path", path, "sequential", sequential, "reason", reason));
            }
        }
        return results;
    }

    private static List<Object> ids() {
        List<Object> results = new ArrayList<>();
        String[][] ids = {
            {"digest", "a:b", "a", "a:", ":b", ":", "::", "a:b:", "a:b:c", "", "a::", "a::b"},
            {"ip", "1.2.3.4", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.4/0", "1.2.3.4/32", "1.2.3.4/33", "1.2.3.4/",
                "1.2.3.4/-1", "1.2.3.4/a", "1.2.3.4/8/9", "a.b.c.d", "", "1.2.3.", "01.2.3.4"}};
        for (String[] row : ids) {
            for (String id : Arrays.copyOfRange(row, 1, row.length)) {
                results.add(Json.object("scheme", row[0], "id", id,
                    "valid", ProviderRegistry.getServerProvider(row[0]).isValid(id)));
            }
        }
        return results;
    }

    private static List<Object> matches() {
        List<Object> results = new ArrayList<>();
        for (String id : new String[] {"127.0.0.1", "10.1.2.3", "192.168.255.128", "255.255.255.255", "0.0.0.0"}) {
            for (String expression : new String[] {"127.0.0.1", "127.0.0.0/8", "10.0.0.0/7", "10.1.2.3/31", "10.1.2.2/31",
                "192.168.255.129/25", "192.168.255.127/25", "0.0.0.0/0", "255.255.255.255/1", "10.1.2.3/33", "x", "10.1.2"}) {
                results.add(Json.object("id", id, "expression", expression,
                    "matches", ProviderRegistry.getProvider("ip").matches(id, expression)));
            }
        }
        return results;
    }

    private static List<Object> digests() throws Exception {
        List<Object> results = new ArrayList<>();
        for (String text : new String[] {"user:password", "a:b:c", "nocolon", ":", "", "\u4e2d:\u6587", "super:secret"}) {
            results.add(Json.object("text", text, "id", DigestAuthenticationProvider.generateDigest(text)));
        }
        return results;
    }

    private static Object json(Id id) {
        return Json.object("scheme", id.getScheme(), "id", id.getId());
    }

    private static Object json(List<ACL> acls) {
        List<Object> list = new ArrayList<>();
        for (ACL acl : acls) {
            list.add(Json.object("perms", acl.getPerms(), "id", json(acl.getId())));
        }
        return list;
    }

    private static Object jsonIds(List<Id> ids) {
        List<Object> list = new ArrayList<>();
        for (Id id : ids) {
            list.add(json(id));
        }
        return list;
    }

    private static final Id ANYONE = new Id("world", "anyone");
    private static final Id USER = new Id("digest", "user:x");
    private static final Id OTHER = new Id("digest", "other:y");
    private static final Id LOCAL = new Id("ip", "127.0.0.1");
    private static final Id SUPER = new Id("super", "");
    private static final List<List<Id>> WHO = Arrays.asList(Arrays.asList(LOCAL), Arrays.asList(LOCAL, USER),
        Arrays.asList(LOCAL, USER, OTHER), Arrays.asList(SUPER, LOCAL), Arrays.asList());

    private static ACL acl(int perms, String scheme, String id) {
        return new ACL(perms, new Id(scheme, id));
    }

    private static List<List<ACL>> lists() {
        return Arrays.asList(
            Arrays.asList(),
            Arrays.asList(new ACL(31, ANYONE)),
            Arrays.asList(new ACL(1, ANYONE), new ACL(1, ANYONE), new ACL(2, ANYONE)),
            Arrays.asList(acl(31, "world", "someone")),
            Arrays.asList(acl(31, "auth", "")),
            Arrays.asList(acl(1, "auth", ""), new ACL(31, USER)),
            Arrays.asList(new ACL(31, USER)),
            Arrays.asList(new ACL(1, USER), new ACL(2, OTHER)),
            Arrays.asList(acl(31, "digest", "broken")),
            Arrays.asList(acl(31, "ip", "127.0.0.0/8"), new ACL(1, OTHER)),
            Arrays.asList(acl(31, "ip", "10.0.0.0/8")),
            Arrays.asList(acl(31, "ip", "nowhere")),
            Arrays.asList(acl(31, "unknown", "x")),
            Arrays.asList(acl(31, null, "x")),
            Arrays.asList(acl(31, "super", "")),
            Arrays.asList(new ACL(0, ANYONE), new ACL(16, USER)));
    }

    private static List<Object> fixedAcls() {
        List<Object> results = new ArrayList<>();
        for (List<Id> who : WHO) {
            for (List<ACL> acls : lists()) {
                Object fixed = null;
                try {
                    fixed = json(PrepRequestProcessor.fixupACL("/x", who, acls));
                } catch (KeeperException.InvalidACLException e) {
                    // null says so
                }
                results.add(Json.object("ids", jsonIds(who), "acl", json(acls), "fixed", fixed));
            }
        }
        return results;
    }

    private static List<Object> checkedAcls() {
        ZooKeeperServer server = new ZooKeeperServer();
        List<Object> results = new ArrayList<>();
        for (List<Id> who : WHO) {
            for (List<ACL> acls : lists()) {
                if (acls.stream().anyMatch(a -> a.getId().getScheme() == null)) {
                    continue;
                }
                for (int perm : new int[] {1, 2, 16, 17}) {
                    boolean allowed = true;
                    try {
                        server.checkACL(null, acls, perm, who, "/x", null);
                    } catch (KeeperException.NoAuthException e) {
                        allowed = false;
                    }
                    results.add(Json.object("ids", jsonIds(who), "acl", json(acls), "perm", perm, "allowed", allowed));
                }
            }
        }
        return results;
    }

    private static List<Object> quotas() {
        List<Object> results = new ArrayList<>();
        for (String text : new String[] {"", "count=4,bytes=5", "count=-1,bytes=100", "count=4,bytes=5=;byteHardLimit=10;countHardLimit=11",
            "count=4,bytes=5=;byteHardLimit=10", "count=4,bytes=5=;countHardLimit=11", "bytes=3", "byteHardLimit=7", "count=1;bytes=2"}) {
            StatsTrack stats = new StatsTrack(text);
            results.add(Json.object("text", text, "count", stats.getCount(), "bytes", stats.getBytes(),
                "countHardLimit", stats.getCountHardLimit(), "byteHardLimit", stats.getByteHardLimit(),
                "formatted", stats.toString()));
        }
        return results;
    }

    private static List<Object> owners() {
        List<Object> results = new ArrayList<>();
        long[] owners = {0, 1, Long.MAX_VALUE, Long.MIN_VALUE, Long.MIN_VALUE + 1, 0xff00000000000000L, 0xff00000000000001L,
            0xff00000000000000L | 123456789L, 0xff000000ffffffffL, 0xff0000ffffffffffL, 0xfe00000000000001L, 0x1000014141a0000L, -1L & 0xff0000ffffffffffL};
        for (boolean extended : new boolean[] {false, true}) {
            for (boolean emulate : new boolean[] {false, true}) {
                System.setProperty("zookeeper.extendedTypesEnabled", Boolean.toString(extended));
                System.setProperty("zookeeper.emulate353TTLNodes", Boolean.toString(emulate));
                for (long owner : owners) {
                    results.add(Json.object("owner", Long.toString(owner), "extended", extended, "emulate", emulate,
                        "kind", EphemeralType.get(owner).name()));
                }
            }
        }
        System.clearProperty("zookeeper.extendedTypesEnabled");
        System.clearProperty("zookeeper.emulate353TTLNodes");
        for (long ttl : new long[] {1, 1000, 123456789, (1L << 40) - 1}) {
            results.add(Json.object("ttl", Long.toString(ttl), "owner", Long.toString(EphemeralType.TTL.toEphemeralOwner(ttl))));
        }
        return results;
    }

    /** Random transactions, many of them impossible as in a replay, put to a DataTree. */
    private static List<Object> transactions() throws Exception {
        DataTree tree = new DataTree();
        Random random = new Random(7);
        List<Object> results = new ArrayList<>();
        List<Object> events = new ArrayList<>();
        List<Object> watches = new ArrayList<>();
        String[] names = {"a", "b", "c"};
        Watcher[] watchers = new Watcher[3];
        for (int i = 0; i < watchers.length; i++) {
            String name = "w" + i;
            watchers[i] = event -> events.add(name + " " + event.getType() + " " + event.getPath());
        }
        List<List<ACL>> acls = Arrays.asList(ZooDefs.Ids.OPEN_ACL_UNSAFE, ZooDefs.Ids.READ_ACL_UNSAFE,
            Arrays.asList(new ACL(31, USER)));
        long zxid = 0;
        for (int step = 0; step < 1500; step++) {
            StringBuilder path = new StringBuilder();
            int depth = 1 + random.nextInt(3);
            for (int i = 0; i < depth; i++) {
                path.append('/').append(names[random.nextInt(names.length)]);
            }
            String p = path.toString();
            String watch = watch(tree, random, p, watchers);
            if (watch != null) {
                watches.add(watch);
            }
            events.clear();
            // Some come again with an old zxid, as in a replay.
            long z = random.nextInt(10) == 0 ? Math.max(1, zxid - random.nextInt(5)) : ++zxid;
            byte[] data = random.nextInt(5) == 0 ? null : new byte[random.nextInt(20)];
            int type;
            Record txn;
            switch (random.nextInt(8)) {
                case 0: case 1: case 2:
                    type = OpCode.create;
                    txn = new CreateTxn(p, data, acls.get(random.nextInt(3)), false,
                        random.nextInt(3) == 0 ? -1 : 1 + random.nextInt(40));
                    break;
                case 3:
                    type = OpCode.create2;
                    if (tree.getNode(p) != null) {
                        continue;
                    }
                    txn = new CreateTxn(p, data, acls.get(random.nextInt(3)), depth > 2, -1);
                    break;
                case 4:
                    type = OpCode.createContainer;
                    if (tree.getNode(p) != null) {
                        continue;
                    }
                    txn = new CreateContainerTxn(p, data, acls.get(random.nextInt(3)), -1);
                    break;
                case 5:
                    if (random.nextInt(10) == 0) {
                        type = OpCode.closeSession;
                        txn = new CloseSessionTxn(new ArrayList<>(tree.getEphemerals(1 + random.nextInt(2))));
                        break;
                    }
                    type = OpCode.delete;
                    if (tree.getNode(p) != null && !tree.getNode(p).getChildren().isEmpty()) {
                        continue;
                    }
                    txn = new DeleteTxn(p);
                    break;
                case 6:
                    type = OpCode.setData;
                    txn = new SetDataTxn(p, data, random.nextInt(100));
                    break;
                default:
                    type = OpCode.setACL;
                    txn = new SetACLTxn(p, acls.get(random.nextInt(3)), random.nextInt(100));
            }
            TxnHeader header = new TxnHeader(1 + random.nextInt(2), step, z, 1700000000000L + step, type);
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            BinaryOutputArchive archive = BinaryOutputArchive.getArchive(bytes);
            header.serialize(archive, "hdr");
            txn.serialize(archive, "txn");
            DataTree.ProcessTxnResult result = tree.processTxn(header, txn);
            Stat stat = new Stat();
            String seen = null;
            if (tree.getNode(p) != null) {
                seen = tree.statNode(p, null).toString().trim();
            }
            results.add(Json.object("watch", new ArrayList<>(watches), "entry", Json.hex(bytes.toByteArray()), "err", result.err,
                "digest", Long.toString(tree.getTreeDigest()), "path", p, "stat", seen, "nodes", tree.getNodeCount(),
                "size", tree.cachedApproximateDataSize(), "events", new ArrayList<>(events),
                "watches", tree.getWatchCount()));
            watches.clear();
        }
        return results;
    }

    private static String watch(DataTree tree, Random random, String path, Watcher[] watchers) {
        int who = random.nextInt(watchers.length);
        // One kind for each watcher: 3.8.0 mixes up kinds of one watcher on one path.
        try {
            switch (who) {
                case 0:
                    tree.statNode(path, watchers[who]);
                    return "data " + who + " " + path;
                case 1:
                    tree.getChildren(path, null, watchers[who]);
                    return "child " + who + " " + path;
                default:
                    if (random.nextInt(20) != 0) {
                        return null;
                    }
                    tree.addWatch(path, watchers[who], 1);
                    return "recursive " + who + " " + path;
            }
        } catch (KeeperException.NoNodeException e) {
            return who == 0 ? "data " + who + " " + path : null;
        }
    }
}
