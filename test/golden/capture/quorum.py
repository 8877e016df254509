"""Records what four Apache servers say to each other, through relays: quorum.py FOLDER."""

import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

from kazoo.client import KazooClient

from apacheServer import free_port

NAMES = {1: "REQUEST", 2: "PROPOSAL", 3: "ACK", 4: "COMMIT", 5: "PING", 6: "REVALIDATE", 7: "SYNC",
         8: "INFORM", 10: "NEWLEADER", 11: "FOLLOWERINFO", 12: "UPTODATE", 13: "DIFF", 14: "TRUNC",
         15: "SNAP", 16: "OBSERVERINFO", 17: "LEADERINFO", 18: "ACKEPOCH"}
SIGNATURE = b"\x00\x00\x00\x0aBenWasHere"


def packet(data):
    """Length of the packet at the beginning, None while it is not whole."""
    def blob(at):
        if len(data) < at + 4:
            return None
        end = at + 4 + max(0, struct.unpack_from(">i", data, at)[0])
        return end if len(data) >= end else None
    at = blob(12)
    if at is None or len(data) < at + 4:
        return None
    count = struct.unpack_from(">i", data, at)[0]
    at += 4
    for _ in range(max(0, count) * 2):
        at = blob(at)
        if at is None:
            return None
    return at


class Talk:
    """The rows of one connection."""

    def __init__(self, kind, target):
        self.kind, self.target, self.rows, self.lock = kind, target, [], threading.Lock()
        self.left = {"in": b"", "out": b""}
        self.isGreeted = self.isSnapshot = False

    def add(self, side, data):
        with self.lock:
            self.left[side] += data
            while True:
                found = self.learner(side) if self.kind == "quorum" else self.election(side)
                if found is None:
                    return
                what, length = found
                self.rows.append({"from": side, "what": what, "hex": self.left[side][:length].hex()})
                self.left[side] = self.left[side][length:]

    def learner(self, side):
        data = self.left[side]
        if self.isSnapshot and side == "out":
            end = data.find(SIGNATURE)
            if end < 0:
                return None
            self.isSnapshot = False
            return "snapshot", end + len(SIGNATURE)
        length = packet(data)
        if length is None:
            return None
        name = NAMES[struct.unpack_from(">i", data)[0]]
        self.isSnapshot = self.isSnapshot or name == "SNAP"
        return name, length

    def election(self, side):
        data = self.left[side]
        isGreeting = side == "in" and not self.isGreeted
        at = 16 if isGreeting else 0
        if len(data) < at + 4:
            return None
        end = at + 4 + struct.unpack_from(">i", data, at)[0]
        if len(data) < end:
            return None
        self.isGreeted = self.isGreeted or isGreeting
        return "greeting" if isGreeting else "notification", end


class Relay:
    def __init__(self, kind, target, port):
        self.kind, self.target, self.port = kind, target, port
        self.talks, self.sockets, self.isCut = [], [], False
        self.door = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self.accept, daemon=True).start()

    @property
    def address(self):
        return self.door.getsockname()[1]

    def accept(self):
        while True:
            near, _ = self.door.accept()
            try:
                far = socket.create_connection(("127.0.0.1", self.port))
            except OSError:
                near.close()
                continue
            talk = Talk(self.kind, self.target)
            self.talks.append(talk)
            self.sockets += [near, far]
            for source, sink, side in ((near, far, "in"), (far, near, "out")):
                threading.Thread(target=self.pump, args=(source, sink, side, talk), daemon=True).start()

    def pump(self, source, sink, side, talk):
        try:
            while data := source.recv(65536):
                if self.isCut:
                    continue
                talk.add(side, data)
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class Ensemble:
    def __init__(self):
        self.home = tempfile.mkdtemp(prefix="capture")
        self.ids = (1, 2, 3, 4)
        self.ports = {i: (free_port(), free_port(), free_port()) for i in self.ids}
        self.quorum = {i: Relay("quorum", i, self.ports[i][1]) for i in self.ids}
        self.election = {i: Relay("election", i, self.ports[i][2]) for i in self.ids}
        self.running = {}

    def start(self, me):
        home = f"{self.home}/{me}"
        os.makedirs(f"{home}/data", exist_ok=True)
        with open(f"{home}/data/myid", "w") as file:
            file.write(f"{me}\n")
        lines = ["tickTime=1000", "initLimit=10", "syncLimit=5", f"dataDir={home}/data",
                 "admin.enableServer=false", "4lw.commands.whitelist=*", "maxClientCnxns=0",
                 f"clientPort={self.ports[me][0]}", "clientPortAddress=127.0.0.1"]
        for i in self.ids:
            client, quorum, election = self.ports[i]
            if i != me:
                quorum, election = self.quorum[i].address, self.election[i].address
            role = "observer" if i == 4 else "participant"
            lines.append(f"server.{i}=127.0.0.1:{quorum}:{election}:{role};127.0.0.1:{client}")
        with open(f"{home}/zoo.cfg", "w") as file:
            file.write("\n".join(lines) + "\n")
        with open(f"{home}/out", "a") as out:
            self.running[me] = subprocess.Popen(
                ["java", "-Xmx200m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto",
                 "-cp", os.environ["CAPTURE_CLASSPATH"],
                 "org.apache.zookeeper.server.quorum.QuorumPeerMain", f"{home}/zoo.cfg"],
                stdout=out, stderr=subprocess.STDOUT)

    def kill(self, me):
        self.running[me].kill()
        self.running.pop(me).wait()

    def mode(self, me):
        try:
            with socket.create_connection(("127.0.0.1", self.ports[me][0]), 5) as link:
                link.sendall(b"srvr")
                text = b""
                while chunk := link.recv(65536):
                    text += chunk
        except OSError:
            return None
        return text.partition(b"Mode: ")[2].split(b"\n")[0].decode() or None

    def wait(self, **modes):
        until = time.monotonic() + 90
        for name, mode in modes.items():
            while self.mode(int(name[1:])) != mode:
                if time.monotonic() > until:
                    raise RuntimeError(f"{name} is no {mode}")
                time.sleep(0.1)

    def client(self, me, **options):
        client = KazooClient(f"127.0.0.1:{self.ports[me][0]}", timeout=10, **options)
        client.start(30)
        return client

    def stop(self):
        for me in list(self.running):
            self.kill(me)
        shutil.rmtree(self.home)


