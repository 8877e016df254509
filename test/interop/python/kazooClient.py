"""kazoo: its client, one call after the other, against the server under test."""
import contextlib
import queue

from kazoo.client import KazooClient, KazooState
from kazoo.exceptions import (
    BadVersionError,
    InvalidACLError,
    NoAuthError,
    NoChildrenForEphemeralsError,
    NodeExistsError,
    NoNodeError,
    NotEmptyError,
    RolledBackError,
    RuntimeInconsistency,
)
from kazoo.security import OPEN_ACL_UNSAFE, make_acl, make_digest_acl

from suite import ask, equal, fails, fresh_path, main, test, wait_until


@contextlib.contextmanager
def connected(address, **options):
    client = KazooClient(hosts=address, timeout=options.pop("timeout", 20), **options)
    client.start(20)
    try:
        yield client
    finally:
        client.stop()
        client.close()


@test("create, get, set, exists, delete")
def basics(address):
    with connected(address) as zk:
        p = fresh_path()
        equal(p, zk.create(p, b"one"), "path")
        data, stat = zk.get(p)
        equal((b"one", 0), (data, stat.version), "data and version")
        equal(1, zk.set(p, b"two", version=0).version, "version")
        equal(b"two", zk.get(p)[0], "data")
        fails(BadVersionError, zk.set, p, b"x", version=0)
        fails(NodeExistsError, zk.create, p)
        fails(BadVersionError, zk.delete, p, version=7)
        zk.delete(p)
        equal(None, zk.exists(p), "exists")
        fails(NoNodeError, zk.get, p)
        fails(NoNodeError, zk.delete, p)


@test("create makes parents and gives the stat")
def makepath(address):
    with connected(address) as zk:
        p = fresh_path()
        path, stat = zk.create(p + "/a/b", b"abc", makepath=True, include_data=True)
        equal((p + "/a/b", 3), (path, stat.dataLength), "path and length")
        equal(stat, zk.exists(path), "stat")
        zk.ensure_path(p + "/x/y/z")
        equal(["a", "x"], sorted(zk.get_children(p)), "children")
        fails(NotEmptyError, zk.delete, p)
        zk.delete(p, recursive=True)
        equal(None, zk.exists(p), "exists")


@test("ephemeral and sequential nodes")
def kinds(address):
    with connected(address) as zk, connected(address) as other:
        p = fresh_path()
        equal(p + "/n-0000000000", zk.create(p + "/n-", sequence=True, makepath=True), "1st")
        path = zk.create(p + "/n-", sequence=True, ephemeral=True)
        equal(p + "/n-0000000001", path, "2nd")
        equal(zk.client_id[0], zk.exists(path).ephemeralOwner, "owner")
        fails(NoChildrenForEphemeralsError, zk.create, path + "/c")
        zk.stop()
        wait_until("it is gone", lambda: other.exists(path) is None)


@test("children with data of the node")
def children(address):
    with connected(address) as zk:
        p = fresh_path()
        for i in range(50):
            zk.create(f"{p}/{i}", makepath=True)
        names, stat = zk.get_children(p, include_data=True)
        equal(sorted(map(str, range(50))), sorted(names), "children")
        equal((50, 50), (stat.numChildren, stat.cversion), "counts")


@test("asynchronous calls in a long pipeline")
def pipeline(address):
    with connected(address) as zk:
        p = fresh_path()
        zk.create(p)
        made = [zk.create_async(f"{p}/{i}", str(i).encode()) for i in range(1000)]
        read = [zk.get_async(f"{p}/{i}") for i in range(1000)]
        equal([f"{p}/{i}" for i in range(1000)], [r.get(30) for r in made], "paths")
        equal([str(i).encode() for i in range(1000)], [r.get(30)[0] for r in read], "data")


@test("sync and unicode names")
def names(address):
    with connected(address) as zk:
        p = fresh_path()
        zk.create(p + "/任务 é", "任务".encode(), makepath=True)
        equal("/", zk.sync("/"), "sync")
        equal(["任务 é"], zk.get_children(p), "children")


@test("watches of get, exists and get_children")
def watches(address):
    with connected(address) as zk, connected(address) as other:
        p = fresh_path()
        events = queue.Queue()
        equal(None, zk.exists(p, watch=events.put), "exists")
        other.create(p)
        event = events.get(timeout=20)
        equal(("CREATED", "CONNECTED", p), tuple(event), "event")
        zk.get(p, watch=events.put)
        other.set(p, b"x")
        equal("CHANGED", events.get(timeout=20).type, "event")
        zk.get_children(p, watch=events.put)
        other.create(p + "/c")
        equal("CHILD", events.get(timeout=20).type, "event")
        other.delete(p + "/c")
        zk.get(p, watch=events.put)
        other.delete(p)
        equal("DELETED", events.get(timeout=20).type, "event")
        equal(True, events.empty(), "no more events")


@test("a transaction that succeeds")
def transaction(address):
    with connected(address) as zk:
        p = fresh_path()
        step = zk.transaction()
        step.create(p, b"a")
        step.create(p + "/s-", sequence=True)
        step.set_data(p, b"b")
        step.check(p, 1)
        step.delete(p + "/s-0000000000")
        results = step.commit()
        equal((p, p + "/s-0000000000", 1, True, True),
              (results[0], results[1], results[2].version, results[3], results[4]), "results")
        equal(b"b", zk.get(p)[0], "data")


