// Creating, reading, changing and deleting nodes of every kind.
import static org.apache.zookeeper.CreateMode.*;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.data.Stat;

final class ClientData extends JavaSupport {
    static void declare(Suite suite) {
        creation(suite);
        reading(suite);
        changing(suite);
        lists(suite);
        asynchronous(suite);
    }

    private static void creation(Suite suite) {
        suite.test("create answers the path and stores data and stat", with((zk, p) -> {
            long before = System.currentTimeMillis();
            equal(p, zk.create(p, bytes("x"), OPEN, PERSISTENT), "path");
            Stat stat = new Stat();
            check(Arrays.equals(bytes("x"), zk.getData(p, false, stat)), "data differs");
            equal(stat.getCzxid(), stat.getMzxid(), "mzxid");
            equal(stat.getCzxid(), stat.getPzxid(), "pzxid");
            equal(stat.getCtime(), stat.getMtime(), "mtime");
            check(Math.abs(stat.getCtime() - before) < 60_000, "ctime is " + stat.getCtime());
            equal("0 0 0 0 1 0", stat.getVersion() + " " + stat.getCversion() + " "
                    + stat.getAversion() + " " + stat.getEphemeralOwner() + " "
                    + stat.getDataLength() + " " + stat.getNumChildren(), "the rest of the stat");
        }));
        suite.test("create with null data and with empty data are two things", with((zk, p) -> {
            zk.create(p, null, OPEN, PERSISTENT);
            equal(null, zk.getData(p, false, null), "null data");
            zk.create(p + "/e", new byte[0], OPEN, PERSISTENT);
            equal(0, zk.getData(p + "/e", false, null).length, "empty data");
        }));
        suite.test("create2 gives the stat of the new node", with((zk, p) -> {
            Stat made = new Stat();
            zk.create(p, bytes("abc"), OPEN, PERSISTENT, made);
            equal(zk.exists(p, false), made, "stat");
            equal(3, made.getDataLength(), "length");
        }));
        suite.test("create refuses an existing node and a missing parent", with((zk, p) -> {
            zk.create(p, null, OPEN, PERSISTENT);
            equal(p, fails(Code.NODEEXISTS, () -> zk.create(p, null, OPEN, PERSISTENT)).getPath(),
                    "path of the error");
            fails(Code.NONODE, () -> zk.create(p + "/a/b", null, OPEN, PERSISTENT));
        }));
        suite.test("sequential nodes count up per parent, deletions do not give numbers back",
                with((zk, p) -> {
            zk.create(p, null, OPEN, PERSISTENT);
            equal(p + "/a-0000000000", zk.create(p + "/a-", null, OPEN, PERSISTENT_SEQUENTIAL), "1st");
            equal(p + "/b-0000000001", zk.create(p + "/b-", null, OPEN, EPHEMERAL_SEQUENTIAL), "2nd");
            zk.delete(p + "/b-0000000001", -1);
            // The parent's cversion counts the deletion too; the suffix must not.
            equal(p + "/0000000002", zk.create(p + "/", null, OPEN, PERSISTENT_SEQUENTIAL), "3rd");
            equal(4, zk.exists(p, false).getCversion(), "cversion");
        }));
        suite.test("an ephemeral node has an owner and no children", with((zk, p) -> {
            zk.create(p, null, OPEN, EPHEMERAL);
            equal(zk.getSessionId(), zk.exists(p, false).getEphemeralOwner(), "owner");
            fails(Code.NOCHILDRENFOREPHEMERALS, () -> zk.create(p + "/c", null, OPEN, PERSISTENT));
        }));
        suite.test("a container node shows no owner and goes after its last child",
                with((zk, p) -> {
            zk.create(p, null, OPEN, CONTAINER);
            equal(0L, zk.exists(p, false).getEphemeralOwner(), "owner");
            zk.create(p + "/c", null, OPEN, PERSISTENT);
            zk.delete(p + "/c", -1);
            waitUntil("the container is gone", () -> zk.exists(p, false) == null);
        }));
        suite.test("a TTL node shows no owner and goes when it is not touched",
                with((zk, p) -> {
            Stat stat = new Stat();
            zk.create(p, null, OPEN, PERSISTENT_WITH_TTL, stat, 700);
            equal(0L, stat.getEphemeralOwner(), "owner");
            equal(0L, zk.exists(p, false).getEphemeralOwner(), "owner read back");
            String made = zk.create(p + "-", null, OPEN, PERSISTENT_SEQUENTIAL_WITH_TTL, stat, 500);
            check(made.matches(p + "-\\d{10}"), made);
            waitUntil("both are gone",
                    () -> zk.exists(p, false) == null && zk.exists(made, false) == null);
        }));
        suite.test("a TTL node with children stays", with((zk, p) -> {
            zk.create(p, null, OPEN, PERSISTENT_WITH_TTL, new Stat(), 100);
            zk.create(p + "/c", null, OPEN, PERSISTENT);
            String other = freshPath();
            zk.create(other, null, OPEN, PERSISTENT_WITH_TTL, new Stat(), 100);
            waitUntil("the one without is gone", () -> zk.exists(other, false) == null);
            check(zk.exists(p, false) != null, "the node with a child is gone");
        }));
        suite.test("reserved paths are refused and /zookeeper is there", with((zk, p) -> {
            equal(Arrays.asList("config", "quota"), sorted(zk.getChildren("/zookeeper", false)), "it");
            fails(Code.BADARGUMENTS, () -> zk.delete("/zookeeper", -1));
            fails(Code.NODEEXISTS, () -> zk.create("/", null, OPEN, PERSISTENT));
            fails(Code.BADARGUMENTS, () -> zk.delete("/", -1));
        }));
    }

