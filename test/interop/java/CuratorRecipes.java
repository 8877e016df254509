// Apache Curator 5: its recipes with several clients, against the server under test.
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.recipes.atomic.DistributedAtomicLong;
import org.apache.curator.framework.recipes.barriers.DistributedBarrier;
import org.apache.curator.framework.recipes.barriers.DistributedDoubleBarrier;
import org.apache.curator.framework.recipes.cache.CuratorCache;
import org.apache.curator.framework.recipes.cache.CuratorCacheListener;
import org.apache.curator.framework.recipes.cache.NodeCache;
import org.apache.curator.framework.recipes.cache.PathChildrenCache;
import org.apache.curator.framework.recipes.cache.TreeCache;
import org.apache.curator.framework.recipes.leader.LeaderLatch;
import org.apache.curator.framework.recipes.leader.LeaderSelector;
import org.apache.curator.framework.recipes.leader.LeaderSelectorListenerAdapter;
import org.apache.curator.framework.recipes.locks.InterProcessMultiLock;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.framework.recipes.locks.InterProcessReadWriteLock;
import org.apache.curator.framework.recipes.locks.InterProcessSemaphoreMutex;
import org.apache.curator.framework.recipes.locks.InterProcessSemaphoreV2;
import org.apache.curator.framework.recipes.locks.Lease;
import org.apache.curator.framework.recipes.nodes.GroupMember;
import org.apache.curator.framework.recipes.nodes.PersistentNode;
import org.apache.curator.framework.recipes.nodes.PersistentTtlNode;
import org.apache.curator.framework.recipes.queue.DistributedDelayQueue;
import org.apache.curator.framework.recipes.queue.DistributedPriorityQueue;
import org.apache.curator.framework.recipes.queue.DistributedQueue;
import org.apache.curator.framework.recipes.queue.QueueBuilder;
import org.apache.curator.framework.recipes.queue.QueueConsumer;
import org.apache.curator.framework.recipes.queue.QueueSerializer;
import org.apache.curator.framework.recipes.queue.SimpleDistributedQueue;
import org.apache.curator.framework.recipes.shared.SharedCount;
import org.apache.curator.framework.recipes.shared.SharedValue;
import org.apache.curator.framework.recipes.watch.PersistentWatcher;
import org.apache.curator.framework.state.ConnectionState;
import org.apache.curator.retry.ExponentialBackoffRetry;
import org.apache.curator.retry.RetryNTimes;
import org.apache.zookeeper.CreateMode;

public final class CuratorRecipes {
    private static final ExecutorService THREADS = Executors.newCachedThreadPool(task -> {
        Thread thread = new Thread(task);
        thread.setDaemon(true);
        return thread;
    });

    interface WithClients {
        void run(CuratorFramework a, CuratorFramework b, String path) throws Exception;
    }

    public static void main(String[] args) {
        Suite suite = new Suite();
        framework(suite);
        locks(suite);
        leaders(suite);
        queues(suite);
        caches(suite);
        rest(suite);
        suite.main(args);
    }

    private static CuratorFramework start(String address) {
        CuratorFramework client = CuratorFrameworkFactory.newClient(address, 20_000, 15_000,
                new ExponentialBackoffRetry(100, 5));
        client.start();
        return client;
    }

    private static Suite.Body two(WithClients body) {
        return address -> {
            try (CuratorFramework a = start(address); CuratorFramework b = start(address)) {
                body.run(a, b, Suite.freshPath());
            }
        };
    }

    private static byte[] bytes(String text) {
        return text.getBytes(java.nio.charset.StandardCharsets.UTF_8);
    }

