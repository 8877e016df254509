// Apache's own Java client, every call of its 3.8 API, against the server under test.
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.WatchedEvent;
import org.apache.zookeeper.Watcher;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.data.ACL;
import org.apache.zookeeper.ZooDefs;

public final class JavaClient {
    static final List<ACL> OPEN = ZooDefs.Ids.OPEN_ACL_UNSAFE;
    static final int TIMEOUT = 20_000;

    public static void main(String[] args) {
        Suite suite = new Suite();
        ClientData.declare(suite);
        ClientMulti.declare(suite);
        ClientWatches.declare(suite);
        ClientAccess.declare(suite);
        ClientSessions.declare(suite);
        suite.main(args);
    }

    /** Remembers events in the order in which they came. */
    static final class Events implements Watcher {
        private final BlockingQueue<WatchedEvent> queue = new LinkedBlockingQueue<>();

        @Override
        public void process(WatchedEvent event) {
            queue.add(event);
        }

        /** The next event as `Type path`, or `Type state` where there is no path. */
        String next() throws InterruptedException {
            WatchedEvent event = queue.poll(20, TimeUnit.SECONDS);
            if (event == null) {
                return "no event";
            }
            return event.getPath() == null
                    ? event.getType() + " " + event.getState()
                    : event.getType() + " " + event.getPath();
        }

        String next(int count) throws InterruptedException {
            List<String> all = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                all.add(next());
            }
            return String.join(", ", all);
        }

        boolean isEmpty() {
            return queue.isEmpty();
        }
    }

    static ZooKeeper connect(String address, Watcher watcher) throws Exception {
        return connect(address, TIMEOUT, watcher);
    }

    static ZooKeeper connect(String address, int timeout, Watcher watcher) throws Exception {
        CountDownLatch connected = new CountDownLatch(1);
        ZooKeeper client = new ZooKeeper(address, timeout, event -> {
            if (event.getState() == Watcher.Event.KeeperState.SyncConnected) {
                connected.countDown();
            }
            watcher.process(event);
        });
        Suite.check(connected.await(20, TimeUnit.SECONDS), "no connection");
        return client;
    }

    static ZooKeeper connect(String address) throws Exception {
        return connect(address, event -> { });
    }

    interface Call {
        void run() throws Exception;
    }

    interface WithClient {
        void run(ZooKeeper client, String path) throws Exception;
    }

    /** A test body with one open client and a path of its own, which does not exist yet. */
    static Suite.Body with(WithClient body) {
        return address -> {
            try (ZooKeeper client = connect(address)) {
                body.run(client, Suite.freshPath());
            }
        };
    }

    static KeeperException fails(KeeperException.Code code, Call call) throws Exception {
        try {
            call.run();
        } catch (KeeperException refused) {
            Suite.equal(code, refused.code(), "the error code");
            return refused;
        }
        throw new AssertionError("succeeded, expected " + code);
    }

    static byte[] bytes(String text) {
        return text.getBytes(java.nio.charset.StandardCharsets.UTF_8);
    }
}
