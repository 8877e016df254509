// Sessions: timeouts, moving, resuming after a restart of the server, expiry, chroot, read-only.
import static org.apache.zookeeper.CreateMode.*;

import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.zookeeper.AddWatchMode;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.ZooKeeper.States;

final class ClientSessions extends JavaSupport {
    static void declare(Suite suite) {
        beginnings(suite);
        moves(suite);
        reconnects(suite);
        restarts(suite);
    }

    private static void beginnings(Suite suite) {
        suite.test("the timeout is negotiated between the server's bounds", address -> {
            try (ZooKeeper small = JavaClient.connect(address, 100, e -> { });
                    ZooKeeper middle = JavaClient.connect(address, 12_345, e -> { });
                    ZooKeeper large = JavaClient.connect(address, 1_000_000, e -> { })) {
                equal(500, small.getSessionTimeout(), "small");
                equal(12_345, middle.getSessionTimeout(), "middle");
                equal(60_000, large.getSessionTimeout(), "large");
            }
        });
        suite.test("a session has an id and a password of 16 bytes", with((zk, p) -> {
            check(zk.getSessionId() != 0, "no id");
            equal(16, zk.getSessionPasswd().length, "length of the password");
            check(!Arrays.equals(new byte[16], zk.getSessionPasswd()), "the password is empty");
        }));
        suite.test("heart-beats keep an idle session with a short timeout", address -> {
            JavaClient.Events events = new JavaClient.Events();
            try (ZooKeeper zk = JavaClient.connect(address, 1_500, events)) {
                equal("None SyncConnected", events.next(), "event");
                Thread.sleep(3_500);
                check(events.isEmpty(), "the connection was lost");
                zk.exists("/", false);
            }
        });
        suite.test("a client that allows read-only gets a full connection here", address -> {
            CountDownLatch connected = new CountDownLatch(1);
            try (ZooKeeper zk = new ZooKeeper(address, 20_000, e -> connected.countDown(), true)) {
                check(connected.await(20, TimeUnit.SECONDS), "no connection");
                equal(States.CONNECTED, zk.getState(), "state");
                String p = freshPath();
                zk.create(p, null, OPEN, PERSISTENT);
            }
        });
        suite.test("a chroot is invisible to the client", with((zk, p) -> {
            zk.create(p, null, OPEN, PERSISTENT);
            JavaClient.Events events = new JavaClient.Events();
            String address = System.getProperty("address");
            try (ZooKeeper inside = connect(address + p)) {
                equal("/a", inside.create("/a", null, OPEN, PERSISTENT), "path");
                equal("/s0000000001", inside.create("/s", null, OPEN, PERSISTENT_SEQUENTIAL), "s");
                inside.exists("/a", events);
                zk.setData(p + "/a", bytes("1"), -1);
                equal("NodeDataChanged /a", events.next(), "event");
                equal(Arrays.asList("a", "s0000000001"), sorted(inside.getChildren("/", false)), "all");
            }
        }));
        suite.test("a silent session expires and its ephemerals go", with((zk, p) -> {
            String address = System.getProperty("address");
            JavaClient.Events events = new JavaClient.Events();
            ZooKeeper silent = JavaClient.connect(address, 1_000, event -> { });
            silent.create(p, null, OPEN, EPHEMERAL);
            zk.exists(p, events);
            // Closing the client's own threads without a word is what a crash looks like.
            silenceForGood(silent);
            equal("NodeDeleted " + p, events.next(), "event");
        }));
    }

    /** Ends a client's sending thread without closing the session. */
    private static void silenceForGood(ZooKeeper client) throws Exception {
        java.lang.reflect.Field cnxn = ZooKeeper.class.getDeclaredField("cnxn");
        cnxn.setAccessible(true);
        Object connection = cnxn.get(client);
        java.lang.reflect.Field field = connection.getClass().getDeclaredField("sendThread");
        field.setAccessible(true);
        Object thread = field.get(connection);
        java.lang.reflect.Method close = thread.getClass().getDeclaredMethod("close");
        close.setAccessible(true);
        close.invoke(thread);
    }

