package capture;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.ParameterizedType;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.JarFile;
import org.apache.jute.BinaryInputArchive;
import org.apache.jute.BinaryOutputArchive;
import org.apache.jute.Record;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.MultiOperationRecord;
import org.apache.zookeeper.MultiResponse;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.OpResult;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.data.ACL;
import org.apache.zookeeper.data.Id;
import org.apache.zookeeper.data.Stat;
import org.apache.zookeeper.proto.ConnectRequest;
import org.apache.zookeeper.proto.ConnectResponse;
import org.apache.zookeeper.proto.Create2Response;
import org.apache.zookeeper.proto.CreateResponse;
import org.apache.zookeeper.proto.ErrorResponse;
import org.apache.zookeeper.proto.GetChildrenResponse;
import org.apache.zookeeper.proto.GetDataResponse;
import org.apache.zookeeper.proto.SetDataResponse;
import org.apache.zookeeper.server.persistence.Util;
import org.apache.zookeeper.server.quorum.LearnerInfo;
import org.apache.zookeeper.server.quorum.QuorumPacket;
import org.apache.zookeeper.txn.CheckVersionTxn;
import org.apache.zookeeper.txn.CloseSessionTxn;
import org.apache.zookeeper.txn.CreateContainerTxn;
import org.apache.zookeeper.txn.CreateSessionTxn;
import org.apache.zookeeper.txn.CreateTTLTxn;
import org.apache.zookeeper.txn.CreateTxn;
import org.apache.zookeeper.txn.DeleteTxn;
import org.apache.zookeeper.txn.ErrorTxn;
import org.apache.zookeeper.txn.MultiTxn;
import org.apache.zookeeper.txn.SetACLTxn;
import org.apache.zookeeper.txn.SetDataTxn;
import org.apache.zookeeper.txn.Txn;
import org.apache.zookeeper.txn.TxnDigest;
import org.apache.zookeeper.txn.TxnHeader;

/** Writes records.json: every record class of zookeeper.jute as Apache's own code encodes it. */
public final class Records {
    private static final Object[] INTS = {
        0, 1, -1, Integer.MAX_VALUE, Integer.MIN_VALUE, 2, 31, -112, 256, 0x01020304,
    };
    private static final Object[] LONGS = {
        0L, 1L, -1L, Long.MAX_VALUE, Long.MIN_VALUE, 0x0102030405060708L, 0x100000001L,
        0x7fffffffffffff00L, (1L << 53) + 1, 0xff00000000000bb8L, 0x8000000000000000L,
    };
    private static final Object[] BOOLEANS = {false, true};
    private static final Object[] STRINGS = {
        "", "/", null, "/app/node-0000000001", "/\u4e2d\u6587/\u00fc\u00df", "/\ud83d\ude80/\ud834\udd1e",
        "a\u0000b", "\u007f\u0080\u07ff\u0800\uffff", "digest", "\ufeffx", "/x".repeat(100),
    };
    private static final byte[][] BUFFERS = {
        new byte[0], null, {0}, {1, 2, 3}, {-1, -128, 127, 0},
        "data".getBytes(StandardCharsets.UTF_8), "\ud83d\ude80".getBytes(StandardCharsets.UTF_8),
        new byte[300],
    };

    private final List<Object> rows = new ArrayList<>();
    private int turn;

    public static void main(String[] args) throws Exception {
        Records records = new Records();
        records.everyClass(args[0]);
        records.strings();
        records.multi();
        records.connect();
        records.learner();
        records.logEntries();
        Files.writeString(Path.of(args[1]), Json.lines(records.rows));
    }

    private void add(String name, Object fields, byte[] bytes) {
        rows.add(Json.object("record", name, "fields", fields, "hex", Json.hex(bytes)));
    }

