"""Writes words.json: the texts of the four-letter words of a server in use."""

import json
import os
import socket
import sys

from apacheServer import Server, free_port
from rawFrames import Connection, OPEN, connect, create, frame, i32, text

WORDS = ["ruok", "srvr", "stat", "mntr", "conf", "cons", "envi", "isro", "wchs", "wchc", "wchp", "dump", "dirs",
         "hash", "gtmk", "crst", "srst", "cons", "srvr", "stmk", "gtmk"]


def ask(server, word):
    """The text, without what is of the machine that made it: folders, ports of servers, jars."""
    shown = asked(server, word).replace(server.home, "/zk").replace(f"={server.port}\n", "=2181\n")
    shown = shown.replace(os.getcwd(), "/zk").replace(os.environ["CAPTURE_CLASSPATH"], "zookeeper.jar")
    return shown


def asked(server, word):
    if word != "stmk":
        return server.word(word)
    with socket.create_connection(("127.0.0.1", server.port), 5) as link:
        link.sendall(b"stmk" + (0b1010).to_bytes(8, "big"))
        reply = b""
        while chunk := link.recv(65536):
            reply += chunk
        return reply.decode()


def requests(link, *bodies):
    for body in bodies:
        link.send(frame(body))
        link.replies(False)


def ensemble():
    """Three that vote and an observer, all with the same three writes behind them; leader, follower and observer asked."""
    ports = {i: (free_port(), free_port()) for i in (1, 2, 3, 4)}
    lines = [f"server.{i}=127.0.0.1:{peers}:{elections}" for i, (peers, elections) in ports.items()]
    lines[3] += ":observer"
    servers = [Server("initLimit=10", "syncLimit=5", *lines, myid=i) for i in ports]
    for server in servers:
        server.wait()
    leader = next(server for server in servers if "Mode: leader" in server.word("srvr"))
    link = Connection(leader.port)
    link.send(connect(30000))
    link.replies(False)
    requests(link, i32(1) + i32(1) + create("/app", b"data"), i32(2) + i32(1) + create("/app/e1", b"", OPEN, 1))
    for server in servers:
        while "Node count: 7" not in server.word("srvr"):
            pass
    rows = []
    for server in (leader, next(one for one in servers[:3] if one is not leader), servers[3]):
        words = {word: ask(server, word) for word in ("srvr", "stat", "mntr", "conf", "isro")}
        for i, (peers, elections) in ports.items():
            words["conf"] = words["conf"].replace(f":{peers}:{elections}", f":288{i}:388{i}")
            words["conf"] = words["conf"].replace(f"={peers}\n", f"=288{i}\n").replace(f"={elections}\n", f"=388{i}\n")
        mode = words["srvr"].split("Mode: ")[1].split("\n")[0]
        rows.append({"state": f"{mode} of three that vote and an observer, two znodes written", "words": words})
    link.link.close()
    for server in servers:
        server.stop()
    return rows


def main():
    rows = []
    with Server() as server:
        rows.append({"state": "fresh", "words": {word: ask(server, word) for word in WORDS[:14]}})
        links = []
        for timeout in (30000, 20000, 4000):
            link = Connection(server.port)
            link.send(connect(timeout))
            link.replies(False)
            links.append(link)
        first, second, _ = links
        requests(first, i32(1) + i32(1) + create("/app", b"data"), i32(2) + i32(1) + create("/app/e1", b"", OPEN, 1),
                 i32(3) + i32(1) + create("/app/e2", b"", OPEN, 3), i32(4) + i32(4) + text("/app") + b"\1",
                 i32(5) + i32(8) + text("/app") + b"\1", i32(6) + i32(3) + text("/missing") + b"\1")
        requests(second, i32(1) + i32(1) + create("/e3", b"x", OPEN, 1), i32(2) + i32(4) + text("/app") + b"\1",
                 i32(3) + i32(106) + text("/app") + i32(1), i32(4) + i32(4) + text("/nope") + b"\0",
                 i32(-4) + i32(100) + i32(0) + text("digest") + i32(3) + b"a:b")
        rows.append({"state": "three sessions, three ephemerals, watches; asked one after another",
                     "words": [{"word": word, "text": ask(server, word)} for word in WORDS]})
        rows.append({"state": "odd spellings", "words": [{"word": word, "text": ask(server, word)} for word in ("ruok\n", "mntr ", "srvr\r\n", "RUOK", "help", "kill", "reqs")]})
        for link in links:
            link.link.close()
    with Server("4lw.commands.whitelist=srvr, isro") as server:
        rows.append({"state": "4lw.commands.whitelist=srvr, isro",
                     "words": [{"word": word, "text": ask(server, word)} for word in dict.fromkeys(WORDS)]})
    with Server("4lw.commands.whitelist=srvr,isro,wchs,dump,cons,conf,mntr", "extendedTypesEnabled=true", "snapCount=500", "maxSessionTimeout=60000",
                "minSessionTimeout=1000", "globalOutstandingLimit=7") as server:
        rows.append({"state": "more settings", "words": [{"word": word, "text": ask(server, word)} for word in ("conf", "wchs", "dump", "cons")]})
    rows += ensemble()
    with open(sys.argv[1], "w") as out:
        out.write("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")


main()