    private static void reading(Suite suite) {
        suite.test("reads of a missing node say NoNode", with((zk, p) -> {
            equal(null, zk.exists(p, false), "exists");
            equal(p, fails(Code.NONODE, () -> zk.getData(p, false, null)).getPath(), "path");
            fails(Code.NONODE, () -> zk.getChildren(p, false));
            fails(Code.NONODE, () -> zk.getChildren(p, false, new Stat()));
            fails(Code.NONODE, () -> zk.getACL(p, null));
        }));
        suite.test("data of almost 1 MB goes in and comes out", with((zk, p) -> {
            byte[] large = new byte[0xfffff - 200];
            for (int i = 0; i < large.length; i++) {
                large[i] = (byte) (i * 31);
            }
            zk.create(p, large, OPEN, PERSISTENT);
            check(Arrays.equals(large, zk.getData(p, false, null)), "data differs");
        }));
        suite.test("names may hold any letters", with((zk, p) -> {
            String name = p + "/\u4efb\u52a1 \u00e9 %2F";
            zk.create(p, null, OPEN, PERSISTENT);
            zk.create(name, bytes("y"), OPEN, PERSISTENT);
            equal(Collections.singletonList(name.substring(p.length() + 1)),
                    zk.getChildren(p, false), "children");
            check(zk.exists(name, false) != null, "not found by name");
        }));
        suite.test("getConfig reads /zookeeper/config", with((zk, p) -> {
            Stat stat = new Stat();
            zk.getConfig(false, stat);
            check(zk.exists("/zookeeper/config", false) != null, "no such node");
        }));
        suite.test("sync comes back with its path", with((zk, p) -> {
            CompletableFuture<String> done = new CompletableFuture<>();
            zk.sync("/", (rc, path, context) -> done.complete(rc + " " + path + " " + context), "c");
            equal("0 / c", done.get(20, TimeUnit.SECONDS), "answer");
        }));
    }

    private static void changing(Suite suite) {
        suite.test("setData counts versions and refuses a wrong one", with((zk, p) -> {
            zk.create(p, bytes("0"), OPEN, PERSISTENT);
            Stat first = zk.setData(p, bytes("11"), 0);
            equal(1, first.getVersion(), "version");
            equal(2, first.getDataLength(), "length");
            check(first.getMzxid() > first.getCzxid(), "mzxid does not grow");
            equal(first.getCzxid(), first.getPzxid(), "pzxid");
            fails(Code.BADVERSION, () -> zk.setData(p, bytes("x"), 0));
            fails(Code.BADVERSION, () -> zk.setData(p, bytes("x"), 2));
            equal(2, zk.setData(p, null, -1).getVersion(), "version after any");
            equal(0, zk.exists(p, false).getDataLength(), "length of null");
            fails(Code.NONODE, () -> zk.setData(p + "/x", null, -1));
        }));
        suite.test("delete refuses wrong versions, children and missing nodes", with((zk, p) -> {
            zk.create(p, null, OPEN, PERSISTENT);
            zk.create(p + "/c", null, OPEN, PERSISTENT);
            fails(Code.BADVERSION, () -> zk.delete(p + "/c", 1));
            fails(Code.NOTEMPTY, () -> zk.delete(p, -1));
            zk.delete(p + "/c", 0);
            zk.delete(p, -1);
            fails(Code.NONODE, () -> zk.delete(p, -1));
        }));
        suite.test("a parent's cversion and pzxid follow its children", with((zk, p) -> {
            zk.create(p, null, OPEN, PERSISTENT);
            Stat child = new Stat();
            zk.create(p + "/c", null, OPEN, PERSISTENT, child);
            Stat parent = zk.exists(p, false);
            equal(1, parent.getCversion(), "cversion");
            equal(child.getCzxid(), parent.getPzxid(), "pzxid");
            equal(1, parent.getNumChildren(), "children");
            zk.setData(p + "/c", bytes("1"), -1);
            equal(parent, zk.exists(p, false), "the parent after a change of data");
            zk.delete(p + "/c", -1);
            Stat after = zk.exists(p, false);
            equal(2, after.getCversion(), "cversion after delete");
            equal(child.getCzxid() + 2, after.getPzxid(), "pzxid after delete");
        }));
        suite.test("a failed write takes a zxid of its own", with((zk, p) -> {
            Stat first = new Stat();
            Stat second = new Stat();
            zk.create(p, null, OPEN, PERSISTENT, first);
            fails(Code.NODEEXISTS, () -> zk.create(p, null, OPEN, PERSISTENT));
            zk.create(p + "/c", null, OPEN, PERSISTENT, second);
            equal(first.getCzxid() + 2, second.getCzxid(), "czxid");
        }));
    }

