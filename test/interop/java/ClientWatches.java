// One-shot, persistent and recursive watches: which events come, in which order, and how to drop them.
import static org.apache.zookeeper.CreateMode.*;

import java.util.Arrays;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.apache.zookeeper.AddWatchMode;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.Watcher.WatcherType;
import org.apache.zookeeper.ZooKeeper;

final class ClientWatches extends JavaSupport {
    interface WithWatcher {
        void run(ZooKeeper watching, ZooKeeper acting, String path, JavaClient.Events events)
                throws Exception;
    }

    /** One client that watches and another one that acts; the path does not exist yet. */
    static Suite.Body watching(WithWatcher body) {
        return address -> {
            try (ZooKeeper watching = connect(address); ZooKeeper acting = connect(address)) {
                body.run(watching, acting, freshPath(), new JavaClient.Events());
            }
        };
    }

    static void declare(Suite suite) {
        oneShot(suite);
        persistent(suite);
        removal(suite);
    }

    private static void oneShot(Suite suite) {
        suite.test("an exists watch sees creation, then change, then deletion", watching((w, a, p, e) -> {
            w.exists(p, e);
            a.create(p, null, OPEN, PERSISTENT);
            equal("NodeCreated " + p, e.next(), "1st");
            w.exists(p, e);
            a.setData(p, null, -1);
            equal("NodeDataChanged " + p, e.next(), "2nd");
            w.exists(p, e);
            a.delete(p, -1);
            equal("NodeDeleted " + p, e.next(), "3rd");
        }));
        suite.test("a data watch fires once", watching((w, a, p, e) -> {
            a.create(p, null, OPEN, PERSISTENT);
            w.getData(p, e, null);
            a.setData(p, bytes("1"), -1);
            a.setData(p, bytes("2"), -1);
            equal("NodeDataChanged " + p, e.next(), "event");
            equal("2", new String(w.getData(p, e, null)), "data");
            a.delete(p, -1);
            equal("NodeDeleted " + p, e.next(), "event after re-arming");
            check(e.isEmpty(), "there are more events");
        }));
        suite.test("a child watch sees children come and go, not their data", watching((w, a, p, e) -> {
            a.create(p, null, OPEN, PERSISTENT);
            w.getChildren(p, e);
            a.create(p + "/c", null, OPEN, PERSISTENT);
            equal("NodeChildrenChanged " + p, e.next(), "creation");
            w.getChildren(p, e);
            a.setData(p + "/c", bytes("1"), -1);
            a.delete(p + "/c", -1);
            equal("NodeChildrenChanged " + p, e.next(), "deletion");
            w.getChildren(p, e);
            a.delete(p, -1);
            equal("NodeDeleted " + p, e.next(), "deletion of the node");
        }));
        suite.test("data and child watch of one watcher give one event for a deletion",
                watching((w, a, p, e) -> {
            a.create(p, null, OPEN, PERSISTENT);
            w.getChildren(p, e);
            w.getData(p, e, null);
            a.delete(p, -1);
            equal("NodeDeleted " + p, e.next(), "event");
            w.exists("/", false);
            check(e.isEmpty(), "a second event came");
        }));
        suite.test("a read of a missing node leaves no watch, exists does", watching((w, a, p, e) -> {
            fails(Code.NONODE, () -> w.getData(p, e, null));
            fails(Code.NONODE, () -> w.getChildren(p, e));
            a.create(p, null, OPEN, PERSISTENT);
            w.exists(p, false);
            w.sync(p, (rc, path, context) -> { }, null);
            check(e.isEmpty(), "there is an event");
        }));
        suite.test("an event reaches the watcher before any reply with the newer state",
                watching((w, a, p, e) -> {
            w.create(p, bytes("0"), OPEN, PERSISTENT);
            for (int i = 1; i <= 100; i++) {
                w.getData(p, e, null);
                a.setData(p, bytes("" + i), -1);
                // Only asynchronous replies come on the thread of the events, in the order of the wire.
                BlockingQueue<String> read = new LinkedBlockingQueue<>();
                String seen = "";
                while (!seen.equals("" + i)) {
                    w.getData(p, false, (rc, path, context, data, stat) ->
                            read.add(new String(data) + (e.isEmpty() ? " without event" : "")), null);
                    seen = read.take();
                    check(!seen.equals(i + " without event"), "value " + i + " came before its event");
                }
                e.next();
            }
        }));
        suite.test("events of one multi come in its order", watching((w, a, p, e) -> {
            a.create(p, null, OPEN, PERSISTENT);
            w.getData(p, e, null);
            w.getChildren(p, e);
            w.exists(p + "/n", e);
            a.multi(Arrays.asList(Op.create(p + "/n", null, OPEN, PERSISTENT),
                    Op.setData(p, bytes("1"), -1)));
            equal("NodeCreated " + p + "/n, NodeChildrenChanged " + p + ", NodeDataChanged " + p,
                    e.next(3), "events");
        }));
        suite.test("the end of a session deletes its ephemerals with their events",
                address -> {
            try (ZooKeeper watching = connect(address)) {
                String p = freshPath();
                JavaClient.Events events = new JavaClient.Events();
                ZooKeeper owner = connect(address);
                owner.create(p, null, OPEN, EPHEMERAL);
                watching.exists(p, events);
                owner.close();
                equal("NodeDeleted " + p, events.next(), "event");
            }
        });
        suite.test("a watch on a node whose ACL is closed is refused", watching((w, a, p, e) -> {
            a.addAuthInfo("digest", bytes("u:p"));
            a.create(p, null, org.apache.zookeeper.ZooDefs.Ids.CREATOR_ALL_ACL, PERSISTENT);
            fails(Code.NOAUTH, () -> w.getData(p, e, null));
            a.setData(p, null, -1);
            w.exists("/", false);
            check(e.isEmpty(), "an event came");
        }));
    }

