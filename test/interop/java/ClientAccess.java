// Access lists of every scheme, the superuser, quotas, and who we are.
import static org.apache.zookeeper.CreateMode.*;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.StatsTrack;
import org.apache.zookeeper.ZooDefs.Ids;
import org.apache.zookeeper.ZooDefs.Perms;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.cli.SetQuotaCommand;
import org.apache.zookeeper.data.ACL;
import org.apache.zookeeper.data.ClientInfo;
import org.apache.zookeeper.data.Id;
import org.apache.zookeeper.data.Stat;
import org.apache.zookeeper.server.auth.DigestAuthenticationProvider;

final class ClientAccess extends JavaSupport {
    static void declare(Suite suite) {
        lists(suite);
        schemes(suite);
        quotas(suite);
    }

    private static ACL acl(int perms, String scheme, String id) {
        return new ACL(perms, new Id(scheme, id));
    }

    private static void lists(Suite suite) {
        suite.test("getACL and setACL count their own version", with((zk, p) -> {
            zk.create(p, null, OPEN, PERSISTENT);
            Stat stat = new Stat();
            equal(OPEN, zk.getACL(p, stat), "acl");
            equal(zk.exists(p, false), stat, "stat");
            List<ACL> narrow = Collections.singletonList(acl(Perms.READ | Perms.ADMIN, "world", "anyone"));
            Stat changed = zk.setACL(p, narrow, 0);
            equal(1, changed.getAversion(), "aversion");
            equal(stat.getMzxid(), changed.getMzxid(), "mzxid");
            equal(0, changed.getVersion(), "version");
            equal(narrow, zk.getACL(p, stat), "acl");
            fails(Code.BADVERSION, () -> zk.setACL(p, OPEN, 0));
            fails(Code.NONODE, () -> zk.setACL(p + "/x", OPEN, -1));
        }));
        suite.test("each permission guards its own calls", with((zk, p) -> {
            zk.create(p, bytes("x"), OPEN, PERSISTENT);
            zk.create(p + "/c", null, OPEN, PERSISTENT);
            zk.setACL(p, Collections.singletonList(acl(Perms.ADMIN, "world", "anyone")), -1);
            fails(Code.NOAUTH, () -> zk.getData(p, false, null));
            fails(Code.NOAUTH, () -> zk.getChildren(p, false));
            fails(Code.NOAUTH, () -> zk.setData(p, null, -1));
            fails(Code.NOAUTH, () -> zk.create(p + "/d", null, OPEN, PERSISTENT));
            fails(Code.NOAUTH, () -> zk.delete(p + "/c", -1));
            // exists is left out: 3.8.0 answers everybody, later ones only readers (ZOOKEEPER-2590).
            zk.setACL(p, Collections.singletonList(acl(Perms.READ, "world", "anyone")), -1);
            equal("x", new String(zk.getData(p, false, null)), "data");
            fails(Code.NOAUTH, () -> zk.setACL(p, OPEN, -1));
            equal(1, zk.getACL(p, null).size(), "getACL with READ");
        }));
        suite.test("an empty, an unknown and a malformed list are refused", with((zk, p) -> {
            fails(Code.INVALIDACL, () -> zk.create(p, null, Collections.emptyList(), PERSISTENT));
            fails(Code.INVALIDACL, () -> zk.create(p, null,
                    Collections.singletonList(acl(31, "nonsense", "x")), PERSISTENT));
            fails(Code.INVALIDACL, () -> zk.create(p, null,
                    Collections.singletonList(acl(31, "digest", "no-colon")), PERSISTENT));
            fails(Code.INVALIDACL, () -> zk.create(p, null,
                    Collections.singletonList(acl(31, "ip", "1.2.3.4/99")), PERSISTENT));
            fails(Code.INVALIDACL, () -> zk.create(p, null,
                    Collections.singletonList(acl(31, "world", "someone")), PERSISTENT));
            fails(Code.INVALIDACL, () -> zk.create(p, null, Ids.CREATOR_ALL_ACL, PERSISTENT));
        }));
        suite.test("doubled entries of a list are stored once", with((zk, p) -> {
            ACL one = acl(31, "world", "anyone");
            zk.create(p, null, Arrays.asList(one, acl(31, "world", "anyone"), acl(1, "ip", "10.0.0.1")),
                    PERSISTENT);
            equal(Arrays.asList(one, acl(1, "ip", "10.0.0.1")), zk.getACL(p, null), "acl");
        }));
    }

