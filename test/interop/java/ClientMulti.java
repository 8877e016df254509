// Transactions: all or nothing, the results one by one, and reads in one request.
import static org.apache.zookeeper.CreateMode.*;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.OpResult;
import org.apache.zookeeper.ZooDefs.Ids;
import org.apache.zookeeper.data.Stat;

final class ClientMulti extends JavaSupport {
    static void declare(Suite suite) {
        suite.test("multi runs all kinds of operations with one zxid", with((zk, p) -> {
            List<OpResult> results = zk.multi(Arrays.asList(
                    Op.create(p, bytes("1"), OPEN, PERSISTENT),
                    Op.create(p + "/s-", null, OPEN, EPHEMERAL_SEQUENTIAL),
                    Op.create(p + "/c", null, OPEN, CONTAINER),
                    Op.create(p + "/t", null, OPEN, PERSISTENT_WITH_TTL, 100_000),
                    Op.check(p, 0),
                    Op.setData(p, bytes("22"), 0),
                    Op.check(p, 1),
                    Op.create(p + "/gone", null, OPEN, PERSISTENT),
                    Op.delete(p + "/gone", 0)));
            equal(p, ((OpResult.CreateResult) results.get(0)).getPath(), "path");
            equal(p + "/s-0000000000", ((OpResult.CreateResult) results.get(1)).getPath(), "seq");
            equal("1 1 15 15 13 5 13 1 2", results.stream().map(r -> "" + kind(r))
                    .collect(Collectors.joining(" ")), "kinds");
            Stat set = ((OpResult.SetDataResult) results.get(5)).getStat();
            equal(1, set.getVersion(), "version");
            equal(set.getCzxid(), set.getMzxid(), "one zxid");
            equal(Arrays.asList("c", "s-0000000000", "t"), sorted(zk.getChildren(p, false)), "left");
            equal(set.getCzxid(), zk.exists(p + "/c", false).getCzxid(), "the child's zxid");
        }));
        suite.test("a failing multi changes nothing and names each result", with((zk, p) -> {
            zk.create(p, null, OPEN, PERSISTENT);
            Stat before = zk.exists(p, false);
            KeeperException failure = fails(Code.BADVERSION, () -> zk.multi(Arrays.asList(
                    Op.create(p + "/a", null, OPEN, PERSISTENT),
                    Op.setData(p, bytes("x"), 0),
                    Op.check(p, 7),
                    Op.delete(p + "/a", -1))));
            equal("0 0 -103 -2", failure.getResults().stream()
                    .map(r -> "" + ((OpResult.ErrorResult) r).getErr())
                    .collect(Collectors.joining(" ")), "codes");
            equal(before, zk.exists(p, false), "the node");
            equal(null, zk.exists(p + "/a", false), "the child");
        }));
        suite.test("a failing sequential create in multi gives its number back", with((zk, p) -> {
            zk.create(p, null, OPEN, PERSISTENT);
            fails(Code.NONODE, () -> zk.multi(Arrays.asList(
                    Op.create(p + "/s-", null, OPEN, PERSISTENT_SEQUENTIAL),
                    Op.delete(p + "/none", -1))));
            equal(p + "/s-0000000000", zk.create(p + "/s-", null, OPEN, PERSISTENT_SEQUENTIAL), "s");
        }));
        suite.test("an empty multi is answered with an empty list", with((zk, p) ->
            equal(Collections.emptyList(), zk.multi(Collections.emptyList()), "results")));
        suite.test("check needs the node and the version", with((zk, p) -> {
            fails(Code.NONODE, () -> zk.multi(Collections.singletonList(Op.check(p, -1))));
            zk.create(p, null, OPEN, PERSISTENT);
            zk.multi(Collections.singletonList(Op.check(p, -1)));
            fails(Code.BADVERSION, () -> zk.multi(Collections.singletonList(Op.check(p, 3))));
        }));
        suite.test("multi obeys access lists", with((zk, p) -> {
            zk.create(p, null, Ids.READ_ACL_UNSAFE, PERSISTENT);
            fails(Code.NOAUTH, () -> zk.multi(Arrays.asList(
                    Op.create(p + "-x", null, OPEN, PERSISTENT),
                    Op.setData(p, null, -1))));
            equal(null, zk.exists(p + "-x", false), "the other node");
        }));
        suite.test("multiRead answers each read with result or error", with((zk, p) -> {
            zk.create(p, bytes("d"), OPEN, PERSISTENT);
            zk.create(p + "/k", null, OPEN, PERSISTENT);
            List<OpResult> results = zk.multi(Arrays.asList(
                    Op.getData(p), Op.getChildren(p), Op.getData(p + "/none")));
            OpResult.GetDataResult data = (OpResult.GetDataResult) results.get(0);
            equal("d", new String(data.getData()), "data");
            equal(zk.exists(p, false), data.getStat(), "stat");
            equal(Collections.singletonList("k"),
                    ((OpResult.GetChildrenResult) results.get(1)).getChildren(), "children");
            equal(-101, ((OpResult.ErrorResult) results.get(2)).getErr(), "error");
        }));
        suite.test("a transaction object commits and reports failure", with((zk, p) -> {
            equal(2, zk.transaction().create(p, null, OPEN, PERSISTENT)
                    .setData(p, bytes("z"), 0).commit().size(), "results");
            fails(Code.NODEEXISTS, () ->
                    zk.transaction().delete(p, 1).create(p, null, OPEN, PERSISTENT)
                            .create(p, null, OPEN, PERSISTENT).commit());
            check(zk.exists(p, false) != null, "the node is gone");
        }));
        suite.test("a multi of 1000 creates is one transaction", with((zk, p) -> {
            zk.create(p, null, OPEN, PERSISTENT);
            Op[] ops = new Op[1000];
            for (int i = 0; i < ops.length; i++) {
                ops[i] = Op.create(p + "/" + i, bytes("v" + i), OPEN, CreateMode.PERSISTENT);
            }
            equal(1000, zk.multi(Arrays.asList(ops)).size(), "results");
            equal(1000, zk.exists(p, false).getNumChildren(), "children");
            equal(zk.exists(p + "/0", false).getCzxid(), zk.exists(p + "/999", false).getCzxid(), "z");
        }));
    }

    private static int kind(OpResult result) {
        return result.getType();
    }
}
