package capture;

import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Damages copies of the captured directories and notes what Apache's recovery makes of each. */
public final class Damaged {
    private static final String LOG = "log.1";

    private final Path golden;
    private final List<Object> rows = new ArrayList<>();

    private Damaged(Path golden) {
        this.golden = golden;
    }

    public static void main(String[] args) throws Exception {
        System.setProperty("zookeeper.extendedTypesEnabled", "true");
        Damaged damaged = new Damaged(Path.of(args[0]));
        damaged.logs();
        damaged.snapshots();
        damaged.absent();
        Files.writeString(damaged.golden.resolve("damaged.json"), Json.lines(damaged.rows));
    }

    private static Object cut(String file, long size) {
        return Json.object("file", file, "truncate", size);
    }

    private static Object put(String file, long offset, byte... bytes) {
        return Json.object("file", file, "offset", offset, "hex", Json.hex(bytes));
    }

    private static Object gone(String file) {
        return Json.object("file", file, "delete", true);
    }

    private static byte[] integer(int value) {
        return ByteBuffer.allocate(4).putInt(value).array();
    }

    private Path folder(String base) {
        return golden.resolve("data").resolve(base).resolve("version-2");
    }

    private List<String> names(String base) throws IOException {
        try (Stream<Path> list = Files.list(folder(base))) {
            return list.map(p -> p.getFileName().toString()).sorted().collect(Collectors.toList());
        }
    }

    private byte[] flipped(String base, String file, int offset) throws IOException {
        return new byte[] {(byte) (Files.readAllBytes(folder(base).resolve(file))[offset] ^ 1)};
    }