def last(relay, learner):
    """The newest conversation of a learner with the leader behind a relay."""
    for talk in reversed(relay.talks):
        if talk.rows and int(talk.rows[0]["hex"][32:48], 16) == learner:
            return talk
    raise RuntimeError(f"{learner} never spoke")


def main(folder):
    servers = Ensemble()
    kept = []

    def keep(name, leader, learner):
        talk = last(servers.quorum[leader], learner)
        with talk.lock:
            rows = [dict(row, **{"from": "learner" if row["from"] == "in" else "leader"})
                    for row in talk.rows]
        kept.append({"name": name, "leader": leader, "learner": learner, "rows": rows})

    try:
        servers.start(1)
        servers.start(2)
        servers.wait(s1="follower", s2="leader")
        follower = servers.client(1, auth_data=[("digest", "me:secret")])
        follower.create("/a", b"one")
        follower.create("/a/ephemeral", b"", ephemeral=True)
        follower.create("/a/secret", b"mine", acl=follower_acl())
        follower.set("/a", b"two")
        follower.sync("/a")
        leading = servers.client(2)
        moved = servers.client(1, client_id=leading.client_id)
        moved.get("/a")
        time.sleep(1.2)
        keep("requests, proposals, pings, a session that moves, sync", 2, 1)
        servers.start(3)
        servers.start(4)
        servers.wait(s3="follower", s4="observer")
        follower.create("/b", b"x" * 100)
        time.sleep(0.5)
        keep("a new follower", 2, 3)
        keep("a new observer", 2, 4)
        servers.kill(3)
        for i in range(5):
            follower.create(f"/b/{i}", b"later")
        servers.start(3)
        servers.wait(s3="follower")
        time.sleep(0.5)
        keep("a follower that missed a few", 2, 3)
        for client in (follower, moved):
            client.stop()
        # What the leader logs now reaches nobody.
        servers.quorum[2].isCut = True
        lost = leading.create_async("/lost", b"")
        time.sleep(0.7)
        servers.kill(2)
        assert not lost.ready() or lost.exception is not None
        servers.quorum[2].isCut = False
        servers.wait(s3="leader", s1="follower")
        servers.start(2)
        servers.wait(s2="follower")
        servers.client(1).create("/c", b"after")
        time.sleep(0.5)
        keep("a follower that logged what was lost", 3, 2)
        talks = []
        for relay in servers.election.values():
            for talk in relay.talks:
                with talk.lock:
                    rows = talk.rows[:12]
                if not rows:
                    continue
                connector = int(rows[0]["hex"][16:32], 16)
                talks.append({"from": connector, "to": talk.target, "rows": [
                    dict(row, **{"from": connector if row["from"] == "in" else talk.target})
                    for row in rows]})
    finally:
        servers.stop()
    os.makedirs(folder, exist_ok=True)
    for name, value in (("learners", kept), ("elections", talks)):
        with open(f"{folder}/{name}.json", "w") as file:
            json.dump(value, file, indent=1)
            file.write("\n")
    for one in kept:
        print(one["name"], [row["what"] for row in one["rows"]][:14], len(one["rows"]), file=sys.stderr)


def follower_acl():
    from kazoo.security import CREATOR_ALL_ACL
    return CREATOR_ALL_ACL


if __name__ == "__main__":
    main(sys.argv[1])
