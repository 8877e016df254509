// The tests of one Java program: lists them, runs them one after the other, prints PASS and FAIL lines.
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;

final class Suite {
    interface Body {
        void run(String address) throws Exception;
    }

    private static final BufferedReader STDIN =
            new BufferedReader(new InputStreamReader(System.in));
    private static final PrintStream RESULTS = System.out;
    private static final AtomicInteger COUNTER = new AtomicInteger();

    private final Map<String, Body> tests = new LinkedHashMap<>();

    void test(String name, Body body) {
        if (tests.put(name, body) != null) {
            throw new IllegalStateException("two tests are named " + name);
        }
    }

    /** What main() calls after all tests are declared. */
    void main(String[] args) {
        if (args[0].equals("--list")) {
            tests.keySet().forEach(RESULTS::println);
            return;
        }
        System.setProperty("address", args[0]);
        // What libraries print must not be mistaken for results.
        System.setOut(System.err);
        ExecutorService runner = Executors.newCachedThreadPool(task -> {
            Thread thread = new Thread(task);
            thread.setDaemon(true);
            return thread;
        });
        boolean good = true;
        for (Map.Entry<String, Body> entry : tests.entrySet()) {
            Future<?> run = runner.submit((Callable<Void>) () -> {
                entry.getValue().run(args[0]);
                return null;
            });
            try {
                run.get(60, TimeUnit.SECONDS);
                say("PASS " + entry.getKey());
            } catch (TimeoutException timeout) {
                run.cancel(true);
                good = false;
                say("FAIL " + entry.getKey() + ": no end after 60 s");
            } catch (Exception failure) {
                good = false;
                Throwable why = failure.getCause() == null ? failure : failure.getCause();
                say("FAIL " + entry.getKey() + ": " + describe(why));
            }
        }
        System.exit(good ? 0 : 1);
    }

    private static synchronized void say(String line) {
        RESULTS.println(line);
        RESULTS.flush();
    }

    private static String describe(Throwable failure) {
        StringBuilder text = new StringBuilder(String.valueOf(failure).replace('\n', '|'));
        for (StackTraceElement frame : failure.getStackTrace()) {
            if (frame.getFileName() != null && !frame.getClassName().startsWith("java.")) {
                text.append(" | at ").append(frame);
            }
        }
        return text.toString();
    }

    /** Asks whoever runs this program for something, such as a restart of the server. */
    static void ask(String what) throws Exception {
        say("ASK " + what);
        String answer = STDIN.readLine();
        if (!"DONE".equals(answer)) {
            throw new IllegalStateException(what + " was answered with " + answer);
        }
    }

    /** A path that no other test uses. */
    static String freshPath() {
        return "/t" + COUNTER.incrementAndGet();
    }

    static void check(boolean truth, String what) {
        if (!truth) {
            throw new AssertionError(what);
        }
    }

    static void equal(Object expected, Object actual, String what) {
        if (!Objects.equals(expected, actual)) {
            throw new AssertionError(what + " is " + actual + ", expected " + expected);
        }
    }

    static void waitUntil(String what, Callable<Boolean> condition) throws Exception {
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!condition.call()) {
            if (System.nanoTime() > until) {
                throw new AssertionError("waited in vain until " + what);
            }
            Thread.sleep(10);
        }
    }
}
