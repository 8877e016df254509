"""Writes rawFrames.json: what an Apache server answers to hostile and odd bytes.

Each case has a fresh server and a fresh connection. Steps go one after another; when the server
closes the connection, or dies, the rest of the steps becomes a case of its own.
"""

import json
import os
import select
import socket
import struct
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from apacheServer import Server

QUIET = 2.0


def i32(value):
    return struct.pack(">i", value)


def i64(value):
    return struct.pack(">q", value)


def buf(data):
    return i32(-1) if data is None else i32(len(data)) + data


def text(value):
    return buf(value.encode() if isinstance(value, str) else value)


def acl(*entries):
    return i32(len(entries)) + b"".join(i32(p) + text(s) + text(i) for p, s, i in entries)


OPEN = acl((31, "world", "anyone"))
PING = i32(-2) + i32(11)


def frame(body):
    return i32(len(body)) + body


def connect(timeout=30000, session=0, password=bytes(16), seen=0, version=0, tail=b"\0"):
    return frame(i32(version) + i64(seen) + i32(timeout) + i64(session) + buf(password) + tail)


def create(path, data=b"", acls=OPEN, flags=0):
    return text(path) + buf(data) + acls + i32(flags)


class Xids:
    """Numbers the requests of one case."""

    def __init__(self):
        self.next = 0

    def __call__(self, opcode, body=b"", xid=None):
        self.next += 1
        return frame(i32(self.next if xid is None else xid) + i32(opcode) + body)


class Connection:
    def __init__(self, port):
        self.link = socket.create_connection(("127.0.0.1", port), 10)
        self.link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.bytes = b""
        self.closed = False

    def read(self, wait):
        """One chunk more; false if there was none."""
        if self.closed or not select.select([self.link], [], [], wait)[0]:
            return False
        try:
            chunk = self.link.recv(65536)
        except ConnectionResetError:
            chunk = b""
        self.closed = chunk == b""
        self.bytes += chunk
        return not self.closed

    def replies(self, raw, wait=QUIET, settle=0.03):
        """Whole frames (or, if raw, whatever came) until a reply is there and it is quiet."""
        self.read(wait)
        while self.read(settle):
            pass
        found = []
        if raw:
            if self.bytes:
                found.append(self.bytes.hex())
                self.bytes = b""
        else:
            while len(self.bytes) >= 4:
                length = struct.unpack(">i", self.bytes[:4])[0] + 4
                if len(self.bytes) < length:
                    break
                found.append(self.bytes[:length].hex())
                self.bytes = self.bytes[length:]
        if self.closed:
            found.append("close")
        return found

    def send(self, data):
        try:
            self.link.sendall(data)
        except OSError:
            self.closed = True


def masks(step, reply, is_connect):
    """Byte ranges that differ from run to run: ids, passwords and times of day."""
    data = b"" if reply == "close" else bytes.fromhex(reply)
    if is_connect:
        return [] if data[4:8] != bytes(4) or len(data) < 40 or data[12:20] == bytes(8) else [
            {"step": step, "from": 12, "to": 20, "what": "sessionId"},
            {"step": step, "from": 24, "to": 40, "what": "password"}]
    found = []
    now = time.time() * 1000
    for at in range(4, len(data) - 7):
        value = struct.unpack(">q", data[at:at + 8])[0]
        if abs(value - now) < 600000:
            found.append({"step": step, "from": at, "to": at + 8, "what": "time"})
    return found