    private void everyClass(String jar) throws Exception {
        Set<String> names = new TreeSet<>();
        try (JarFile file = new JarFile(jar)) {
            file.stream().map(e -> e.getName())
                .filter(n -> n.startsWith("org/apache/zookeeper/") && n.endsWith(".class"))
                .forEach(n -> names.add(n.substring(0, n.length() - 6).replace('/', '.')));
        }
        for (String name : names) {
            Class<?> type = Class.forName(name);
            Set<String> seen = new LinkedHashSet<>();
            for (int variant = 0; variant < 14; variant++) {
                turn = variant < 4 ? 0 : variant;
                Record record = (Record) make(type, variant);
                byte[] bytes = RecordJson.bytes(record);
                if (!seen.add(Json.hex(bytes))) {
                    continue;
                }
                Map<String, Object> row = Json.object("record", RecordJson.nameOf(type),
                    "fields", RecordJson.of(record), "hex", Json.hex(bytes));
                Record back = (Record) type.getDeclaredConstructor().newInstance();
                back.deserialize(BinaryInputArchive.getArchive(new ByteArrayInputStream(bytes)), "r");
                if (!RecordJson.of(back).equals(RecordJson.of(record))) {
                    row.put("readBack", RecordJson.of(back));
                }
                rows.add(row);
            }
        }
    }

    private Object make(Class<?> type, int variant) throws Exception {
        Object record = type.getDeclaredConstructor().newInstance();
        for (Field field : RecordJson.fieldsOf(type)) {
            field.set(record, value(field, variant));
        }
        return record;
    }

    /** Variants 0 to 3: zeros, nulls, all greatest, all least; then turns through the values. */
    private Object value(Field field, int variant) throws Exception {
        Class<?> type = field.getType();
        if (type == int.class) {
            return pick(INTS, variant, 0, 2, 3, 4);
        }
        if (type == long.class) {
            return pick(LONGS, variant, 0, 2, 3, 4);
        }
        if (type == boolean.class) {
            return pick(BOOLEANS, variant, 0, 1, 1, 0);
        }
        if (type == String.class) {
            return pick(STRINGS, variant, 0, 2, 7, 5);
        }
        if (type == byte[].class) {
            return pick(BUFFERS, variant, 0, 1, 7, 4);
        }
        if (type == List.class) {
            Class<?> of = (Class<?>) ((ParameterizedType) field.getGenericType())
                .getActualTypeArguments()[0];
            int size = new int[] {0, -1, 1, 2, 3, 1, 0, 2, -1, 4, 1, 2, 3, 12}[variant];
            if (size < 0) {
                return null;
            }
            List<Object> list = new ArrayList<>();
            for (int i = 0; i < size; i++) {
                list.add(of == String.class ? pick(STRINGS, variant, 0, 2, 7, 5) : make(of, variant));
            }
            return list;
        }
        return make(type, variant);
    }

    private Object pick(Object[] values, int variant, int... first) {
        return variant < first.length ? values[first[variant]] : values[turn++ % values.length];
    }

    /** What Java's reader makes of bytes that its own writer never produces. */
    private void strings() throws IOException {
        for (String written : new String[] {"\ud800", "a\udc00b", "\ude00\ud83d", "\ud83d\ude00"}) {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            BinaryOutputArchive.getArchive(out).writeString(written, "s");
            add("special.ustringWrite", Json.object("value", written), out.toByteArray());
        }
        String[] raw = {
            "f09f9a80", "eda0bdeda080", "eda0bd", "c0af", "c080", "ff", "61ff62", "80", "e28082", "e280",
            "e28261", "f09f9a", "f09f9a61", "f4908080", "f8888080af", "c3", "c328", "eda0", "f0808080", "efbfbe",
        };
        for (String hex : raw) {
            byte[] bytes = new byte[4 + hex.length() / 2];
            bytes[3] = (byte) (hex.length() / 2);
            for (int i = 4; i < bytes.length; i++) {
                bytes[i] = (byte) Integer.parseInt(hex.substring(i * 2 - 8, i * 2 - 6), 16);
            }
            String read = BinaryInputArchive.getArchive(new ByteArrayInputStream(bytes)).readString("s");
            add("special.ustringRead", Json.object("value", read), bytes);
        }
    }

    private static Stat stat() {
        return new Stat(4, 7, 1700000000000L, 1700000000123L, 3, 2, 1, 0x10000abcdL, 5, 6, 9);
    }