    private static void moves(Suite suite) {
        suite.test("a session moves to a new connection with id and password", with((zk, p) -> {
            String address = System.getProperty("address");
            JavaClient.Events old = new JavaClient.Events();
            ZooKeeper first = connect(address, old);
            equal("None SyncConnected", old.next(), "event");
            first.create(p, null, OPEN, EPHEMERAL);
            silenceForGood(first);
            CountDownLatch connected = new CountDownLatch(1);
            ZooKeeper second = new ZooKeeper(address, 20_000, e -> connected.countDown(),
                    first.getSessionId(), first.getSessionPasswd());
            check(connected.await(20, TimeUnit.SECONDS), "no connection");
            equal(first.getSessionId(), second.getSessionId(), "id");
            equal(second.getSessionId(), zk.exists(p, false).getEphemeralOwner(), "owner");
            second.close();
            waitUntil("the ephemeral is gone", () -> zk.exists(p, false) == null);
        }));
        suite.test("a wrong password is an expired session", with((zk, p) -> {
            JavaClient.Events events = new JavaClient.Events();
            byte[] wrong = zk.getSessionPasswd().clone();
            wrong[3] ^= 1;
            ZooKeeper thief = new ZooKeeper(System.getProperty("address"), 20_000, events,
                    zk.getSessionId(), wrong);
            equal("None Expired", events.next(), "event");
            fails(Code.SESSIONEXPIRED, () -> thief.exists("/", false));
            // The reference closes the owner's connection first and looks at the password then.
            waitUntil("the owner is connected again", () -> connected(zk));
            thief.close();
        }));
        suite.test("an unknown session id is an expired session", address -> {
            JavaClient.Events events = new JavaClient.Events();
            ZooKeeper zk = new ZooKeeper(address, 20_000, events, 0x1234567890L, new byte[16]);
            equal("None Expired", events.next(), "event");
            zk.close();
        });
        suite.test("closing a session elsewhere expires it here", address -> {
            JavaClient.Events events = new JavaClient.Events();
            ZooKeeper first = connect(address, events);
            equal("None SyncConnected", events.next(), "event");
            CountDownLatch connected = new CountDownLatch(1);
            ZooKeeper second = new ZooKeeper(address, 20_000, e -> connected.countDown(),
                    first.getSessionId(), first.getSessionPasswd());
            check(connected.await(20, TimeUnit.SECONDS), "no connection");
            second.close();
            String event = events.next();
            while (!event.equals("None Expired")) {
                check(event.equals("None Disconnected") || event.equals("None SyncConnected"), event);
                event = events.next();
            }
            first.close();
        });
    }

    /** Two state events: the connection was lost and came back. */
    private static void lostAndBack(JavaClient.Events... all) throws Exception {
        for (JavaClient.Events events : all) {
            equal("None Disconnected, None SyncConnected", events.next(2), "state events");
        }
    }

    private static void reconnects(Suite suite) {
        suite.test("changes while a client was away are told when its watches are set again",
                address -> {
            JavaClient.Events data = new JavaClient.Events();
            JavaClient.Events gone = new JavaClient.Events();
            JavaClient.Events made = new JavaClient.Events();
            JavaClient.Events children = new JavaClient.Events();
            JavaClient.Events lost = new JavaClient.Events();
            JavaClient.Events still = new JavaClient.Events();
            try (Proxy proxy = new Proxy(address); ZooKeeper zk = connect(proxy.address());
                    ZooKeeper other = connect(address)) {
                String p = freshPath();
                other.create(p, null, OPEN, PERSISTENT);
                for (String name : Arrays.asList("data", "gone", "children", "lost", "still")) {
                    other.create(p + "/" + name, null, OPEN, PERSISTENT);
                }
                zk.getData(p + "/data", data, null);
                zk.exists(p + "/gone", gone);
                zk.exists(p + "/made", made);
                zk.getChildren(p + "/children", children);
                zk.getChildren(p + "/lost", lost);
                zk.getData(p + "/still", still, null);
                proxy.refuse();
                other.setData(p + "/data", bytes("1"), -1);
                other.delete(p + "/gone", -1);
                other.create(p + "/made", null, OPEN, PERSISTENT);
                other.create(p + "/children/c", null, OPEN, PERSISTENT);
                other.delete(p + "/lost", -1);
                proxy.allow();
                lostAndBack(data, gone, made, children, lost, still);
                equal("NodeDataChanged " + p + "/data", data.next(), "data");
                equal("NodeDeleted " + p + "/gone", gone.next(), "gone");
                equal("NodeCreated " + p + "/made", made.next(), "made");
                equal("NodeChildrenChanged " + p + "/children", children.next(), "children");
                equal("NodeDeleted " + p + "/lost", lost.next(), "lost");
                check(still.isEmpty(), "an event came for what did not change");
                other.setData(p + "/still", bytes("1"), -1);
                equal("NodeDataChanged " + p + "/still", still.next(), "the watch that stayed");
            }
        });
        suite.test("persistent watches stay over a lost connection", address -> {
            JavaClient.Events one = new JavaClient.Events();
            JavaClient.Events all = new JavaClient.Events();
            try (Proxy proxy = new Proxy(address); ZooKeeper zk = connect(proxy.address());
                    ZooKeeper other = connect(address)) {
                String p = freshPath();
                String q = freshPath();
                other.create(p, null, OPEN, PERSISTENT);
                other.create(q, null, OPEN, PERSISTENT);
                zk.addWatch(p, one, AddWatchMode.PERSISTENT);
                zk.addWatch(q, all, AddWatchMode.PERSISTENT_RECURSIVE);
                proxy.refuse();
                proxy.allow();
                lostAndBack(one, all);
                other.setData(p, bytes("1"), -1);
                other.create(q + "/c", null, OPEN, PERSISTENT);
                equal("NodeDataChanged " + p, one.next(), "persistent");
                equal("NodeCreated " + q + "/c", all.next(), "recursive");
            }
        });
        suite.test("thousands of watches are set again", address -> {
            JavaClient.Events events = new JavaClient.Events();
            try (Proxy proxy = new Proxy(address); ZooKeeper other = connect(address);
                    ZooKeeper zk = connect(proxy.address(), events)) {
                equal("None SyncConnected", events.next(), "event");
                String p = freshPath() + "-" + "x".repeat(100);
                other.create(p, null, OPEN, PERSISTENT);
                for (int i = 0; i < 3_000; i++) {
                    zk.exists(p + "/" + i, true, (rc, path, context, stat) -> { }, null);
                }
                equal(null, zk.exists(p + "/last", true), "last");
                proxy.refuse();
                proxy.allow();
                lostAndBack(events);
                waitUntil("it is connected again", () -> connected(zk));
                for (int i = 0; i < 3_000; i += 500) {
                    other.create(p + "/" + i, null, OPEN, PERSISTENT);
                    equal("NodeCreated " + p + "/" + i, events.next(), "event " + i);
                }
            }
        });
        suite.test("authentication is told again to a new connection", address -> {
            try (Proxy proxy = new Proxy(address); ZooKeeper zk = connect(proxy.address())) {
                String p = freshPath();
                zk.addAuthInfo("digest", bytes("amy:pw"));
                zk.create(p, bytes("x"), org.apache.zookeeper.ZooDefs.Ids.CREATOR_ALL_ACL, PERSISTENT);
                proxy.refuse();
                proxy.allow();
                waitUntil("it is connected again", () -> connected(zk));
                equal("x", new String(zk.getData(p, false, null)), "data");
            }
        });
    }

