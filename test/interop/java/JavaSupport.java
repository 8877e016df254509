// Short names for what every test of the Java client uses.
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.Watcher;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.data.ACL;

class JavaSupport {
    static final List<ACL> OPEN = JavaClient.OPEN;

    static Suite.Body with(JavaClient.WithClient body) {
        return JavaClient.with(body);
    }

    static ZooKeeper connect(String address) throws Exception {
        return JavaClient.connect(address);
    }

    static ZooKeeper connect(String address, Watcher watcher) throws Exception {
        return JavaClient.connect(address, watcher);
    }

    static KeeperException fails(KeeperException.Code code, JavaClient.Call call) throws Exception {
        return JavaClient.fails(code, call);
    }

    static byte[] bytes(String text) {
        return JavaClient.bytes(text);
    }

    static List<String> sorted(List<String> names) {
        List<String> copy = new ArrayList<>(names);
        Collections.sort(copy);
        return copy;
    }

    static String freshPath() {
        return Suite.freshPath();
    }

    static void check(boolean truth, String what) {
        Suite.check(truth, what);
    }

    static void equal(Object expected, Object actual, String what) {
        Suite.equal(expected, actual, what);
    }

    static void waitUntil(String what, Callable<Boolean> condition) throws Exception {
        Suite.waitUntil(what, condition);
    }
}