    private void request(Op... ops) throws IOException {
        List<Object> list = new ArrayList<>();
        for (Op op : ops) {
            list.add(Json.object("type", op.getType(), "done", false, "err", -1,
                "request", RecordJson.named(op.toRequestRecord())));
        }
        String name = ops.length > 0 && ops[0].getKind() == Op.OpKind.READ
            ? "special.multiReadRequest" : "special.multiRequest";
        add(name, Json.object("ops", list), RecordJson.bytes(new MultiOperationRecord(Arrays.asList(ops))));
    }

    private void response(String name, Object... resultsAndRecords) throws IOException {
        MultiResponse response = new MultiResponse();
        List<Object> list = new ArrayList<>();
        for (int i = 0; i < resultsAndRecords.length; i += 2) {
            OpResult result = (OpResult) resultsAndRecords[i];
            Record record = (Record) resultsAndRecords[i + 1];
            int err = result instanceof OpResult.ErrorResult ? ((OpResult.ErrorResult) result).getErr() : 0;
            list.add(Json.object("type", result.getType(), "done", false, "err", err,
                "result", record == null ? null : RecordJson.named(record)));
            response.add(result);
        }
        add(name, Json.object("results", list), RecordJson.bytes(response));
    }

    private void multi() throws IOException {
        List<ACL> open = ZooDefs.Ids.OPEN_ACL_UNSAFE;
        byte[] data = {1, 2, 3};
        request();
        request(Op.create("/a", data, open, CreateMode.PERSISTENT));
        request(Op.create("/a", data, open, CreateMode.PERSISTENT),
            Op.create("/a/s-", null, open, CreateMode.EPHEMERAL_SEQUENTIAL),
            Op.create("/c", new byte[0], ZooDefs.Ids.CREATOR_ALL_ACL, CreateMode.CONTAINER),
            Op.create("/t", data, open, CreateMode.PERSISTENT_WITH_TTL, 1000L),
            Op.create("/t-", data, open, CreateMode.PERSISTENT_SEQUENTIAL_WITH_TTL, 0xffffffffffL),
            Op.delete("/d", -1), Op.delete("/d", 7), Op.setData("/a", data, 2),
            Op.setData("/\u4e2d", null, -1), Op.check("/a", 0));
        request(Op.check("/a", 3), Op.delete("/a", 3));
        request(Op.getData("/a"), Op.getChildren("/"), Op.getData("/\ud83d\ude80"));
        request(Op.getChildren("/a"));
        response("special.multiResponse");
        response("special.multiResponse",
            new OpResult.CreateResult("/a"), new CreateResponse("/a"),
            new OpResult.CreateResult("/a/s-0000000000", stat()), new Create2Response("/a/s-0000000000", stat()),
            new OpResult.DeleteResult(), null,
            new OpResult.SetDataResult(stat()), new SetDataResponse(stat()),
            new OpResult.CheckResult(), null);
        response("special.multiResponse",
            new OpResult.ErrorResult(0), new ErrorResponse(0),
            new OpResult.ErrorResult(-101), new ErrorResponse(-101),
            new OpResult.ErrorResult(-2), new ErrorResponse(-2),
            new OpResult.ErrorResult(-2), new ErrorResponse(-2));
        List<String> children = Arrays.asList("a", "\u4e2d", "zz");
        response("special.multiReadResponse",
            new OpResult.GetDataResult(data, stat()), new GetDataResponse(data, stat()),
            new OpResult.GetChildrenResult(children), new GetChildrenResponse(children),
            new OpResult.GetChildrenResult(Collections.emptyList()),
            new GetChildrenResponse(Collections.emptyList()),
            new OpResult.ErrorResult(-101), new ErrorResponse(-101),
            new OpResult.GetDataResult(null, stat()), new GetDataResponse(null, stat()));
    }