    private static void schemes(Suite suite) {
        suite.test("digest: the right password opens, none and a wrong one do not", address -> {
            try (ZooKeeper zk = connect(address); ZooKeeper wrong = connect(address)) {
                String p = freshPath();
                String id = DigestAuthenticationProvider.generateDigest("bob:pw");
                zk.create(p, bytes("s"), Collections.singletonList(acl(31, "digest", id)), PERSISTENT);
                fails(Code.NOAUTH, () -> zk.getData(p, false, null));
                wrong.addAuthInfo("digest", bytes("bob:other"));
                fails(Code.NOAUTH, () -> wrong.getData(p, false, null));
                zk.addAuthInfo("digest", bytes("bob:pw"));
                equal("s", new String(zk.getData(p, false, null)), "data");
                equal(id, zk.getACL(p, null).get(0).getId().getId(), "id for those who may ADMIN");
            }
        });
        suite.test("digest: others see the user but not the hash", address -> {
            try (ZooKeeper zk = connect(address); ZooKeeper other = connect(address)) {
                String p = freshPath();
                String id = DigestAuthenticationProvider.generateDigest("eve:pw");
                zk.create(p, null, Arrays.asList(acl(31, "digest", id), acl(1, "world", "anyone")),
                        PERSISTENT);
                equal("eve:x", other.getACL(p, null).get(0).getId().getId(), "id");
            }
        });
        suite.test("auth: a list for the creator gets the creator's ids", with((zk, p) -> {
            zk.addAuthInfo("digest", bytes("amy:pw"));
            zk.addAuthInfo("digest", bytes("ann:pw"));
            zk.create(p, null, Ids.CREATOR_ALL_ACL, PERSISTENT);
            List<ACL> acl = zk.getACL(p, null);
            equal(2, acl.size(), "entries");
            for (ACL entry : acl) {
                equal(31, entry.getPerms(), "perms");
                equal("digest", entry.getId().getScheme(), "scheme");
            }
        }));
        suite.test("ip: own address and network open, another does not", with((zk, p) -> {
            zk.create(p, null, OPEN, PERSISTENT);
            zk.create(p + "/own", null, Collections.singletonList(acl(31, "ip", "127.0.0.1")), PERSISTENT);
            zk.create(p + "/net", null, Collections.singletonList(acl(31, "ip", "127.0.0.0/8")), PERSISTENT);
            zk.create(p + "/no", null, Collections.singletonList(acl(31, "ip", "10.1.0.0/16")), PERSISTENT);
            zk.getData(p + "/own", false, null);
            zk.getData(p + "/net", false, null);
            fails(Code.NOAUTH, () -> zk.getData(p + "/no", false, null));
        }));
        suite.test("super may do everything", address -> {
            try (ZooKeeper zk = connect(address); ZooKeeper root = connect(address)) {
                String p = freshPath();
                zk.create(p, bytes("s"), Collections.singletonList(acl(31, "ip", "10.1.1.1")), PERSISTENT);
                fails(Code.NOAUTH, () -> zk.getData(p, false, null));
                root.addAuthInfo("digest", bytes("super:secret"));
                equal("s", new String(root.getData(p, false, null)), "data");
                root.setACL(p, OPEN, -1);
                zk.delete(p, -1);
            }
        });
        suite.test("an unknown scheme ends in AuthFailed", address -> {
            JavaClient.Events events = new JavaClient.Events();
            ZooKeeper zk = connect(address, events);
            events.next();
            zk.addAuthInfo("nonsense", bytes("x"));
            equal("None AuthFailed", events.next(), "event");
            fails(Code.AUTHFAILED, () -> zk.exists("/", false));
            zk.close();
        });
        suite.test("whoAmI tells address and users", with((zk, p) -> {
            zk.addAuthInfo("digest", bytes("amy:pw"));
            List<String> who = new ArrayList<>();
            for (ClientInfo info : zk.whoAmI()) {
                who.add(info.getAuthScheme() + " " + info.getUser());
            }
            equal(Arrays.asList("digest amy", "ip 127.0.0.1"), sorted(who), "identities");
        }));
        suite.test("reconfig is refused while it is disabled", address -> {
            org.apache.zookeeper.admin.ZooKeeperAdmin admin =
                    new org.apache.zookeeper.admin.ZooKeeperAdmin(address, 20_000, event -> { });
            try {
                fails(Code.RECONFIGDISABLED, () -> admin.reconfigure(
                        "server.9=127.0.0.1:1:2:participant;3", null, null, -1, new Stat()));
            } finally {
                admin.close();
            }
        });
    }

    private static void quotas(Suite suite) {
        suite.test("a quota node made by Apache's setquota counts the tree below", with((zk, p) -> {
            zk.create(p, bytes("12345"), OPEN, PERSISTENT);
            zk.create(p + "/c", bytes("67"), OPEN, PERSISTENT);
            StatsTrack quota = new StatsTrack();
            quota.setCount(10);
            quota.setBytes(1000);
            SetQuotaCommand.createQuota(zk, p, quota);
            StatsTrack usage = usage(zk, p);
            equal("2 7", usage.getCount() + " " + usage.getBytes(), "usage");
            zk.create(p + "/d", bytes("890"), OPEN, PERSISTENT);
            zk.setData(p + "/c", bytes("6"), -1);
            usage = usage(zk, p);
            equal("3 9", usage.getCount() + " " + usage.getBytes(), "usage after changes");
            zk.delete(p + "/d", -1);
            equal("2 6", usage(zk, p).getCount() + " " + usage(zk, p).getBytes(), "after deletion");
        }));
        suite.test("a hard quota refuses what would exceed it", with((zk, p) -> {
            zk.create(p, bytes("12345"), OPEN, PERSISTENT);
            StatsTrack quota = new StatsTrack();
            quota.setCountHardLimit(2);
            quota.setByteHardLimit(10);
            SetQuotaCommand.createQuota(zk, p, quota);
            zk.create(p + "/c", null, OPEN, PERSISTENT);
            fails(Code.QUOTAEXCEEDED, () -> zk.create(p + "/d", null, OPEN, PERSISTENT));
            fails(Code.QUOTAEXCEEDED, () -> zk.setData(p + "/c", bytes("123456"), -1));
            zk.setData(p + "/c", bytes("12345"), -1);
        }));
        suite.test("a soft quota only warns", with((zk, p) -> {
            zk.create(p, null, OPEN, PERSISTENT);
            StatsTrack quota = new StatsTrack();
            quota.setCount(1);
            SetQuotaCommand.createQuota(zk, p, quota);
            zk.create(p + "/c", null, OPEN, PERSISTENT);
            equal(2L, usage(zk, p).getCount(), "count");
        }));
    }

    private static StatsTrack usage(ZooKeeper zk, String path) throws Exception {
        return new StatsTrack(zk.getData("/zookeeper/quota" + path + "/zookeeper_stats", false, null));
    }
}