    private static void restarts(Suite suite) {
        suite.test("session, ephemerals and data outlive a restart of the server", with((zk, p) -> {
            long id = zk.getSessionId();
            zk.create(p, bytes("kept"), OPEN, PERSISTENT);
            zk.create(p + "/e", null, OPEN, EPHEMERAL);
            Suite.ask("restart");
            waitUntil("it is connected again", () -> connected(zk));
            equal(id, zk.getSessionId(), "session id");
            equal("kept", new String(zk.getData(p, false, null)), "data");
            equal(id, zk.exists(p + "/e", false).getEphemeralOwner(), "owner");
        }));
        suite.test("watches are set again after a restart, missed changes are told", address -> {
            JavaClient.Events data = new JavaClient.Events();
            JavaClient.Events children = new JavaClient.Events();
            JavaClient.Events exists = new JavaClient.Events();
            JavaClient.Events persistent = new JavaClient.Events();
            JavaClient.Events recursive = new JavaClient.Events();
            try (ZooKeeper zk = connect(address); ZooKeeper other = connect(address)) {
                String p = freshPath();
                zk.create(p, null, OPEN, PERSISTENT);
                // The reference keeps one mode per session and path, so each kind gets its own path.
                String q = freshPath();
                String r = freshPath();
                zk.create(q, null, OPEN, PERSISTENT);
                zk.create(r, null, OPEN, PERSISTENT);
                zk.getData(p, data, null);
                zk.getChildren(p, children);
                zk.exists(p + "/later", exists);
                zk.addWatch(q, persistent, AddWatchMode.PERSISTENT);
                zk.addWatch(r, recursive, AddWatchMode.PERSISTENT_RECURSIVE);
                Suite.ask("crash");
                waitUntil("both are connected again", () -> connected(zk) && connected(other));
                for (JavaClient.Events events : Arrays.asList(data, children, exists, persistent, recursive)) {
                    equal("None Disconnected, None SyncConnected", events.next(2), "state events");
                }
                for (String path : Arrays.asList(p, q, r)) {
                    other.create(path + "/later", null, OPEN, PERSISTENT);
                    other.setData(path, bytes("1"), -1);
                }
                equal("NodeDataChanged " + p, data.next(), "data");
                equal("NodeChildrenChanged " + p, children.next(), "children");
                equal("NodeCreated " + p + "/later", exists.next(), "exists");
                equal("NodeChildrenChanged " + q + ", NodeDataChanged " + q, persistent.next(2), "q");
                equal("NodeCreated " + r + "/later, NodeDataChanged " + r, recursive.next(2), "r");
            }
        });
        suite.test("what was acknowledged is there after a crash", with((zk, p) -> {
            zk.create(p, null, OPEN, PERSISTENT);
            for (int i = 0; i < 300; i++) {
                zk.create(p + "/" + i, bytes("v" + i), OPEN, PERSISTENT);
            }
            Suite.ask("crash");
            waitUntil("it is connected again", () -> connected(zk));
            equal(300, zk.getChildren(p, false).size(), "children");
            equal("v299", new String(zk.getData(p + "/299", false, null)), "data of the last");
        }));
    }

    private static boolean connected(ZooKeeper zk) throws Exception {
        try {
            zk.exists("/", false);
            return true;
        } catch (org.apache.zookeeper.KeeperException.ConnectionLossException lost) {
            return false;
        }
    }
}
