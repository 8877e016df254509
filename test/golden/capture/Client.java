package capture;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.WatchedEvent;
import org.apache.zookeeper.Watcher;
import org.apache.zookeeper.admin.ZooKeeperAdmin;

/** Apache's client, with its events in a queue and checked failures. */
final class Client extends ZooKeeperAdmin {
    /** Thrown for a call that did not end as the capture means it to. */
    static final class Unexpected extends RuntimeException {
        Unexpected(String message) {
            super(message);
        }
    }

    interface Call {
        Object run() throws Exception;
    }

    private static final class Events implements Watcher {
        private final BlockingQueue<WatchedEvent> queue = new LinkedBlockingQueue<>();

        @Override
        public void process(WatchedEvent event) {
            queue.add(event);
        }
    }

    private final Events events;

    private Client(int port, int timeout, Events events, boolean readOnly) throws Exception {
        super("127.0.0.1:" + port, timeout, events, readOnly);
        this.events = events;
    }

    static Client connected(int port, int timeout) throws Exception {
        return connected(port, timeout, false);
    }

    static Client connected(int port, int timeout, boolean readOnly) throws Exception {
        Client client = new Client(port, timeout, new Events(), readOnly);
        client.await("SyncConnected None null");
        return client;
    }

    /** The next event as "state type path"; it must be the one named. */
    void await(String... expected) throws InterruptedException {
        for (String text : expected) {
            WatchedEvent event = events.queue.poll(30, TimeUnit.SECONDS);
            String got = event == null ? "nothing"
                : event.getState() + " " + event.getType() + " " + event.getPath();
            if (!got.equals(text)) {
                throw new Unexpected("expected event " + text + ", got " + got);
            }
        }
    }

    /** As many events as expected, in any order. */
    void awaitAll(String... expected) throws InterruptedException {
        List<String> left = new ArrayList<>(List.of(expected));
        while (!left.isEmpty()) {
            WatchedEvent event = events.queue.poll(30, TimeUnit.SECONDS);
            String got = event == null ? "nothing"
                : event.getState() + " " + event.getType() + " " + event.getPath();
            if (!left.remove(got)) {
                throw new Unexpected("expected one of " + left + ", got " + got);
            }
        }
    }

    void noMoreEvents() {
        if (!events.queue.isEmpty()) {
            throw new Unexpected("unexpected " + events.queue);
        }
    }

    static void fails(KeeperException.Code code, Call call) throws Exception {
        try {
            call.run();
        } catch (KeeperException e) {
            if (e.code() == code) {
                return;
            }
            throw e;
        }
        throw new Unexpected("expected " + code);
    }
}