    private static void framework(Suite suite) {
        suite.test("the fluent calls: create, read, change, delete", two((a, b, p) -> {
            Suite.equal(p + "/x/y", a.create().creatingParentContainersIfNeeded()
                    .forPath(p + "/x/y", bytes("1")), "path");
            Suite.equal("1", new String(b.getData().forPath(p + "/x/y")), "data");
            Suite.equal(1, a.setData().withVersion(0).forPath(p + "/x/y", bytes("2")).getVersion(), "v");
            Suite.equal(Collections.singletonList("y"), b.getChildren().forPath(p + "/x"), "children");
            a.create().orSetData().forPath(p + "/x/y", bytes("3"));
            Suite.equal("3", new String(b.getData().forPath(p + "/x/y")), "data");
            a.delete().guaranteed().deletingChildrenIfNeeded().forPath(p + "/x");
            Suite.equal(null, b.checkExists().forPath(p + "/x"), "exists");
        }));
        suite.test("protected sequential creation and compression", two((a, b, p) -> {
            String made = a.create().creatingParentsIfNeeded().withProtection()
                    .withMode(CreateMode.EPHEMERAL_SEQUENTIAL).forPath(p + "/n-");
            Suite.check(made.matches(p + "/_c_[0-9a-f-]{36}-n-0000000000"), made);
            a.create().compressed().forPath(p + "/z", bytes("zipped"));
            Suite.equal("zipped", new String(b.getData().decompressed().forPath(p + "/z")), "data");
        }));
        suite.test("transactions: all or nothing", two((a, b, p) -> {
            a.create().forPath(p);
            a.transaction().forOperations(a.transactionOp().create().forPath(p + "/1", bytes("x")),
                    a.transactionOp().setData().forPath(p, bytes("y")),
                    a.transactionOp().check().withVersion(1).forPath(p));
            Suite.equal("y", new String(b.getData().forPath(p)), "data");
            try {
                a.transaction().forOperations(a.transactionOp().delete().forPath(p + "/1"),
                        a.transactionOp().check().withVersion(9).forPath(p));
                throw new AssertionError("succeeded");
            } catch (org.apache.zookeeper.KeeperException.BadVersionException expected) {
                Suite.check(b.checkExists().forPath(p + "/1") != null, "the node is gone");
            }
        }));
        suite.test("a namespace is invisible to its client", two((a, b, p) -> {
            CuratorFramework inside = a.usingNamespace(p.substring(1));
            Suite.equal("/k", inside.create().creatingParentsIfNeeded().forPath("/k"), "path");
            Suite.check(b.checkExists().forPath(p + "/k") != null, "not there");
        }));
        suite.test("background calls and watchers", two((a, b, p) -> {
            BlockingQueue<String> seen = new LinkedBlockingQueue<>();
            a.create().inBackground((client, event) ->
                    seen.add(event.getType() + " " + event.getResultCode())).forPath(p);
            Suite.equal("CREATE 0", seen.poll(20, TimeUnit.SECONDS), "answer");
            a.getData().usingWatcher((org.apache.curator.framework.api.CuratorWatcher) event ->
                    seen.add("" + event.getType())).forPath(p);
            b.setData().forPath(p, bytes("1"));
            Suite.equal("NodeDataChanged", seen.poll(20, TimeUnit.SECONDS), "event");
        }));
        suite.test("a crash of the server: suspended, reconnected, session kept", two((a, b, p) -> {
            BlockingQueue<ConnectionState> states = new LinkedBlockingQueue<>();
            a.create().withMode(CreateMode.EPHEMERAL).forPath(p);
            long id = a.getZookeeperClient().getZooKeeper().getSessionId();
            a.getConnectionStateListenable().addListener((client, state) -> states.add(state));
            Suite.ask("crash");
            Suite.equal(ConnectionState.SUSPENDED, states.poll(20, TimeUnit.SECONDS), "1st");
            Suite.equal(ConnectionState.RECONNECTED, states.poll(20, TimeUnit.SECONDS), "2nd");
            Suite.equal(id, a.checkExists().forPath(p).getEphemeralOwner(), "owner");
        }));
    }

