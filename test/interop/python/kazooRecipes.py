"""kazoo: its recipes, with several clients at once, against the server under test."""
import contextlib
import queue
import threading

from kazoo.client import KazooClient
from kazoo.exceptions import CancelledError, LockTimeout
from kazoo.recipe.cache import TreeCache, TreeEvent

from suite import ask, equal, fails, fresh_path, main, test, wait_until


@contextlib.contextmanager
def clients(address, count):
    """So many connected clients, and a path that does not exist yet."""
    everyone = [KazooClient(hosts=address, timeout=20) for _ in range(count)]
    try:
        for client in everyone:
            client.start(20)
        yield (*everyone, fresh_path())
    finally:
        for client in everyone:
            client.stop()
            client.close()


def in_thread(body, *args):
    """Runs it beside us; `.result()` gives what it returned, or throws what it threw."""
    box = queue.Queue()

    def run():
        try:
            box.put((body(*args), None))
        except Exception as failure:
            box.put((None, failure))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()

    def result(patience=20):
        value, failure = box.get(timeout=patience)
        if failure is not None:
            raise failure
        return value

    thread.result = result
    return thread


@test("DataWatch follows a node through its life")
def data_watch(address):
    with clients(address, 2) as (zk, other, p):
        seen = queue.Queue()
        zk.DataWatch(p, lambda data, stat: seen.put((data, stat and stat.version)))
        equal((None, None), seen.get(timeout=20), "before")
        other.create(p, b"a")
        equal((b"a", 0), seen.get(timeout=20), "created")
        other.set(p, b"b")
        equal((b"b", 1), seen.get(timeout=20), "changed")
        other.delete(p)
        equal((None, None), seen.get(timeout=20), "deleted")
        other.create(p, b"c")
        equal((b"c", 0), seen.get(timeout=20), "created again")


@test("ChildrenWatch follows the children until it returns False")
def children_watch(address):
    with clients(address, 2) as (zk, other, p):
        zk.create(p)
        seen = queue.Queue()

        @zk.ChildrenWatch(p)
        def watch(children):
            seen.put(sorted(children))
            return len(children) < 2

        equal([], seen.get(timeout=20), "before")
        other.create(p + "/a")
        equal(["a"], seen.get(timeout=20), "one")
        other.create(p + "/b")
        equal(["a", "b"], seen.get(timeout=20), "two")
        other.create(p + "/c")
        zk.exists(p)
        equal(True, seen.empty(), "no more calls")


@test("watches of recipes outlive a crash of the server")
def watches_after_crash(address):
    with clients(address, 2) as (zk, other, p):
        zk.create(p, b"0")
        seen = queue.Queue()
        zk.DataWatch(p, lambda data, stat: seen.put(data))
        equal(b"0", seen.get(timeout=20), "before")
        ask("crash")
        other.retry(other.set, p, b"1")
        equal(b"1", seen.get(timeout=20), "after")


@test("Lock keeps the others out and lets them in one by one")
def lock(address):
    with clients(address, 3) as (a, b, c, p):
        inside = []
        order = []

        def work(client, name):
            for _ in range(5):
                with client.Lock(p, name):
                    inside.append(name)
                    equal(1, len(inside), "holders at once")
                    client.exists(p)
                    inside.pop()
                    order.append(name)

        workers = [in_thread(work, zk, name) for zk, name in ((a, "a"), (b, "b"), (c, "c"))]
        for worker in workers:
            worker.result(40)
        equal(15, len(order), "turns")
        equal([], a.get_children(p), "what is left")


@test("Lock: contenders, time-outs, cancelling and no blocking")
def lock_details(address):
    with clients(address, 3) as (a, b, c, p):
        first = a.Lock(p, "first")
        equal(True, first.acquire(), "acquired")
        second = b.Lock(p, "second")
        equal(False, second.acquire(blocking=False), "without blocking")
        fails(LockTimeout, second.acquire, timeout=0.2)
        waiting = in_thread(second.acquire)
        wait_until("two contend", lambda: c.Lock(p).contenders() == ["first", "second"])
        second.cancel()
        fails(CancelledError, waiting.result)
        waiting = in_thread(c.Lock(p, "third").acquire)
        wait_until("the third waits", lambda: len(a.get_children(p)) == 2)
        first.release()
        equal(True, waiting.result(), "the third")