    private void frame(String name, Record record, Boolean readOnly) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        BinaryOutputArchive archive = BinaryOutputArchive.getArchive(out);
        archive.writeRecord(record, "connect");
        if (readOnly != null) {
            archive.writeBool(readOnly, "readOnly");
        }
        ByteArrayOutputStream framed = new ByteArrayOutputStream();
        new DataOutputStream(framed).writeInt(out.size());
        out.writeTo(framed);
        add(name, Json.object("connect", RecordJson.of(record), "readOnly", readOnly), framed.toByteArray());
    }

    private void connect() throws IOException {
        byte[] password = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, -1};
        for (Boolean readOnly : new Boolean[] {null, false, true}) {
            frame("special.connectRequestFrame", new ConnectRequest(0, 0, 30000, 0, new byte[16]), readOnly);
            frame("special.connectRequestFrame",
                new ConnectRequest(0, 0x100000002L, 4000, 0x1000012ab340001L, password), readOnly);
            frame("special.connectRequestFrame", new ConnectRequest(0, 0, 1, 0, null), readOnly);
            frame("special.connectResponseFrame",
                new ConnectResponse(0, 30000, 0x1000012ab340001L, password), readOnly);
            frame("special.connectResponseFrame", new ConnectResponse(0, 0, 0, new byte[16]), readOnly);
        }
    }

    private void learner() throws IOException {
        for (LearnerInfo info : new LearnerInfo[] {
            new LearnerInfo(1, 0x10000, 0), new LearnerInfo(-1, 0x10000, 0x100000000L),
        }) {
            for (int type : new int[] {11, 16}) {
                QuorumPacket packet = new QuorumPacket(type, 0x200000000L, RecordJson.bytes(info), null);
                add("special.learnerInfoPacket",
                    Json.object("packet", RecordJson.of(packet), "info", RecordJson.of(info)),
                    RecordJson.bytes(packet));
            }
        }
    }

    private static Txn part(int type, Record record) throws IOException {
        return new Txn(type, RecordJson.bytes(record));
    }

    /** Header, transaction and digest as they stand in a log entry, between its length and 0x42. */
    private void logEntries() throws IOException {
        List<ACL> acl = Collections.singletonList(new ACL(31, new Id("world", "anyone")));
        byte[] data = {1, 2, 3};
        Object[] typesAndRecords = {
            1, new CreateTxn("/a", data, acl, false, 1),
            1, new CreateTxn("/e", null, acl, true, 2),
            2, new DeleteTxn("/a"), 5, new SetDataTxn("/a", data, 4), 7, new SetACLTxn("/a", acl, 1),
            13, new CheckVersionTxn("/a", 1), -10, new CreateSessionTxn(30000), -11, new CloseSessionTxn(null),
            -11, new CloseSessionTxn(Collections.emptyList()), -11, new CloseSessionTxn(Arrays.asList("/e", "/f")),
            -1, new ErrorTxn(-101), 19, new CreateContainerTxn("/c", data, acl, 3),
            21, new CreateTTLTxn("/t", data, acl, 4, 12345L), 16, new SetDataTxn("/zookeeper/config", data, -1),
            14, new MultiTxn(Arrays.asList(part(1, new CreateTxn("/m", data, acl, false, 5)),
                part(13, new CheckVersionTxn("/m", 0)), part(2, new DeleteTxn("/m")))),
            14, new MultiTxn(Arrays.asList(part(-1, new ErrorTxn(0)), part(-1, new ErrorTxn(-110)))),
            14, new MultiTxn(Collections.emptyList()),
        };
        TxnDigest[] digests = {null, new TxnDigest(2, 0x0123456789abcdefL), new TxnDigest(2, -2)};
        for (int i = 0; i < typesAndRecords.length; i += 2) {
            TxnHeader header = new TxnHeader(0x10000abcde0000L, i, 0x100000000L + i, 1700000000000L,
                (Integer) typesAndRecords[i]);
            Record record = (Record) typesAndRecords[i + 1];
            TxnDigest digest = digests[i / 2 % digests.length];
            add("special.logEntry", Json.object("header", RecordJson.of(header), "txn", RecordJson.named(record),
                "digest", RecordJson.of(digest)), Util.marshallTxnEntry(header, record, digest));
        }
        TxnHeader close = new TxnHeader(0x10000abcde0000L, 9, 9, 1700000000000L, -11);
        add("special.logEntry", Json.object("header", RecordJson.of(close), "txn", null, "digest", null),
            Util.marshallTxnEntry(close, null, null));
    }
}