    private static void lists(Suite suite) {
        suite.test("children with and without stat, and their number", with((zk, p) -> {
            zk.create(p, null, OPEN, PERSISTENT);
            List<String> names = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                names.add("c" + (char) ('a' + i));
                zk.create(p + "/" + names.get(i), null, OPEN, PERSISTENT);
                zk.create(p + "/" + names.get(i) + "/x", null, OPEN, PERSISTENT);
            }
            equal(names, sorted(zk.getChildren(p, false)), "children");
            Stat stat = new Stat();
            equal(names, sorted(zk.getChildren(p, false, stat)), "children with stat");
            equal(zk.exists(p, false), stat, "stat");
            equal(40, zk.getAllChildrenNumber(p), "all children");
            equal(0, zk.getAllChildrenNumber(p + "/ca/x"), "all children of a leaf");
            fails(Code.NONODE, () -> zk.getAllChildrenNumber(p + "/none"));
        }));
        suite.test("getEphemerals lists those of this session under a prefix", address -> {
            try (ZooKeeper zk = connect(address); ZooKeeper other = connect(address)) {
                String p = freshPath();
                zk.create(p, null, OPEN, PERSISTENT);
                zk.create(p + "/mine-b", null, OPEN, EPHEMERAL);
                zk.create(p + "/mine-a", null, OPEN, EPHEMERAL);
                zk.create(p + "-top", null, OPEN, EPHEMERAL);
                other.create(p + "/other", null, OPEN, EPHEMERAL);
                equal(Arrays.asList(p + "-top", p + "/mine-a", p + "/mine-b"),
                        sorted(zk.getEphemerals()), "all");
                equal(Arrays.asList(p + "/mine-a", p + "/mine-b"),
                        sorted(zk.getEphemerals(p + "/mine")), "by prefix");
                equal(Collections.emptyList(), zk.getEphemerals("/nothing"), "none");
            }
        });
    }

    private static void asynchronous(Suite suite) {
        suite.test("pipelined calls are answered in order", with((zk, p) -> {
            zk.create(p, bytes("0"), OPEN, PERSISTENT);
            int count = 500;
            List<String> answers = Collections.synchronizedList(new ArrayList<>());
            List<String> expected = new ArrayList<>();
            CountDownLatch done = new CountDownLatch(2 * count);
            for (int i = 1; i <= count; i++) {
                zk.setData(p, bytes("" + i), -1, (rc, path, context, stat) -> {
                    answers.add("set " + rc + " " + stat.getVersion());
                    done.countDown();
                }, null);
                // A read behind a write of the same session must see that write and no later one.
                zk.getData(p, false, (rc, path, context, data, stat) -> {
                    answers.add("get " + rc + " " + new String(data));
                    done.countDown();
                }, null);
                expected.add("set 0 " + i);
                expected.add("get 0 " + i);
            }
            check(done.await(40, TimeUnit.SECONDS), "answers are missing");
            equal(expected, answers, "the order");
        }));
        suite.test("asynchronous calls give their error codes", with((zk, p) -> {
            List<Integer> codes = Collections.synchronizedList(new ArrayList<>());
            CountDownLatch done = new CountDownLatch(8);
            zk.create(p + "/a", null, OPEN, PERSISTENT, (rc, path, c, name) -> {
                codes.add(rc);
                done.countDown();
            }, null);
            zk.create(p, null, OPEN, PERSISTENT, (rc, path, c, name, stat) -> {
                codes.add(rc);
                done.countDown();
            }, null);
            zk.exists(p, false, (rc, path, c, stat) -> {
                codes.add(rc);
                done.countDown();
            }, null);
            zk.getACL(p, new Stat(), (rc, path, c, acl, stat) -> {
                codes.add(rc);
                done.countDown();
            }, null);
            zk.setACL(p, OPEN, 7, (rc, path, c, stat) -> {
                codes.add(rc);
                done.countDown();
            }, null);
            zk.getChildren(p + "/q", false, (rc, path, c, children, stat) -> {
                codes.add(rc);
                done.countDown();
            }, null);
            zk.delete(p, 9, (rc, path, c) -> {
                codes.add(rc);
                done.countDown();
            }, null);
            zk.delete(p, 0, (rc, path, c) -> {
                codes.add(rc);
                done.countDown();
            }, null);
            check(done.await(20, TimeUnit.SECONDS), "answers are missing");
            equal(Arrays.asList(-101, 0, 0, 0, -103, -101, -103, 0), codes, "codes");
        }));
    }
}