def mask_owners(row):
    """Adds masks where an answer holds the session's id, as the owner of an ephemeral."""
    ids = {row["expect"][m["step"]][m["reply"]][24:40] for m in row["mask"] if m["what"] == "sessionId"}
    known = {(m["step"], m["reply"], m["from"]) for m in row["mask"]}
    for step, replies in enumerate(row["expect"]):
        for at, reply in enumerate(replies):
            for place in range(0, len(reply) - 15, 2):
                if reply[place:place + 16] in ids and (step, at, place // 2) not in known:
                    row["mask"].append({"step": step, "from": place // 2, "to": place // 2 + 8, "what": "sessionId", "reply": at})


class Case:
    """steps: (label, bytes or a function of what was learnt before). setup runs on another connection."""

    def __init__(self, name, note, steps, settings=(), setup=None, raw=False, session=True, ping=True, wait=QUIET, settle=0.03):
        self.name = name
        self.note = note
        self.steps = steps
        self.settings = settings
        self.setup = setup
        self.raw = raw
        self.session = session
        self.ping = ping
        self.wait = 0.8 if raw else wait
        self.settle = settle


def run_once(case, steps, part):
    """Runs steps until a close; gives the row and the steps that are left."""
    if case.session:
        steps = [("connect", connect()), *steps]
    if case.ping and not case.raw:
        steps = [*steps, ("ping", frame(PING))]
    rows, mask, learnt = [], [], {}
    with Server(*case.settings) as server:
        others = []
        if case.setup:
            case.setup(server, learnt, others)
        link = Connection(server.port)
        left = []
        for number, (label, data) in enumerate(steps):
            template = data
            if callable(data):
                data, template = data(learnt)
            link.send(data)
            # a createSession request (-10) that a client should not send is answered like a connect
            is_connect = label.startswith(("connect", "resume", "opcode -10"))
            got = link.replies(case.raw, QUIET if is_connect else case.wait, case.settle)
            for at, reply in enumerate(got):
                mask += [{**m, "reply": at} for m in masks(number, reply, is_connect and at == 0)]
            rows.append((label, template.hex() if isinstance(template, bytes) else template, got))
            if link.closed:
                left = steps[number + 1:]
                break
        time.sleep(0.05)
        alive = server.process.poll() is None and server.serves()
        for other in others:
            other.link.close()
        link.link.close()
    row = {"name": case.name if part == 1 else f"{case.name} ({part})", "note": case.note}
    if case.settings:
        row["settings"] = list(case.settings)
    if "send" in learnt:
        row["setup"] = learnt["send"]
    row.update(labels=[r[0] for r in rows], send=[r[1] for r in rows], expect=[r[2] for r in rows], mask=mask)
    mask_owners(row)
    if case.raw:
        row["raw"] = True
    if not alive:
        row["serverDies"] = True
    return row, [s for s in left if s[0] != "ping"]


def run(case):
    rows, steps = [], case.steps
    while True:
        row, left = run_once(case, steps, len(rows) + 1)
        rows.append(row)
        # what follows a close on purpose is not a case of its own
        if not left or not case.session or case.ping is None:
            return rows
        steps = left


def several(opcode, bodies):
    xids = Xids()
    return [(label, xids(opcode, body)) for label, body in bodies]


PATHS = [
    ("''", ""), ("null", None), ("a", "a"), ("a/b", "a/b"), ("/a/", "/a/"), ("//", "//"), ("//a", "//a"),
    ("/a//b", "/a//b"), ("/.", "/."), ("/..", "/.."), ("/./a", "/./a"), ("/a/.", "/a/."), ("/a/..", "/a/.."),
    ("/a/../b", "/a/../b"), ("/...", "/..."), ("/a.", "/a."), ("/.a", "/.a"), ("/ ", "/ "), ("NUL", "/a\0b"),
    ("U+0001", "/\u0001"), ("newline", "/a\nb"), ("U+001F", "/\u001f"), ("U+007F", "/\u007f"),
    ("U+009F", "/\u009f"), ("U+00A0", "/\u00a0"), ("U+D7FF", "/\ud7ff"), ("U+E000", "/\ue000"),
    ("U+F8FF", "/\uf8ff"), ("U+F900", "/\uf900"), ("U+FFEF", "/\uffef"), ("U+FFF0", "/\ufff0"),
    ("U+FFFF", "/\uffff"), ("U+1F680", "/\U0001f680"), ("bad UTF-8 ff", b"/\xff"),
    ("surrogate in UTF-8", b"/\xed\xa0\x80"), ("overlong slash", b"/\xc0\xaf"), ("cut sequence", b"/\xe4\xb8"),
    ("/", "/"), ("/zookeeper", "/zookeeper"), ("/zookeeper/config", "/zookeeper/config"),
    ("/zookeeper/quota", "/zookeeper/quota"), ("/zookeeper/new", "/zookeeper/new"), ("/missing/child", "/missing/child"),
]

PATH_OPS = [
    ("create", 1, lambda p: create(p)), ("createSequential", 1, lambda p: create(p, flags=2)),
    ("create2", 15, lambda p: create(p)), ("delete", 2, lambda p: text(p) + i32(-1)),
    ("exists", 3, lambda p: text(p) + b"\0"), ("existsWatch", 3, lambda p: text(p) + b"\1"),
    ("getData", 4, lambda p: text(p) + b"\0"),
    ("setData", 5, lambda p: text(p) + buf(b"x") + i32(-1)), ("getACL", 6, lambda p: text(p)),
    ("setACL", 7, lambda p: text(p) + OPEN + i32(-1)), ("getChildren", 8, lambda p: text(p) + b"\0"),
    ("sync", 9, lambda p: text(p)), ("getChildren2", 12, lambda p: text(p) + b"\0"),
    ("createContainer", 19, lambda p: create(p, flags=4)),
    ("getEphemerals", 103, lambda p: text(p)), ("getAllChildrenNumber", 104, lambda p: text(p)),
    ("addWatch", 106, lambda p: text(p) + i32(1)), ("removeWatches", 18, lambda p: text(p) + i32(3)),
    ("checkWatches", 17, lambda p: text(p) + i32(3)),
]

OPCODES = [*range(-12, 32), *range(99, 112), 999, 2147483647, -2147483648]

BODIES = [
    ("create", 1, create("/t", b"abc")), ("create2", 15, create("/t", b"abc")), ("delete", 2, text("/t") + i32(-1)),
    ("exists", 3, text("/") + b"\0"), ("getData", 4, text("/") + b"\0"), ("setData", 5, text("/") + buf(b"x") + i32(-1)),
    ("getACL", 6, text("/")), ("setACL", 7, text("/") + OPEN + i32(-1)), ("getChildren", 8, text("/") + b"\0"),
    ("sync", 9, text("/")), ("getChildren2", 12, text("/") + b"\0"), ("createContainer", 19, create("/t", flags=4)),
    ("createTTL", 21, create("/t", flags=5) + i64(1000)), ("multi", 14, i32(1) + b"\0" + i32(-1) + create("/t") + i32(-1) + b"\1" + i32(-1)),
    ("multiRead", 22, i32(4) + b"\0" + i32(-1) + text("/") + b"\0" + i32(-1) + b"\1" + i32(-1)),
    ("setWatches", 101, i64(0) + i32(1) + text("/") + i32(0) + i32(0)),
    ("setWatches2", 105, i64(0) + i32(1) + text("/") + i32(0) + i32(0) + i32(0) + i32(0)),
    ("getEphemerals", 103, text("/")), ("getAllChildrenNumber", 104, text("/")), ("addWatch", 106, text("/") + i32(0)),
    ("removeWatches", 18, text("/") + i32(3)), ("auth", 100, i32(0) + text("digest") + buf(b"a:b")), ("reconfig", 16, text("") + text("") + text("") + i64(-1)),
]


def op(kind, body):
    return i32(kind) + b"\0" + i32(-1) + body


END = i32(-1) + b"\1" + i32(-1)


def session_setup(timeout=30000, drop=True, expire=False, close=False):
    """A session of another connection, whose id and password the case then uses."""

    def setup(server, learnt, others):
        other = Connection(server.port)
        others.append(other)
        other.send(connect(timeout))
        reply = bytes.fromhex(other.replies(False, 5)[0])
        learnt["session"] = struct.unpack(">q", reply[12:20])[0]
        learnt["password"] = reply[24:40]
        learnt["send"] = [connect(timeout).hex()]
        if close:
            other.send(frame(i32(1) + i32(-11)))
            learnt["send"].append(frame(i32(1) + i32(-11)).hex())
            other.replies(False, 5)
        if expire:
            learnt["send"].append("wait for the server to close")
            while not other.closed:
                other.read(20)
        if drop:
            learnt["send"].append("drop")
            other.link.close()
            time.sleep(0.2)

    return setup


def resume(password="<password>", seen=0, tail=b"\0", session="<session>"):
    """A connect whose hex has <session> and <password> in place of what the setup got."""

    def build(learnt):
        number = learnt["session"] if session == "<session>" else session
        word = learnt["password"] if password == "<password>" else password
        data = connect(session=number, password=word, seen=seen, tail=tail)
        shown = data.hex()
        if session == "<session>":
            shown = shown.replace(i64(number).hex(), "<session>", 1)
        if password == "<password>":
            shown = shown.replace(word.hex(), "<password>", 1)
        return data, shown

    return build


def generate():
    x = Xids
    # before a session
    for name, data in [
        ("length -1", i32(-1)), ("length min", i32(-2147483648)), ("length max", i32(2147483647)),
        ("length 0", i32(0)), ("length one above jute.maxbuffer", i32(0xfffff + 1)),
        ("length jute.maxbuffer and no body", i32(0xfffff)), ("length 4, body 0", frame(i32(0))),
        ("half a length", b"\0\0"), ("HTTP", b"GET / HTTP/1.0\r\n\r\n"), ("TLS hello", bytes.fromhex("160301020001000001fc0303")),
        ("connect cut after version", frame(i32(0))), ("connect cut in session", frame(i32(0) + i64(0) + i32(4000) + b"\0\0")),
        ("connect without password", frame(i32(0) + i64(0) + i32(4000) + i64(0))),
        ("connect, password length -2", frame(i32(0) + i64(0) + i32(4000) + i64(0) + i32(-2) + b"\0")),
        ("connect, password length max", frame(i32(0) + i64(0) + i32(4000) + i64(0) + i32(2147483647) + b"\0")),
        ("connect, password longer than the frame", frame(i32(0) + i64(0) + i32(4000) + i64(0) + i32(17) + bytes(16))),
        ("getData before connect", frame(i32(1) + i32(4) + text("/") + b"\0")),
        ("ping before connect", frame(PING)), ("close before connect", frame(i32(1) + i32(-11))),
    ]:
        yield Case(f"start: {name}", "before a session; an empty expect: no answer, still open", [(name, data)], session=False, raw=True)
    for name, data in [
        ("connect, password null", connect(password=None)), ("connect, password empty", connect(password=b"")),
        ("connect, password of 3 bytes", connect(password=b"abc")), ("connect, password of 40 bytes", connect(password=bytes(40))),
        ("connect, version 1", connect(version=1)), ("connect, version -1", connect(version=-1)),
        ("connect, no readOnly", connect(tail=b"")), ("connect, readOnly 2", connect(tail=b"\2")),
        ("connect, bytes after readOnly", connect(tail=b"\0\1\2\3")),
        ("connect, lastZxidSeen ahead", connect(seen=1)), ("connect, lastZxidSeen max", connect(seen=2**63 - 1)),
        ("connect, lastZxidSeen -1", connect(seen=-1)), ("connect, unknown session 1", connect(session=1)),
        ("connect, unknown session -1", connect(session=-1)),
        ("connect, unknown session, no readOnly", connect(session=0x123456789abcdef, tail=b"")),
    ]:
        yield Case(f"start: {name}", "the first frame of a connection", [(name, data)], session=False)
    yield Case("start: connect and requests in one segment", "all are answered, in order", [
        ("connect", connect() + frame(i32(1) + i32(4) + text("/") + b"\0") + frame(PING))], session=False, settle=0.5)
    yield Case("start: connect byte by byte", "a frame may come in any pieces",
               [(f"byte {i}", connect()[i:i + 1]) for i in range(48)] + [("connect", connect()[48:])], session=False, wait=0.02)
    # resumption
    yield Case("resume", "the same session again after its connection dropped", [("resume", resume())], session=False, setup=session_setup())
    yield Case("resume, no readOnly", "the answer then lacks the byte too", [("resume", resume(tail=b""))], session=False, setup=session_setup())
    yield Case("resume while connected", "the older connection is closed", [("resume", resume())], session=False, setup=session_setup(drop=False))
    for name, password in [("wrong", b"\1" * 16), ("zero", bytes(16)), ("empty", b""), ("null", None), ("short", b"a")]:
        yield Case(f"resume, password {name}", "a wrong password ends in session 0", [("resume", resume(password))], session=False, setup=session_setup())
    yield Case("resume, session 0 with a password", "gives a new session", [("resume", resume(session=0))], session=False, setup=session_setup())
    yield Case("resume, expired", "after the timeout", [("resume", resume())], session=False, setup=session_setup(4000, expire=True))
    yield Case("resume, closed", "after closeSession", [("resume", resume())], session=False, setup=session_setup(close=True))
    yield Case("resume, lastZxidSeen ahead", "closed without a word", [("resume", resume(seen=99))], session=False, setup=session_setup())
    # words
    for word in ["ruok", "isro", "abcd", "gtmk", "ruok\n", "RUOK"]:
        yield Case(f"word {word!r}", "before a session", [(word, word.encode())], session=False, raw=True)
    yield Case("word in two pieces", "before a session", [("ru", b"ru"), ("ok", b"ok")], session=False, raw=True)
    yield Case("word not in the whitelist", "the default whitelist is srvr", [("ruok", b"ruok")], ["4lw.commands.whitelist=srvr,isro"], session=False, raw=True)
    yield Case("word in a session", "it is a length then", [("ruok", b"ruok")])
    # framing in a session
    for name, data in [
        ("length -1", i32(-1)), ("length 0", i32(0)), ("length max", i32(2147483647)), ("length 1", frame(b"\0")),
        ("length 4", frame(i32(1))), ("length 7", frame(i32(1) + b"\0\0\0")), ("second connect", connect()),
        ("frame above jute.maxbuffer", i32(0xfffff + 1)),
    ]:
        yield Case(f"session: {name}", "in a session", [(name, data)])
    # numbers of requests
    xids = x()
    yield Case("opcodes without body", "every number", [(f"opcode {n}", xids(n)) for n in OPCODES])
    xids = x()
    yield Case("opcodes with a path and zeros", "every number; 13 (check) and others that write a damaging log entry stand alone",
               [(f"opcode {n}", xids(n, text("/") + bytes(64))) for n in OPCODES if n not in (13, -11)])
    yield Case("opcode 13 check", "ZOOKEEPER-2623", several(13, [("version 0", text("/") + i32(0)), ("version 7", text("/") + i32(7)),
               ("version -1", text("/") + i32(-1)), ("missing", text("/missing") + i32(-1))]))
    for xid in (0, -1, -2, -4, -8, 2147483647, -2147483648):
        yield Case(f"xid {xid}", "a getData with it", [("getData", x()(4, text("/") + b"\0", xid)), ("create", x()(1, create("/x"), xid))])
    yield Case("after closeSession", "requests after it are not answered", [("closeSession", x()(-11)), ("getData", x()(4, text("/") + b"\0"))], ping=None, settle=0.5)
    yield Case("closeSession and more in one segment", "requests after it are not answered",
               [("closeSession getData", x()(-11) + x()(4, text("/") + b"\0"))], ping=None, settle=0.5)
    yield Case("closeSession with a body", "ignored", [("closeSession", x()(-11, b"abc"))], ping=None)
    yield Case("ping with a body", "ignored", [("ping with a body", frame(PING + b"abc"))])
    # paths
    for name, opcode, body in PATH_OPS:
        xids = x()
        yield Case(f"paths of {name}", "one path after another", [(label, xids(opcode, body(path))) for label, path in PATHS])
    # bodies cut and too long
    xids = x()
    cut = []
    for name, opcode, body in BODIES:
        for length in sorted({0, 3, 5, len(body) - 4, len(body) - 1}):
            cut.append((f"{name} cut to {length}", xids(opcode, body[:length])))
    yield Case("bodies cut", "each with less than it needs", cut)
    xids = x()
    yield Case("bodies too long", "each with bytes after its end", [(f"{n} and 4 bytes", xids(o, b + b"\1\2\3\4")) for n, o, b in BODIES])
    # counts inside
    xids = x()
    yield Case("inner counts", "lengths of strings, buffers and vectors", [
        ("path length -2", xids(4, i32(-2) + b"/\0")), ("path length max", xids(4, i32(2147483647) + b"/\0")),
        ("path length of the frame + 1", xids(4, i32(3) + b"/\0")),
        ("data null", xids(1, create("/null", None))), ("data length -2", xids(1, text("/a") + i32(-2) + OPEN + i32(0))),
        ("data length max", xids(1, text("/a") + i32(2147483647) + OPEN + i32(0))),
        ("acl count -2", xids(1, text("/a2") + buf(b"") + i32(-2) + i32(0))),
        ("acl count max", xids(1, text("/a3") + buf(b"") + i32(2147483647) + i32(0))),
        ("acl count 2, one there", xids(1, text("/a4") + buf(b"") + i32(2) + OPEN[4:] + i32(0))),
        ("setWatches null vectors", xids(101, i64(0) + i32(-1) + i32(-1) + i32(-1))),
        ("setWatches count -2", xids(101, i64(0) + i32(-2) + i32(0) + i32(0))),
        ("setWatches count max", xids(101, i64(0) + i32(2147483647) + i32(0) + i32(0))),
        ("setWatches2 null vectors", xids(105, i64(0) + i32(-1) * 5)),
    ])
    # ACLs
    lists = [
        ("null", i32(-1)), ("empty", i32(0)), ("scheme unknown", acl((31, "nosuch", "x"))), ("auth, nobody authenticated", acl((31, "auth", ""))),
        ("scheme null", acl((31, None, "x"))), ("scheme empty", acl((31, "", "x"))), ("id null", acl((31, "world", None))),
        ("world:x", acl((31, "world", "x"))), ("perms 0", acl((0, "world", "anyone"))), ("perms 32", acl((32, "world", "anyone"))),
        ("perms -1", acl((-1, "world", "anyone"))), ("perms 63", acl((63, "world", "anyone"))),
        ("digest no colon", acl((31, "digest", "abc"))), ("digest empty", acl((31, "digest", ""))), ("digest null", acl((31, "digest", None))),
        ("digest two colons", acl((31, "digest", "a:b:c"))), ("digest no user", acl((31, "digest", ":b"))),
        ("ip", acl((31, "ip", "127.0.0.1"))), ("ip/8", acl((31, "ip", "127.0.0.0/8"))), ("ip/33", acl((31, "ip", "127.0.0.0/33"))),
        ("ip/-1", acl((31, "ip", "127.0.0.0/-1"))), ("ip/x", acl((31, "ip", "127.0.0.0/x"))), ("ip/0", acl((31, "ip", "127.0.0.0/0"))),
        ("ip short", acl((31, "ip", "127.0.0"))), ("ip 256", acl((31, "ip", "127.0.0.256"))), ("ip name", acl((31, "ip", "localhost"))),
        ("ip null", acl((31, "ip", None))), ("ip6", acl((31, "ip", "::1"))),
        ("x509", acl((31, "x509", "CN=a"))), ("super", acl((31, "super", "x"))), ("sasl", acl((31, "sasl", "x"))),
        ("good and bad", acl((31, "world", "anyone"), (31, "nosuch", "x"))), ("twice the same", acl((31, "world", "anyone"), (31, "world", "anyone"))),
        ("bad UTF-8 id", acl((31, "digest", b"\xff:x"))),
    ]
    for who, start in [("without auth", []), ("with auth", [("auth", frame(i32(-4) + i32(100) + i32(0) + text("digest") + buf(b"user:secret")))])]:
        xids = x()
        steps = list(start)
        for n, (label, entries) in enumerate(lists):
            steps += [(label, xids(1, create(f"/n{n}", acls=entries))), (f"getACL of {label}", xids(6, text(f"/n{n}")))]
        yield Case(f"ACLs {who}", "create, then getACL", steps)
        xids = x()
        steps = [*start, ("create", xids(1, create("/s")))]
        for label, entries in lists:
            steps += [(f"setACL {label}", xids(7, text("/s") + entries + i32(-1)))]
        yield Case(f"setACL {who}", "one after another on one znode", steps)
    # auth
    auths = [("digest", b"user:secret"), ("digest", b"nocolon"), ("digest", b""), ("digest", None), ("digest", b":"), ("digest", b"\xff:x"),
             ("ip", b""), ("ip", None), ("world", b"anyone"), ("auth", b""), ("nosuch", b"x"), ("", b"x"), (None, b"x"), ("x509", b""), ("sasl", b""), ("super", b"x")]
    yield Case("auth", "whoAmI after each", [step for s, a in auths for step in (
        (f"auth {s} {a}", frame(i32(-4) + i32(100) + i32(0) + text(s) + buf(a))), (f"whoAmI after {s} {a}", frame(i32(1) + i32(107))))])
    yield Case("auth with xid 5 and type 7", "both are ignored, the xid comes back", [("auth", frame(i32(5) + i32(100) + i32(7) + text("digest") + buf(b"a:b")))])
    # flags and TTLs
    for name, settings in [("", []), (", extended types on", ["extendedTypesEnabled=true"])]:
        for kind, opcode in [("create", 1), ("create2", 15), ("createContainer", 19)]:
            xids = x()
            yield Case(f"flags of {kind}{name}", "0 to 9, -1, max", [(f"flags {f}", xids(opcode, create(f"/f{n}", flags=f))) for n, f in enumerate([*range(10), -1, 2147483647])], settings)
        xids = x()
        yield Case(f"createTTL{name}", "flags and TTLs", [(f"flags {f} ttl {t}", xids(21, create(f"/f{n}", flags=f) + i64(t))) for n, (f, t) in enumerate([
            *((f, 1000) for f in range(8)), (5, 0), (5, -1), (5, 1), (5, 0xffffffffff), (5, 0x10000000000), (5, 2**63 - 1), (6, 0), (0, 0), (0, 5), (4, 0)])], settings)
    # versions
    xids = x()
    yield Case("versions", "setData, delete and setACL with odd versions", [
        ("create", xids(1, create("/v"))), *[(f"setData version {v}", xids(5, text("/v") + buf(b"x") + i32(v))) for v in (-2, -2147483648, 2147483647, 0, 0, 1)],
        *[(f"setACL version {v}", xids(7, text("/v") + OPEN + i32(v))) for v in (-2, 2147483647, 0, 0, 1)],
        *[(f"delete version {v}", xids(2, text("/v") + i32(v))) for v in (-2, 0, 2147483647, 2)]])
    # watches
    xids = x()
    yield Case("watch requests", "odd types and modes", [
        *[(f"addWatch mode {m}", xids(106, text("/") + i32(m))) for m in (0, 1, 2, -1)],
        *[(f"checkWatches type {t}", xids(17, text("/") + i32(t))) for t in (1, 2, 3, 4, 0, -1)],
        *[(f"removeWatches type {t}", xids(18, text("/") + i32(t))) for t in (4, 0, -1, 1, 2, 3, 3)]])
    xids = x()
    watched = ["/", "/missing", "/zookeeper"]
    vector = i32(3) + b"".join(text(p) for p in watched)
    yield Case("setWatches", "relative zxids against a new server (its last zxid is 1)", [
        (f"relativeZxid {z}", xids(101, i64(z) + vector * 3)) for z in (0, 1, -1, 99, 2**63 - 1, -2**63)])
    xids = x()
    yield Case("setWatches2", "the same", [(f"relativeZxid {z}", xids(105, i64(z) + vector * 5)) for z in (0, 1, -1, 99)])
    yield Case("setWatches with bad paths", "and then a create", [("setWatches", x()(101, i64(0) + i32(3) + text("a") + text("") + text("/a/") + i32(0) + i32(0)))])
    # multi
    a, check = create("/m", b"1"), text("/") + i32(0)
    bodies = [
        ("no end", op(1, create("/m1"))), ("empty", END), ("nothing", b""), ("bytes after the end", op(1, create("/m2")) + END + b"\1\2\3"),
        ("header err 5", i32(1) + b"\0" + i32(5) + create("/m3") + END), ("done with a type", op(1, create("/m4")) + i32(1) + b"\1" + i32(0)),
        ("done byte 2", op(1, create("/m5")) + i32(-1) + b"\2" + i32(-1)), ("create2", op(15, create("/m6")) + END),
        ("container", op(19, create("/m7", flags=4)) + END), ("container with flags 0", op(19, create("/m8")) + END),
        ("ttl", op(21, create("/m9", flags=5) + i64(1000)) + END), ("check twice", op(13, check) + op(13, check) + END),
        ("check fails", op(13, text("/") + i32(9)) + op(1, create("/m10")) + END),
        ("bad path in the middle", op(1, create("/m11")) + op(1, create("bad")) + op(1, create("/m12")) + END),
        ("null path", op(2, text(None) + i32(-1)) + END), ("empty path check", op(13, text("") + i32(-1)) + END),
        ("acl null", op(1, create("/m13", acls=i32(-1))) + END), ("acl empty", op(1, create("/m14", acls=i32(0))) + END),
        ("reads in a multi", op(4, text("/") + b"\0") + END), ("read and write", op(4, text("/") + b"\0") + op(1, create("/m15")) + END),
        ("exists", op(3, text("/") + b"\0") + END), ("nested multi", op(14, END) + END), ("createSession", op(-10, i32(1000)) + END),
        ("closeSession", op(-11, b"") + END), ("setACL", op(7, text("/") + OPEN + i32(-1)) + END), ("sync", op(9, text("/")) + END),
        ("error", op(-1, i32(0)) + END), ("type 99", op(99, b"") + END), ("delete /", op(2, text("/") + i32(-1)) + END),
        ("flags 9", op(1, create("/m16", flags=9)) + END), ("cut in a create", op(1, create("/m17")[:7])),
    ]
    yield Case("multi", "odd bodies", several(14, bodies))
    yield Case("multi, extended types on", "odd bodies", several(14, [b for b in bodies if b[0] in ("container with flags 0", "ttl")]), ["extendedTypesEnabled=true"])
    yield Case("multiRead", "odd bodies", several(22, [
        ("empty", END), ("watch set", op(4, text("/") + b"\1") + END), ("write", op(1, create("/r")) + END), ("exists", op(3, text("/") + b"\0") + END),
        ("getChildren2", op(12, text("/") + b"\0") + END), ("missing", op(4, text("/no") + b"\0") + op(8, text("/no") + b"\0") + op(4, text("/") + b"\0") + END),
        ("bad path", op(4, text("x") + b"\0") + END), ("null path", op(4, text(None) + b"\0") + END), ("no end", op(4, text("/") + b"\0"))]))
    # zookeeper's own znodes, reconfig, sasl
    xids = x()
    yield Case("reconfig", "disabled", [(label, xids(16, body)) for label, body in [
        ("nulls", text(None) * 3 + i64(-1)), ("empty", text("") * 3 + i64(0)), ("members", text(None) * 2 + text("server.1=a:1:2;3") + i64(-1))]])
    xids = x()
    yield Case("sasl", "no SASL is configured", [("token empty", xids(102, buf(b""))), ("token", xids(102, buf(b"abc"))), ("token null", xids(102, buf(None)))])
    xids = x()
    yield Case("quota znodes", "written by hand", [("limits of nothing", xids(1, create("/zookeeper/quota/x"))),
               ("limits", xids(1, create("/zookeeper/quota/x/zookeeper_limits", b"garbage"))),
               ("stats", xids(1, create("/zookeeper/quota/x/zookeeper_stats", b"garbage"))),
               ("the znode", xids(1, create("/x", b"1"))), ("a child", xids(1, create("/x/y", b"1"))), ("setData", xids(5, text("/x") + buf(b"22") + i32(-1)))])
    # the sequence counter
    xids = x()
    yield Case("sequential names", "odd paths", [("/", xids(1, create("/", flags=2))), ("/a/ below a missing", xids(1, create("/a/", flags=2))),
               ("/a", xids(1, create("/a"))), ("/a/", xids(1, create("/a/", flags=2))), ("/a/b/", xids(1, create("/a/b/", flags=2))), ("//", xids(1, create("//", flags=2)))])


def main():
    only = os.environ.get("CAPTURE_ONLY", "")
    cases = [case for case in generate() if case.name.startswith(only)]
    done = []
    lock = threading.Lock()

    def work(case):
        rows = run(case)
        with lock:
            done.append(case)
            print(f"  {len(done)}/{len(cases)} {case.name}: {len(rows)}", file=sys.stderr)
        return rows

    with ThreadPoolExecutor(2) as pool:
        rows = [row for found in pool.map(work, cases) for row in found]
    with open(sys.argv[1], "w") as out:
        out.write("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")


if __name__ == "__main__":
    main()