    private static void locks(Suite suite) {
        suite.test("InterProcessMutex: one at a time, and re-entrant", two((a, b, p) -> {
            AtomicInteger inside = new AtomicInteger();
            List<Future<Integer>> runs = new ArrayList<>();
            for (CuratorFramework client : Arrays.asList(a, b, a)) {
                InterProcessMutex mutex = new InterProcessMutex(client, p);
                runs.add(THREADS.submit(() -> {
                    for (int i = 0; i < 10; i++) {
                        Suite.check(mutex.acquire(30, TimeUnit.SECONDS), "not acquired");
                        mutex.acquire();
                        Suite.equal(1, inside.incrementAndGet(), "holders at once");
                        client.checkExists().forPath(p);
                        inside.decrementAndGet();
                        mutex.release();
                        mutex.release();
                    }
                    return 10;
                }));
            }
            for (Future<Integer> run : runs) {
                Suite.equal(10, run.get(50, TimeUnit.SECONDS), "turns");
            }
            InterProcessMutex held = new InterProcessMutex(a, p);
            held.acquire();
            Suite.check(!new InterProcessMutex(b, p).acquire(200, TimeUnit.MILLISECONDS), "two hold it");
            held.release();
        }));
        suite.test("InterProcessMutex: the holder's end hands it on", address -> {
            try (CuratorFramework a = start(address)) {
                String p = Suite.freshPath();
                CuratorFramework b = start(address);
                THREADS.submit(() -> {
                    new InterProcessMutex(b, p).acquire();
                    return null;
                }).get(20, TimeUnit.SECONDS);
                Future<Boolean> waiting = THREADS.submit(() ->
                        new InterProcessMutex(a, p).acquire(30, TimeUnit.SECONDS));
                Suite.waitUntil("a waits", () -> a.getChildren().forPath(p).size() == 2);
                b.close();
                Suite.check(waiting.get(30, TimeUnit.SECONDS), "not acquired");
            }
        });
        suite.test("InterProcessReadWriteLock: readers share, a writer excludes", two((a, b, p) -> {
            InterProcessReadWriteLock one = new InterProcessReadWriteLock(a, p);
            InterProcessReadWriteLock two = new InterProcessReadWriteLock(b, p);
            one.readLock().acquire();
            Suite.check(two.readLock().acquire(10, TimeUnit.SECONDS), "2nd reader");
            Suite.check(!two.writeLock().acquire(200, TimeUnit.MILLISECONDS), "writer beside readers");
            one.readLock().release();
            two.readLock().release();
            Suite.check(two.writeLock().acquire(10, TimeUnit.SECONDS), "writer");
            Suite.check(two.readLock().acquire(10, TimeUnit.SECONDS), "the writer may read");
            Suite.check(!one.readLock().acquire(200, TimeUnit.MILLISECONDS), "reader beside writer");
        }));
        suite.test("semaphores and the lock of several locks", two((a, b, p) -> {
            InterProcessSemaphoreV2 one = new InterProcessSemaphoreV2(a, p + "/s", 2);
            InterProcessSemaphoreV2 two = new InterProcessSemaphoreV2(b, p + "/s", 2);
            Lease first = one.acquire();
            Lease second = two.acquire(10, TimeUnit.SECONDS);
            Suite.check(second != null, "2nd lease");
            Suite.equal(null, one.acquire(300, TimeUnit.MILLISECONDS), "3rd lease");
            one.returnLease(first);
            Suite.check(two.acquire(10, TimeUnit.SECONDS) != null, "lease after a return");
            InterProcessSemaphoreMutex simple = new InterProcessSemaphoreMutex(a, p + "/m");
            InterProcessMultiLock multi = new InterProcessMultiLock(a, Arrays.asList(p + "/m1", p + "/m2"));
            simple.acquire();
            multi.acquire();
            Suite.check(!new InterProcessMutex(b, p + "/m2").acquire(200, TimeUnit.MILLISECONDS), "m2");
            multi.release();
            simple.release();
        }));
    }

    private static void leaders(Suite suite) {
        suite.test("LeaderLatch: one leader, the next after it closes", two((a, b, p) -> {
            LeaderLatch one = new LeaderLatch(a, p, "one");
            LeaderLatch two = new LeaderLatch(b, p, "two");
            one.start();
            Suite.check(one.await(20, TimeUnit.SECONDS), "one does not lead");
            two.start();
            Suite.waitUntil("both take part", () -> two.getParticipants().size() == 2);
            Suite.check(!two.hasLeadership(), "two leaders");
            Suite.equal("one", two.getLeader().getId(), "leader");
            one.close();
            Suite.check(two.await(20, TimeUnit.SECONDS), "two does not lead");
            two.close();
        }));
        suite.test("LeaderLatch: leadership outlives a crash of the server or is told",
                two((a, b, p) -> {
            LeaderLatch one = new LeaderLatch(a, p, "one");
            one.start();
            Suite.check(one.await(20, TimeUnit.SECONDS), "no leader");
            Suite.ask("crash");
            Suite.waitUntil("it leads again", one::hasLeadership);
            Suite.equal(1, b.getChildren().forPath(p).size(), "nodes");
            one.close();
        }));
        suite.test("LeaderSelector: each leads in turn", two((a, b, p) -> {
            BlockingQueue<String> led = new LinkedBlockingQueue<>();
            AtomicInteger inside = new AtomicInteger();
            List<LeaderSelector> all = new ArrayList<>();
            for (CuratorFramework client : Arrays.asList(a, b)) {
                String name = client == a ? "a" : "b";
                LeaderSelector selector = new LeaderSelector(client, p, new LeaderSelectorListenerAdapter() {
                    @Override
                    public void takeLeadership(CuratorFramework leader) {
                        led.add(name + inside.incrementAndGet());
                        inside.decrementAndGet();
                    }
                });
                selector.autoRequeue();
                selector.start();
                all.add(selector);
            }
            Set<String> seen = ConcurrentHashMap.newKeySet();
            while (seen.size() < 2) {
                String turn = led.poll(20, TimeUnit.SECONDS);
                Suite.check(turn != null && turn.endsWith("1"), "turn " + turn);
                seen.add(turn);
            }
            all.forEach(LeaderSelector::close);
        }));
    }