@test("Lock: the holder's death hands it on")
def lock_death(address):
    with clients(address, 2) as (a, b, p):
        a.Lock(p).acquire()
        waiting = in_thread(b.Lock(p).acquire)
        wait_until("b waits", lambda: len(b.get_children(p)) == 2)
        a.stop()
        equal(True, waiting.result(), "acquired")


@test("ReadLock and WriteLock: many readers or one writer")
def read_write(address):
    with clients(address, 3) as (a, b, c, p):
        one, two, writer = a.ReadLock(p), b.ReadLock(p), c.WriteLock(p)
        equal(True, one.acquire(), "1st reader")
        equal(True, two.acquire(), "2nd reader")
        waiting = in_thread(writer.acquire)
        wait_until("the writer waits", lambda: len(a.get_children(p)) == 3)
        equal(False, a.ReadLock(p).acquire(blocking=False), "a reader behind the writer")
        one.release()
        two.release()
        equal(True, waiting.result(), "the writer")
        writer.release()
        equal(True, one.acquire(), "a reader again")
        one.release()


@test("Semaphore lets only so many in")
def semaphore(address):
    with clients(address, 3) as (a, b, c, p):
        leases = [zk.Semaphore(p, max_leases=2) for zk in (a, b, c)]
        equal(True, leases[0].acquire(), "1st")
        equal(True, leases[1].acquire(), "2nd")
        equal(False, leases[2].acquire(blocking=False), "3rd")
        waiting = in_thread(leases[2].acquire)
        leases[0].release()
        equal(True, waiting.result(), "3rd after a release")
        equal(2, len(a.Semaphore(p, max_leases=2).lease_holders()), "holders")


@test("Election: one leader after the other")
def election(address):
    with clients(address, 2) as (a, b, p):
        leading, go_on = queue.Queue(), queue.Queue()

        def lead(name):
            leading.put(name)
            go_on.get(timeout=20)

        runs = []
        for zk, name in ((a, "a"), (b, "b")):
            runs.append(in_thread(zk.Election(p, name).run, lead, name))
            wait_until("it contends", lambda: name in a.Election(p).contenders())
        equal("a", leading.get(timeout=20), "first leader")
        equal(["a", "b"], a.Election(p).contenders(), "contenders")
        equal(True, leading.empty(), "only one")
        go_on.put(1)
        equal("b", leading.get(timeout=20), "second leader")
        go_on.put(1)
        for run in runs:
            run.result()


@test("Barrier holds until it is removed")
def barrier(address):
    with clients(address, 2) as (a, b, p):
        a.Barrier(p).create()
        equal(False, b.Barrier(p).wait(0.2), "before")
        waiting = in_thread(b.Barrier(p).wait, 20)
        equal(True, a.Barrier(p).remove(), "removed")
        equal(True, waiting.result(), "after")
        equal(False, a.Barrier(p).remove(), "removed twice")


@test("DoubleBarrier: all enter together and leave together")
def double_barrier(address):
    with clients(address, 2) as (a, b, p):
        def both(zk, name):
            door = zk.DoubleBarrier(p, 2, name)
            door.enter()
            entered.append(name)
            wait_until("both are in", lambda: len(entered) == 2)
            door.leave()
            return door.participating

        entered = []
        first = in_thread(both, a, "a")
        wait_until("a waits", lambda: b.exists(p) and len(b.get_children(p)) == 1)
        equal([], entered, "nobody is in yet")
        second = in_thread(both, b, "b")
        equal((False, False), (first.result(), second.result()), "participating at the end")


@test("Queue gives by priority, then in order")
def priority_queue(address):
    with clients(address, 2) as (a, b, p):
        for value, priority in ((b"c", 200), (b"a", 50), (b"d", 200), (b"b", 100)):
            a.Queue(p).put(value, priority)
        taker = b.Queue(p)
        equal(4, len(taker), "length")
        equal([b"a", b"b", b"c", b"d", None], [taker.get() for _ in range(5)], "order")


@test("Queue: two consumers share without loss or doubling")
def shared_queue(address):
    with clients(address, 2) as (a, b, p):
        for i in range(60):
            a.Queue(p).put(str(i).encode())

        def drain(zk):
            items, taker = [], zk.Queue(p)
            while (item := taker.get()) is not None:
                items.append(int(item))
            return items

        runs = [in_thread(drain, zk) for zk in (a, b)]
        equal(list(range(60)), sorted(runs[0].result(40) + runs[1].result(40)), "items")