    private static void persistent(Suite suite) {
        suite.test("a persistent watch stays and sees data and children of its node",
                watching((w, a, p, e) -> {
            w.addWatch(p, e, AddWatchMode.PERSISTENT);
            a.create(p, null, OPEN, PERSISTENT);
            a.setData(p, bytes("1"), -1);
            a.create(p + "/c", null, OPEN, PERSISTENT);
            a.setData(p + "/c", bytes("1"), -1);
            a.delete(p + "/c", -1);
            a.delete(p, -1);
            a.create(p, null, OPEN, PERSISTENT);
            equal(String.join(", ", "NodeCreated " + p, "NodeDataChanged " + p,
                    "NodeChildrenChanged " + p, "NodeChildrenChanged " + p, "NodeDeleted " + p,
                    "NodeCreated " + p), e.next(6), "events");
        }));
        suite.test("a recursive watch sees everything below, without child events",
                watching((w, a, p, e) -> {
            w.addWatch(p, e, AddWatchMode.PERSISTENT_RECURSIVE);
            a.create(p, null, OPEN, PERSISTENT);
            a.create(p + "/c", null, OPEN, PERSISTENT);
            a.create(p + "/c/d", null, OPEN, PERSISTENT);
            a.setData(p + "/c/d", bytes("1"), -1);
            a.create(p + "x", null, OPEN, PERSISTENT);
            a.delete(p + "/c/d", -1);
            a.delete(p + "/c", -1);
            equal(String.join(", ", "NodeCreated " + p, "NodeCreated " + p + "/c",
                    "NodeCreated " + p + "/c/d", "NodeDataChanged " + p + "/c/d",
                    "NodeDeleted " + p + "/c/d", "NodeDeleted " + p + "/c"), e.next(6), "events");
            w.exists("/", false);
            check(e.isEmpty(), "there are more events");
        }));
        suite.test("one-shot and recursive watches of one session all fire", watching((w, a, p, e) -> {
            JavaClient.Events other = new JavaClient.Events();
            a.create(p, null, OPEN, PERSISTENT);
            w.addWatch(p, e, AddWatchMode.PERSISTENT_RECURSIVE);
            w.getChildren(p, other);
            a.create(p + "/c", null, OPEN, PERSISTENT);
            equal("NodeCreated " + p + "/c", e.next(), "recursive");
            equal("NodeChildrenChanged " + p, other.next(), "one-shot");
        }));
        suite.test("a recursive watch on the root sees the whole tree", watching((w, a, p, e) -> {
            w.addWatch("/", e, AddWatchMode.PERSISTENT_RECURSIVE);
            a.create(p, null, OPEN, PERSISTENT);
            equal("NodeCreated " + p, e.next(), "event");
        }));
    }

    private static void removal(Suite suite) {
        suite.test("removeWatches tells the watcher and stops its events", watching((w, a, p, e) -> {
            a.create(p, null, OPEN, PERSISTENT);
            w.getData(p, e, null);
            w.getChildren(p, e);
            w.removeWatches(p, e, WatcherType.Data, false);
            equal("DataWatchRemoved " + p, e.next(), "removal of the data watch");
            w.removeWatches(p, e, WatcherType.Children, false);
            equal("ChildWatchRemoved " + p, e.next(), "removal of the child watch");
            a.setData(p, bytes("1"), -1);
            a.create(p + "/c", null, OPEN, PERSISTENT);
            w.exists("/", false);
            check(e.isEmpty(), "an event came after the removal");
            fails(Code.NOWATCHER, () -> w.removeWatches(p, e, WatcherType.Any, false));
        }));
        suite.test("removing one watcher leaves the other of the same node", watching((w, a, p, e) -> {
            JavaClient.Events other = new JavaClient.Events();
            a.create(p, null, OPEN, PERSISTENT);
            w.getData(p, e, null);
            w.getData(p, other, null);
            w.removeWatches(p, e, WatcherType.Data, false);
            equal("DataWatchRemoved " + p, e.next(), "removal");
            a.setData(p, bytes("1"), -1);
            equal("NodeDataChanged " + p, other.next(), "the other's event");
        }));
        suite.test("removeAllWatches removes persistent ones too", watching((w, a, p, e) -> {
            a.create(p, null, OPEN, PERSISTENT);
            w.addWatch(p, e, AddWatchMode.PERSISTENT);
            w.removeAllWatches(p, WatcherType.Any, false);
            equal("PersistentWatchRemoved " + p, e.next(), "removal");
            a.setData(p, bytes("1"), -1);
            w.exists("/", false);
            check(e.isEmpty(), "an event came after the removal");
        }));
        suite.test("the server itself says when there is no such watch", watching((w, a, p, e) -> {
            JavaClient.Events other = new JavaClient.Events();
            a.create(p, null, OPEN, PERSISTENT);
            w.addWatch(p, e, AddWatchMode.PERSISTENT_RECURSIVE);
            w.removeWatches(p, e, WatcherType.Any, false);
            equal("PersistentWatchRemoved " + p, e.next(), "removal");
            fails(Code.NOWATCHER, () -> w.removeAllWatches(p, WatcherType.Any, false));
            w.getData(p, other, null);
            fails(Code.NOWATCHER, () -> w.removeWatches(p, e, WatcherType.Data, false));
        }));
    }
}