    private static final QueueSerializer<String> TEXT = new QueueSerializer<>() {
        @Override
        public byte[] serialize(String item) {
            return bytes(item);
        }

        @Override
        public String deserialize(byte[] data) {
            return new String(data);
        }
    };

    private static QueueConsumer<String> into(BlockingQueue<String> taken) {
        return new QueueConsumer<>() {
            @Override
            public void consumeMessage(String message) {
                taken.add(message);
            }

            @Override
            public void stateChanged(CuratorFramework client, ConnectionState state) {
                // these tests do not lose the connection
            }
        };
    }

    private static List<String> take(BlockingQueue<String> taken, int count) throws Exception {
        List<String> items = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            items.add(taken.poll(20, TimeUnit.SECONDS));
        }
        return items;
    }

    private static void queues(Suite suite) {
        suite.test("DistributedQueue keeps the order", two((a, b, p) -> {
            BlockingQueue<String> taken = new LinkedBlockingQueue<>();
            DistributedQueue<String> in = QueueBuilder.builder(a, null, TEXT, p + "/q").buildQueue();
            DistributedQueue<String> out = QueueBuilder.builder(b, into(taken), TEXT, p + "/q")
                    .lockPath(p + "/lock").buildQueue();
            in.start();
            List<String> expected = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                in.put("m" + i);
                expected.add("m" + i);
            }
            out.start();
            Suite.equal(expected, take(taken, 50), "messages");
            in.close();
            out.close();
        }));
        suite.test("DistributedPriorityQueue and DistributedDelayQueue", two((a, b, p) -> {
            BlockingQueue<String> taken = new LinkedBlockingQueue<>();
            DistributedPriorityQueue<String> in =
                    QueueBuilder.builder(a, null, TEXT, p + "/p").buildPriorityQueue(0);
            in.start();
            in.put("low", 9);
            in.put("high", 1);
            in.flushPuts(10, TimeUnit.SECONDS);
            DistributedPriorityQueue<String> out =
                    QueueBuilder.builder(b, into(taken), TEXT, p + "/p").buildPriorityQueue(0);
            out.start();
            Suite.equal(Arrays.asList("high", "low"), take(taken, 2), "by priority");
            DistributedDelayQueue<String> later =
                    QueueBuilder.builder(b, into(taken), TEXT, p + "/d").buildDelayQueue();
            later.start();
            long now = System.currentTimeMillis();
            later.put("second", now + 600);
            later.put("first", now + 200);
            Suite.equal(Arrays.asList("first", "second"), take(taken, 2), "by delay");
            Suite.check(System.currentTimeMillis() >= now + 600, "too early");
            in.close();
            out.close();
            later.close();
        }));
        suite.test("SimpleDistributedQueue: offer, peek, poll, take", two((a, b, p) -> {
            SimpleDistributedQueue one = new SimpleDistributedQueue(a, p);
            SimpleDistributedQueue two = new SimpleDistributedQueue(b, p);
            Suite.equal(null, one.poll(), "empty");
            one.offer(bytes("x"));
            Suite.equal("x", new String(two.peek()), "peek");
            Suite.equal("x", new String(two.take()), "take");
            Future<byte[]> waiting = THREADS.submit(() -> two.poll(20, TimeUnit.SECONDS));
            one.offer(bytes("y"));
            Suite.equal("y", new String(waiting.get(20, TimeUnit.SECONDS)), "poll");
        }));
    }

    private static void caches(Suite suite) {
        suite.test("CuratorCache mirrors a tree", two((a, b, p) -> {
            BlockingQueue<String> seen = new LinkedBlockingQueue<>();
            b.create().creatingParentsIfNeeded().forPath(p + "/x", bytes("1"));
            CuratorCache cache = CuratorCache.build(a, p);
            cache.listenable().addListener(CuratorCacheListener.builder()
                    .forCreates(node -> seen.add("create " + node.getPath()))
                    .forChanges((old, node) -> seen.add("change " + new String(node.getData())))
                    .forDeletes(node -> seen.add("delete " + node.getPath()))
                    .forInitialized(() -> seen.add("initialized")).build());
            cache.start();
            List<String> first = take(seen, 3);
            Collections.sort(first);
            Suite.equal(Arrays.asList("create " + p, "create " + p + "/x", "initialized"), first, "1st");
            b.create().forPath(p + "/x/y", bytes("2"));
            Suite.equal("create " + p + "/x/y", seen.poll(20, TimeUnit.SECONDS), "creation");
            b.setData().forPath(p + "/x/y", bytes("3"));
            Suite.equal("change 3", seen.poll(20, TimeUnit.SECONDS), "change");
            b.delete().forPath(p + "/x/y");
            Suite.equal("delete " + p + "/x/y", seen.poll(20, TimeUnit.SECONDS), "deletion");
            Suite.equal(2L, cache.stream().count(), "size");
            cache.close();
        }));
        suite.test("CuratorCache catches up after a crash of the server", two((a, b, p) -> {
            b.create().forPath(p, bytes("1"));
            CuratorCache cache = CuratorCache.build(a, p);
            cache.start();
            Suite.waitUntil("it is filled", () -> cache.get(p).isPresent());
            Suite.ask("crash");
            b.create().forPath(p + "/new", bytes("2"));
            Suite.waitUntil("the new node is there", () -> cache.get(p + "/new").isPresent());
            cache.close();
        }));
        suite.test("PathChildrenCache, TreeCache and NodeCache", two((a, b, p) -> {
            b.create().creatingParentsIfNeeded().forPath(p + "/x", bytes("1"));
            PathChildrenCache children = new PathChildrenCache(a, p, true);
            children.start(PathChildrenCache.StartMode.BUILD_INITIAL_CACHE);
            TreeCache tree = new TreeCache(a, p);
            tree.start();
            NodeCache node = new NodeCache(a, p + "/x");
            node.start(true);
            Suite.equal(1, children.getCurrentData().size(), "children");
            Suite.equal("1", new String(node.getCurrentData().getData()), "node");
            b.create().forPath(p + "/x/deep", bytes("d"));
            b.setData().forPath(p + "/x", bytes("2"));
            Suite.waitUntil("the tree has the deep one", () -> tree.getCurrentData(p + "/x/deep") != null);
            Suite.waitUntil("all have the new data", () ->
                    "2".equals(new String(node.getCurrentData().getData()))
                    && "2".equals(new String(tree.getCurrentData(p + "/x").getData()))
                    && "2".equals(new String(children.getCurrentData(p + "/x").getData())));
            b.delete().deletingChildrenIfNeeded().forPath(p + "/x");
            Suite.waitUntil("all are empty", () -> node.getCurrentData() == null
                    && tree.getCurrentData(p + "/x") == null && children.getCurrentData().isEmpty());
            children.close();
            tree.close();
            node.close();
        }));
        suite.test("PersistentWatcher stays over a crash of the server", two((a, b, p) -> {
            BlockingQueue<String> seen = new LinkedBlockingQueue<>();
            PersistentWatcher watcher = new PersistentWatcher(a, p, true);
            watcher.getListenable().addListener(event -> {
                if (event.getPath() != null) {
                    seen.add(event.getType() + " " + event.getPath());
                }
            });
            java.util.concurrent.CountDownLatch set = new java.util.concurrent.CountDownLatch(1);
            watcher.getResetListenable().addListener(set::countDown);
            watcher.start();
            Suite.check(set.await(20, TimeUnit.SECONDS), "the watch was not set");
            b.create().creatingParentsIfNeeded().forPath(p + "/x");
            Suite.equal(Arrays.asList("NodeCreated " + p, "NodeCreated " + p + "/x"), take(seen, 2), "1st");
            Suite.ask("crash");
            Suite.waitUntil("a is back", () -> a.getZookeeperClient().isConnected());
            b.setData().forPath(p + "/x", bytes("1"));
            Suite.equal("NodeDataChanged " + p + "/x", seen.poll(20, TimeUnit.SECONDS), "2nd");
            watcher.close();
        }));
    }

    private static void rest(Suite suite) {
        suite.test("DistributedBarrier and DistributedDoubleBarrier", two((a, b, p) -> {
            DistributedBarrier barrier = new DistributedBarrier(a, p + "-b");
            barrier.setBarrier();
            Suite.check(!new DistributedBarrier(b, p + "-b").waitOnBarrier(200, TimeUnit.MILLISECONDS), "b");
            Future<Boolean> waiting = THREADS.submit(() ->
                    new DistributedBarrier(b, p + "-b").waitOnBarrier(20, TimeUnit.SECONDS));
            barrier.removeBarrier();
            Suite.check(waiting.get(20, TimeUnit.SECONDS), "still waiting");
            List<Future<Boolean>> runs = new ArrayList<>();
            for (CuratorFramework client : Arrays.asList(a, b)) {
                runs.add(THREADS.submit(() -> {
                    DistributedDoubleBarrier door = new DistributedDoubleBarrier(client, p + "-d", 2);
                    return door.enter(20, TimeUnit.SECONDS) && door.leave(20, TimeUnit.SECONDS);
                }));
            }
            for (Future<Boolean> run : runs) {
                Suite.check(run.get(40, TimeUnit.SECONDS), "the double barrier");
            }
        }));
        suite.test("PersistentNode comes back when it is deleted", two((a, b, p) -> {
            PersistentNode node = new PersistentNode(a, CreateMode.EPHEMERAL, false, p, bytes("x"));
            node.start();
            Suite.check(node.waitForInitialCreate(20, TimeUnit.SECONDS), "not made");
            long first = b.checkExists().forPath(p).getCzxid();
            b.delete().forPath(p);
            Suite.waitUntil("it is back", () -> b.checkExists().forPath(p) != null
                    && b.checkExists().forPath(p).getCzxid() > first);
            node.setData(bytes("y"));
            Suite.waitUntil("it has the data", () -> "y".equals(new String(b.getData().forPath(p))));
            node.close();
            Suite.equal(null, b.checkExists().forPath(p), "exists");
        }));
        suite.test("PersistentTtlNode is kept alive by touching", two((a, b, p) -> {
            PersistentTtlNode node = new PersistentTtlNode(a, p, 800, bytes("x"));
            node.start();
            Suite.check(node.waitForInitialCreate(20, TimeUnit.SECONDS), "not made");
            long until = System.currentTimeMillis() + 2500;
            while (System.currentTimeMillis() < until) {
                Suite.check(b.checkExists().forPath(p) != null, "it went while it was touched");
                Thread.sleep(50);
            }
            node.close();
            Suite.waitUntil("it is gone", () -> b.checkExists().forPath(p) == null);
        }));
        suite.test("GroupMember knows the group", two((a, b, p) -> {
            GroupMember one = new GroupMember(a, p, "one", bytes("1"));
            GroupMember two = new GroupMember(b, p, "two", bytes("2"));
            one.start();
            two.start();
            Suite.waitUntil("both are seen", () -> one.getCurrentMembers().size() == 2);
            two.close();
            Suite.waitUntil("one is left", () -> one.getCurrentMembers().size() == 1);
            one.close();
        }));
        suite.test("SharedCount, SharedValue and DistributedAtomicLong", two((a, b, p) -> {
            SharedCount one = new SharedCount(a, p + "/c", 5);
            SharedCount two = new SharedCount(b, p + "/c", 5);
            one.start();
            two.start();
            one.setCount(6);
            Suite.waitUntil("the other sees 6", () -> two.getCount() == 6);
            Suite.check(two.trySetCount(two.getVersionedValue(), 7), "compare and set");
            Suite.waitUntil("the first sees 7", () -> one.getCount() == 7);
            SharedValue value = new SharedValue(a, p + "/v", bytes("s"));
            value.start();
            value.setValue(bytes("t"));
            Suite.equal("t", new String(b.getData().forPath(p + "/v")), "value");
            List<Future<Boolean>> runs = new ArrayList<>();
            for (CuratorFramework client : Arrays.asList(a, b)) {
                runs.add(THREADS.submit(() -> {
                    DistributedAtomicLong number =
                            new DistributedAtomicLong(client, p + "/n", new RetryNTimes(100, 5));
                    for (int i = 0; i < 20; i++) {
                        Suite.check(number.increment().succeeded(), "increment");
                    }
                    return true;
                }));
            }
            for (Future<Boolean> run : runs) {
                run.get(40, TimeUnit.SECONDS);
            }
            Suite.equal(40L, new DistributedAtomicLong(a, p + "/n", new RetryNTimes(9, 5))
                    .get().postValue(), "sum");
            one.close();
            two.close();
            value.close();
        }));
    }
}