@test("LockingQueue: taken items are invisible until consumed or released")
def locking_queue(address):
    with clients(address, 2) as (a, b, p):
        one, two = a.LockingQueue(p), b.LockingQueue(p)
        one.put(b"x")
        one.put_all([b"y", b"z"])
        equal(b"x", one.get(5), "1st")
        equal(True, one.holds_lock(), "lock")
        equal(b"y", two.get(5), "of the other")
        equal(True, one.consume(), "consumed")
        equal(True, two.release(), "released")
        equal(b"y", one.get(5), "after the release")
        one.consume()
        equal(b"z", two.get(5), "last")
        two.consume()
        equal(None, one.get(0.2), "empty")


@test("LockingQueue: a waiting consumer gets what is put later")
def locking_queue_waits(address):
    with clients(address, 2) as (a, b, p):
        waiting = in_thread(a.LockingQueue(p).get, 20)
        b.LockingQueue(p).put(b"late")
        equal(b"late", waiting.result(), "item")


@test("Party and ShallowParty know their members")
def party(address):
    with clients(address, 2) as (a, b, p):
        here, there = a.Party(p, "a"), b.Party(p, "b")
        here.join()
        there.join()
        equal(["a", "b"], sorted(here), "members")
        equal(2, len(there), "count")
        b.stop()
        wait_until("b is gone", lambda: list(here) == ["a"])
        here.leave()
        equal(0, len(here), "count at the end")
        shallow = a.ShallowParty(p + "-s", "a")
        shallow.join()
        equal(["a"], list(shallow), "shallow members")


@test("Counter adds up what several clients count")
def counter(address):
    with clients(address, 3) as (a, b, c, p):
        def count(zk):
            mine = zk.Counter(p)
            for _ in range(20):
                mine += 1

        for run in [in_thread(count, zk) for zk in (a, b, c)]:
            run.result(50)
        equal(60, a.Counter(p).value, "value")
        real = a.Counter(p + "-f", default=1.0)
        real += 1.5
        equal(2.5, b.Counter(p + "-f", default=1.0).value, "a float")


@test("SetPartitioner divides a set and divides anew when one leaves")
def partitioner(address):
    with clients(address, 2) as (a, b, p):
        everything = tuple(range(6))
        done = threading.Event()
        held = {}

        def member(zk, name):
            part = zk.SetPartitioner(p, set=everything, time_boundary=0.5, identifier=name)
            while not done.is_set():
                if part.failed:
                    raise AssertionError(name + " failed")
                if part.release:
                    held.pop(name, None)
                    part.release_set()
                elif part.acquired:
                    held[name] = list(part)
                    if name == "b" and len(held) == 2 and leave.is_set():
                        break
                elif part.allocating:
                    part.wait_for_acquire(5)
            part.finish()
            held.pop(name, None)

        leave = threading.Event()
        runs = [in_thread(member, a, "a"), in_thread(member, b, "b")]
        wait_until("each has half", lambda: sorted(map(len, list(held.values()))) == [3, 3], 30)
        equal(everything, tuple(sorted(held["a"] + held["b"])), "the whole")
        leave.set()
        wait_until("a has all", lambda: sorted(held.get("a", [])) == list(everything), 30)
        done.set()
        for run in runs:
            run.result()


@test("TreeCache mirrors a tree")
def tree_cache(address):
    with clients(address, 2) as (a, b, p):
        b.create(p + "/x", b"1", makepath=True)
        events = queue.Queue()
        cache = TreeCache(a, p)
        cache.listen(events.put)
        cache.start()
        seen = set()
        while TreeEvent.INITIALIZED not in seen:
            seen.add(events.get(timeout=20).event_type)
        equal(b"1", cache.get_data(p + "/x").data, "data")
        b.create(p + "/x/y", b"2")
        wait_until("y is there", lambda: cache.get_data(p + "/x/y") is not None)
        b.set(p + "/x", b"3")
        wait_until("x changed", lambda: cache.get_data(p + "/x").data == b"3")
        b.delete(p + "/x/y")
        wait_until("y is gone", lambda: cache.get_data(p + "/x/y") is None)
        equal(frozenset(["x"]), cache.get_children(p), "children")
        cache.close()


@test("NonBlockingLease belongs to one until it ends")
def lease(address):
    import datetime

    with clients(address, 2) as (a, b, p):
        long = datetime.timedelta(minutes=5)
        equal(True, bool(a.NonBlockingLease(p, long, identifier="a")), "a")
        equal(False, bool(b.NonBlockingLease(p, long, identifier="b")), "b")
        equal(True, bool(a.NonBlockingLease(p, long, identifier="a")), "a renews")


main()
