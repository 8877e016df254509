package capture;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.jute.BinaryOutputArchive;
import org.apache.jute.Record;

/** Turns Apache's generated records into plain values for JSON, and into bytes. */
final class RecordJson {
    private RecordJson() {
    }

    static List<Field> fieldsOf(Class<?> type) {
        List<Field> fields = new ArrayList<>();
        for (Field field : type.getDeclaredFields()) {
            if (!Modifier.isStatic(field.getModifiers())) {
                field.setAccessible(true);
                fields.add(field);
            }
        }
        return fields;
    }

    /** "proto.CreateRequest", or "quorum.LearnerInfo": the module's last word and the class. */
    static String nameOf(Class<?> type) {
        String[] words = type.getName().split("\\.");
        return words[words.length - 2] + "." + words[words.length - 1];
    }

    static Object named(Record record) {
        return Json.object("record", nameOf(record.getClass()), "fields", of(record));
    }

    /** Longs become decimal strings, buffers {"hex"}, records objects, vectors arrays. */
    static Object of(Object value) {
        if (value instanceof Long) {
            return value.toString();
        }
        if (value instanceof byte[]) {
            return Json.object("hex", Json.hex((byte[]) value));
        }
        if (value instanceof List) {
            List<Object> all = new ArrayList<>();
            for (Object element : (List<?>) value) {
                all.add(of(element));
            }
            return all;
        }
        if (value instanceof Record) {
            Map<String, Object> map = new LinkedHashMap<>();
            try {
                for (Field field : fieldsOf(value.getClass())) {
                    map.put(field.getName(), of(field.get(value)));
                }
            } catch (IllegalAccessException e) {
                throw new AssertionError(e);
            }
            return map;
        }
        return value;
    }

    static byte[] bytes(Record record) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        record.serialize(BinaryOutputArchive.getArchive(out), "record");
        return out.toByteArray();
    }
}
