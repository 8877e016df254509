"""Starts Apache servers, alone or as an ensemble, each in a process of its own, on loopback."""

import os
import random
import shutil
import socket
import subprocess
import tempfile
import time


def free_port():
    """Below the range from which the kernel takes clients' ports."""
    while True:
        port = random.randint(20000, 31000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


class Server:
    def __init__(self, *settings, myid=None):
        self.home = tempfile.mkdtemp(prefix="capture")
        if myid is not None:
            os.mkdir(f"{self.home}/data")
            with open(f"{self.home}/data/myid", "w") as file:
                file.write(f"{myid}\n")
        self.port = free_port()
        lines = ["tickTime=2000", f"dataDir={self.home}/data", f"clientPort={self.port}",
                 "clientPortAddress=127.0.0.1", "admin.enableServer=false", "maxClientCnxns=0"]
        if not any(line.startswith("4lw") for line in settings):
            lines.append("4lw.commands.whitelist=*")
        with open(f"{self.home}/zoo.cfg", "w") as config:
            config.write("\n".join([*lines, *settings]) + "\n")
        self.out = open(f"{self.home}/out", "w")
        self.process = subprocess.Popen(
            ["java", "-Xmx200m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto",
             "-cp", os.environ["CAPTURE_CLASSPATH"],
             "org.apache.zookeeper.server.quorum.QuorumPeerMain", f"{self.home}/zoo.cfg"],
            stdout=self.out, stderr=subprocess.STDOUT)
        # A member of an ensemble serves when others have come, too.
        if myid is None:
            self.wait()

    def wait(self):
        until = time.monotonic() + 60
        while not self.serves():
            if self.process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(open(f"{self.home}/out").read())
            time.sleep(0.05)

    def word(self, word):
        try:
            with socket.create_connection(("127.0.0.1", self.port), 5) as link:
                link.sendall(word if isinstance(word, bytes) else word.encode())
                text = b""
                while chunk := link.recv(65536):
                    text += chunk
                return text.decode()
        except OSError:
            return ""

    def serves(self):
        return self.word("isro").strip() in ("rw", "ro")

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.out.close()
        shutil.rmtree(self.home)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
