"""Writes words.json: the texts of the four-letter words of a server in use."""

import json
import os
import socket
import sys

from apacheServer import Server
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
    with open(sys.argv[1], "w") as out:
        out.write("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")


main()
