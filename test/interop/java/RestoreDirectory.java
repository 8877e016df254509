// Loads a data directory with Apache's own recovery and prints what it holds, line by line.
import java.io.File;
import java.util.TreeSet;
import org.apache.zookeeper.server.DataNode;
import org.apache.zookeeper.server.DataTree;
import org.apache.zookeeper.server.ZKDatabase;
import org.apache.zookeeper.server.persistence.FileTxnSnapLog;

public final class RestoreDirectory {
    public static void main(String[] arguments) throws Exception {
        File directory = new File(arguments[0]);
        ZKDatabase database = new ZKDatabase(new FileTxnSnapLog(directory, directory));
        long[] mismatches = {0};
        DataTree tree = database.getDataTree();
        tree.addDigestWatcher(zxid -> mismatches[0]++);
        System.out.println("zxid " + database.loadDataBase());
        System.out.println("mismatches " + mismatches[0]);
        System.out.println("digest " + tree.getTreeDigest());
        System.out.println("count " + tree.getNodeCount());
        database.getSessionWithTimeOuts().forEach((id, timeout) -> System.out.println("session " + id + " " + timeout));
        database.getEphemerals().forEach((id, paths) -> new TreeSet<>(paths)
            .forEach(path -> System.out.println("ephemeral " + id + " " + path)));
        print(tree, "/");
        System.exit(0);
    }

    private static void print(DataTree tree, String path) {
        DataNode node = tree.getNode(path);
        StringBuilder acl = new StringBuilder();
        tree.getACL(node).forEach(entry -> acl.append(' ').append(entry.getPerms()).append(':')
            .append(entry.getId().getScheme()).append(':').append(entry.getId().getId()));
        System.out.println("acl " + path + acl);
        for (String child : new TreeSet<>(node.getChildren())) {
            print(tree, path.equals("/") ? "/" + child : path + "/" + child);
        }
    }
}
