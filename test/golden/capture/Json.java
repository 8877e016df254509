package capture;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;

/** Writes maps, lists, strings, numbers and booleans as ASCII JSON. */
final class Json {
    private Json() {
    }

    static Map<String, Object> object(Object... keysAndValues) {
        Map<String, Object> map = new LinkedHashMap<>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            map.put((String) keysAndValues[i], keysAndValues[i + 1]);
        }
        return map;
    }

    static String hex(byte[] bytes) {
        StringBuilder out = new StringBuilder(bytes.length * 2);
        for (byte b : bytes) {
            out.append(String.format("%02x", b));
        }
        return out.toString();
    }

    /** An array with one element a line, so that differences can be read. */
    static String lines(Collection<?> values) {
        StringBuilder out = new StringBuilder("[\n");
        String separator = "";
        for (Object value : values) {
            out.append(separator);
            write(out, value);
            separator = ",\n";
        }
        return out.append("\n]\n").toString();
    }

    /** An object with one line a member, and one a line within members that are lists. */
    static String members(Map<String, ?> map) {
        StringBuilder out = new StringBuilder("{\n");
        String separator = "";
        for (Map.Entry<String, ?> entry : map.entrySet()) {
            out.append(separator);
            string(out, entry.getKey());
            out.append(": ");
            if (entry.getValue() instanceof Collection) {
                out.append(lines((Collection<?>) entry.getValue()).stripTrailing());
            } else {
                write(out, entry.getValue());
            }
            separator = ",\n";
        }
        return out.append("\n}\n").toString();
    }

    private static void write(StringBuilder out, Object value) {
        if (value instanceof Map) {
            out.append('{');
            String separator = "";
            for (Map.Entry<?, ?> entry : ((Map<?, ?>) value).entrySet()) {
                out.append(separator);
                string(out, (String) entry.getKey());
                out.append(':');
                write(out, entry.getValue());
                separator = ",";
            }
            out.append('}');
        } else if (value instanceof Collection) {
            out.append('[');
            String separator = "";
            for (Object element : (Collection<?>) value) {
                out.append(separator);
                write(out, element);
                separator = ",";
            }
            out.append(']');
        } else if (value instanceof String) {
            string(out, (String) value);
        } else {
            out.append(value);
        }
    }

    private static void string(StringBuilder out, String text) {
        out.append('"');
        for (char c : text.toCharArray()) {
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (c == '\n') {
                out.append("\\n");
            } else if (c < 0x20 || c > 0x7e) {
                out.append(String.format("\\u%04x", (int) c));
            } else {
                out.append(c);
            }
        }
        out.append('"');
    }
}