    private void add(String name, String base, Object... damage) throws Exception {
        Path copy = Files.createTempDirectory("damaged");
        Path version = Files.createDirectories(copy.resolve("version-2"));
        for (String file : names(base)) {
            Files.copy(folder(base).resolve(file), version.resolve(file));
        }
        for (Object one : damage) {
            Map<?, ?> what = (Map<?, ?>) one;
            Path file = version.resolve((String) what.get("file"));
            if (what.containsKey("delete")) {
                Files.delete(file);
                continue;
            }
            try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
                if (what.containsKey("truncate")) {
                    open.setLength((Long) what.get("truncate"));
                } else {
                    open.seek((Long) what.get("offset"));
                    String hex = (String) what.get("hex");
                    for (int i = 0; i < hex.length(); i += 2) {
                        open.write(Integer.parseInt(hex.substring(i, i + 2), 16));
                    }
                }
            }
        }
        Map<String, Object> row = Json.object("name", name, "base", base, "damage", Arrays.asList(damage));
        try {
            row.put("restored", Data.restored(copy.toFile()));
        } catch (Exception | Error e) {
            row.put("error", e.toString().replace(copy.toString(), ""));
        }
        rows.add(row);
        try (Stream<Path> all = Files.walk(copy)) {
            all.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
        }
    }

    /** The places of the entries of a log: where each begins, and where the last ends. */
    private List<Integer> places(String base, String file) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(folder(base).resolve(file)));
        List<Integer> list = new ArrayList<>();
        int at = 16;
        while (true) {
            list.add(at);
            int length = bytes.getInt(at + 8);
            if (length == 0) {
                return list;
            }
            at += 13 + length;
        }
    }

    private void logs() throws Exception {
        for (String base : new String[] {"log", "snapshotAndLog"}) {
            String file = base.equals("log") ? LOG : "log.2e";
            List<Integer> places = places(base, file);
            int end = places.get(places.size() - 1);
            for (int size : new int[] {0, 1, 15, 16, 17}) {
                add("the log is cut to " + size + " bytes", base, cut(file, size));
            }
            add("the log ends with its last entry, no padding", base, cut(file, end));
            for (int number : new int[] {0, 5, places.size() - 2}) {
                int at = places.get(number);
                int next = places.get(number + 1);
                String of = " of entry " + number + (number == places.size() - 2 ? " (the last)" : "");
                for (int[] cut : new int[][] {{4, 0}, {8, 0}, {10, 0}, {12, 0}, {20, 0}, {0, -1}}) {
                    int size = cut[0] == 0 ? next + cut[1] : at + cut[0];
                    add("cut after byte " + (size - at) + of, base, cut(file, size));
                    add("zeros from byte " + (size - at) + of, base, cut(file, size), cut(file, 16400));
                }
                add("another crc" + of, base, put(file, at + 7, flipped(base, file, at + 7)));
                add("high half of the crc" + of, base, put(file, at, (byte) 1));
                for (int length : new int[] {-1, -2, 0, 1, next - at - 13 - 1, next - at - 13 + 1, 0xfffff, 0x100000, Integer.MAX_VALUE}) {
                    add("length " + length + of, base, put(file, at + 8, integer(length)));
                }
                add("another byte in the header" + of, base, put(file, at + 12 + 19, flipped(base, file, at + 31)));
                add("another byte in the body" + of, base, put(file, next - 2, flipped(base, file, next - 2)));
                add("another end mark" + of, base, put(file, next - 1, (byte) 'C'));
                add("end mark zero" + of, base, put(file, next - 1, (byte) 0));
            }
            add("garbage after the last entry", base, put(file, end, new byte[] {1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 3, 9, 9, 9, 66}));
            add("another magic of the log", base, put(file, 0, (byte) 'X'));
            add("another version of the log", base, put(file, 4, integer(3)));
            add("another dbid of the log", base, put(file, 8, new byte[] {0, 0, 0, 0, 0, 0, 0, 1}));
        }
    }

    private void snapshots() throws Exception {
        String base = "snapshotAndLog";
        String file = "snapshot.2d";
        long size = Files.size(folder(base).resolve(file));
        for (long cut : new long[] {0, 3, 15, 16, 20, size / 2, size - 60, size - 20, size - 13, size - 1}) {
            add("the newest snapshot is cut to " + cut + " of " + size + " bytes", base, cut(file, cut));
        }
        for (long at : new long[] {0, 4, 8, 19, 40, size / 2, size - 45, size - 33, size - 26, size - 20, size - 10, size - 6, size - 2, size - 1}) {
            add("another byte at " + at + " of " + size + " in the newest snapshot", base, put(file, at, flipped(base, file, (int) at)));
        }
        add("a byte more in the newest snapshot", base, put(file, size, (byte) 0));
        add("the newest snapshot is cut, the older is gone", base, cut(file, size / 2), gone("snapshot.0"));
        add("both snapshots are cut", base, cut(file, size / 2), cut("snapshot.0", 100));
        String gz = names("gzip").stream().filter(n -> n.startsWith("snapshot.")).sorted(Comparator.comparing(Damaged::zxid)).reduce((a, b) -> b).get();
        long packed = Files.size(folder("gzip").resolve(gz));
        for (long cut : new long[] {0, 5, packed / 2, packed - 8, packed - 1}) {
            add("the newest gzip snapshot is cut to " + cut + " of " + packed + " bytes", "gzip", cut(gz, cut));
        }
        add("another byte in the newest gzip snapshot", "gzip", put(gz, packed / 2, flipped("gzip", gz, (int) packed / 2)));
        add("another checksum in the newest gzip snapshot", "gzip", put(gz, packed - 6, flipped("gzip", gz, (int) packed - 6)));
    }

    private static long zxid(String name) {
        return Long.parseLong(name.split("\\.")[1], 16);
    }

    private void absent() throws Exception {
        for (String base : new String[] {"snapshotAndLog", "rolled"}) {
            List<String> all = names(base);
            for (String name : all) {
                add(name + " is gone", base, gone(name));
            }
            for (String kind : new String[] {"snapshot.", "log."}) {
                add("all of " + kind + "* are gone", base, all.stream().filter(n -> n.startsWith(kind)).map(Damaged::gone).toArray());
            }
            add("all files are gone", base, all.stream().map(Damaged::gone).toArray());
        }
    }
}