@test("a transaction that fails changes nothing")
def rollback(address):
    with connected(address) as zk:
        p = fresh_path()
        step = zk.transaction()
        step.create(p)
        step.check(p, 9)
        step.delete(p)
        kinds = [type(result) for result in step.commit()]
        equal([RolledBackError, BadVersionError, RuntimeInconsistency], kinds, "results")
        equal(None, zk.exists(p), "exists")


@test("access lists and digest authentication")
def access(address):
    with connected(address) as zk, connected(address) as other:
        p = fresh_path()
        acl = [make_digest_acl("bob", "pw", all=True)]
        zk.create(p, b"secret", acl=acl)
        fails(NoAuthError, zk.get, p)
        zk.add_auth("digest", "bob:pw")
        equal(b"secret", zk.get(p)[0], "data")
        fails(NoAuthError, other.set, p, b"x")
        acls, stat = zk.get_acls(p)
        equal((acl, 0), (acls, stat.aversion), "acl")
        equal(1, zk.set_acls(p, OPEN_ACL_UNSAFE, version=0).aversion, "aversion")
        equal(b"secret", other.get(p)[0], "data")
        fails(BadVersionError, zk.set_acls, p, acl, version=0)
        fails(InvalidACLError, zk.create, p + "/x", acl=[make_acl("bogus", "x", all=True)])


@test("authentication given at the start")
def auth_data(address):
    with connected(address, auth_data=[("digest", "amy:pw")]) as zk:
        p = fresh_path()
        zk.create(p, b"x", acl=[make_digest_acl("amy", "pw", all=True)])
        equal(b"x", zk.get(p)[0], "data")


@test("the default access list of a client")
def default_acl(address):
    acl = [make_acl("world", "anyone", read=True)]
    with connected(address, default_acl=acl) as zk:
        p = fresh_path()
        zk.create(p)
        equal(acl, zk.get_acls(p)[0], "acl")
        fails(NoAuthError, zk.set, p, b"x")


@test("a chroot is invisible to the client")
def chroot(address):
    with connected(address) as zk:
        p = fresh_path()
        zk.create(p)
        with connected(address + p) as inside:
            events = queue.Queue()
            equal("/a", inside.create("/a", b"1"), "path")
            inside.get("/a", watch=events.put)
            zk.set(p + "/a", b"2")
            equal("/a", events.get(timeout=20).path, "path of the event")
            equal(["a"], inside.get_children("/"), "children")
        with connected(address) as later:
            later.chroot = p
            equal(b"2", later.get("/a")[0], "data")


@test("server_version and the four-letter words")
def words(address):
    with connected(address) as zk:
        equal("imok", zk.command(b"ruok"), "ruok")
        version = zk.server_version()
        equal((3, 8), version[:2], "version")


@test("a read-only client gets a full connection")
def read_only(address):
    with connected(address, read_only=True) as zk:
        equal("CONNECTED", zk.client_state, "state")
        zk.create(fresh_path())


@test("a lost connection is resumed with the same session")
def resume(address):
    with connected(address) as zk, connected(address) as other:
        p = fresh_path()
        states = queue.Queue()
        zk.add_listener(states.put)
        session = zk.client_id
        zk.create(p, ephemeral=True)
        zk._connection._socket.shutdown(2)
        equal(KazooState.SUSPENDED, states.get(timeout=20), "1st state")
        equal(KazooState.CONNECTED, states.get(timeout=20), "2nd state")
        equal(session, zk.client_id, "session")
        equal(session[0], other.exists(p).ephemeralOwner, "owner")


@test("a session is taken over with its id and password")
def takeover(address):
    with connected(address) as zk:
        p = fresh_path()
        first = KazooClient(hosts=address, timeout=20)
        first.start(20)
        first.create(p, ephemeral=True)
        session = first.client_id
        # Ends it without closing the session, as a crash does.
        first._stopped.set()
        first._connection._socket.shutdown(2)
        with connected(address, client_id=session) as second:
            equal(session, second.client_id, "session")
            equal(session[0], zk.exists(p).ephemeralOwner, "owner")
        equal(None, zk.exists(p), "exists")


@test("a session that is closed elsewhere is lost and replaced")
def lost(address):
    with connected(address) as zk:
        states = queue.Queue()
        session = zk.client_id
        zk.add_listener(states.put)
        with connected(address, client_id=session):
            pass
        seen = []
        while KazooState.CONNECTED not in seen or KazooState.LOST not in seen:
            seen.append(states.get(timeout=20))
        wait_until("there is a new session", lambda: zk.client_id not in (None, session))
        equal(True, zk.exists("/") is not None, "it works")


@test("a restart of the server keeps session, ephemerals and data")
def restart(address):
    with connected(address) as zk:
        p = fresh_path()
        session = zk.client_id
        zk.create(p, b"kept")
        zk.create(p + "/e", ephemeral=True)
        ask("crash")
        equal(b"kept", zk.retry(zk.get, p)[0], "data")
        equal(session, zk.client_id, "session")
        equal(session[0], zk.retry(zk.exists, p + "/e").ephemeralOwner, "owner")


main()
