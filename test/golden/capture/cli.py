"""Writes cli/*.json: what Apache's zkCli prints, run by command, by script and line by line."""

import json
import os
import select
import subprocess
import sys
import time

from apacheServer import Server, free_port

CLASSPATH = os.environ["CAPTURE_CLASSPATH"]
# jline2 must stand before zookeeper.jar, whose manifest brings jline 1
WITH_JLINE = os.environ["CAPTURE_JLINE"] + ":" + CLASSPATH
# what the commands see and print of the server; the real port is put in on the way
SHOWN = "127.0.0.1:2181"


def command(jline):
    return ["java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto", "-Duser.timezone=UTC",
            "-Duser.language=en", "-Dfile.encoding=UTF-8", "-Dstdout.encoding=UTF-8",
            "-Dlog4j.configuration=" + os.environ["CAPTURE_QUIET"], "-cp", WITH_JLINE if jline else CLASSPATH,
            "org.apache.zookeeper.ZooKeeperMain"]


ENV = {**os.environ, "LC_ALL": "C.UTF-8", "TERM": "xterm"}

ONE_SHOT = """
ls /
ls
ls -s /
ls -R /
ls -w /
ls /nope
ls nope
ls /slash/
ls / true
ls -s / true
ls -x /
create /a
create /a hello
create /b hello
create /a/b data
create /a/null
create /a/empty ""
create /a/words "two words"
create /a/中文 数据
create -s /a/s- x
create -s -e /a/es- x
create -e /e x
create -es /es- x
create /e/child x
create -c /c
create -c /c2 data
create -c -e /c3
create -c -s /c3
create -t 10000 /t x
create -t abc /t x
create -t 10 -e /t x
create -t 10 -c /t x
create /x/y/z data
create noslash
create /slash/
create
create /
create -q /q
create /acl data world:anyone:r
create /acl2 data world:anyone:cdrwa,ip:127.0.0.1:r
create /acl3 data bad
create /acl4 data world:anyone:z
create /acl5 data nosuch:x:r
create /acl6 data auth::cdrwa
create /acl7 data digest:user:5w9W4eL3797Y4Wq8AcKUPPk8ha4=:r
create /acl8 data world:someone:r
create /more one world:anyone:r extra words
create -- /neg -5
create /neg2 -5
ls /
ls -s /a
ls -R /a
get /a
get /b
get -s /b
get -w /b
get /b 1
get -s /b true
get /a/null
get /a/empty
get /a/words
get /a/中文
get /nope
get nope
get
get /acl7
get -s /acl7
stat /b
stat -w /b
stat /nope
stat /e
stat
stat /b true
stat /c
set /b v2
get /b
set -s /b v3
set -v 0 /b x
set -v 2 /b x
set -v abc /b x
set /nope x
set /b
set
set /b d 9
set -s -v 4 /b y
set /acl no
set b x
delete /a/b
delete -v 5 /b
delete -v 5 /a
delete /a
delete /nope
delete /
delete /zookeeper
delete /zookeeper/config
delete
delete /b 7
delete b
create /tree
create /tree/1
create /tree/1/1
create /tree/2
deleteall -b 2 /tree
deleteall /a
deleteall /nope
deleteall
deleteall /
rmr /acl
ls2 /
getAcl /
getAcl -s /
getAcl /acl2
getAcl /acl7
getAcl /nope
getAcl
getAcl /zookeeper/config
create /s
create /s/1
create /s/1/2
create /s/none x world:anyone:r
setAcl /s world:anyone:crwa
setAcl -s /s world:anyone:cdrwa
setAcl -v 9 /s world:anyone:r
setAcl -v 2 /s world:anyone:cdrwa
setAcl -v x /s world:anyone:cdrwa
setAcl -R /s world:anyone:cdra
getAcl /s/1/2
setAcl -R /s world:anyone:cdrwa
setAcl /s bad
setAcl /s world:anyone:q
setAcl /s auth::r
setAcl /s
setAcl /nope world:anyone:r
setAcl /s digest:u:x:cdrwa,world:anyone:r
getAcl /s
addauth digest user:secret
addauth digest
addauth
addauth nosuch x
addWatch /c
addWatch -m PERSISTENT /c
addWatch -m PERSISTENT_RECURSIVE /c
addWatch -m bad /c
addWatch
addWatch /nope
removewatches /c
removewatches -d /c
removewatches -c /nope
removewatches
sync /
sync /nope
sync
whoami
config
config -s
config -c
config -w
config -x
reconfig
reconfig -remove 1
reconfig -add server.5=127.0.0.1:1:2;3
reconfig -members server.5=127.0.0.1:1:2;3
reconfig -remove 1 -members x
create /quota 12
setquota -n 2 /quota
listquota /quota
setquota -b 5 /quota
listquota /quota
setquota -N 3 /quota
setquota -B 10 /quota
listquota /quota
create /quota/1 123456
create /quota/2 1
create /quota/3 1
listquota /quota
setquota -n 2 -b 3 /c
listquota /c
setquota /c
setquota -n x /c
setquota -n 0 /c
setquota -n -1 /c
setquota -n 5 /quota/1
setquota -n 5 /zookeeper/quota
setquota -n 5 /nope
listquota /nope
listquota
delquota -n /quota
listquota /quota
delquota -N -b -B /quota
delquota /quota
delquota /quota
delquota
delquota -n /nope
listquota /quota
getEphemerals
getEphemerals /e
getAllChildrenNumber /
getAllChildrenNumber /quota
getAllChildrenNumber /nope
getAllChildrenNumber
version
history
redo 0
redo 5
redo x
redo
printwatches
printwatches on
printwatches off
connect 127.0.0.1:2181
close
quit
help
help get
nosuch
LS /
exit
#
# comment
""
"""

TYPES_AND_QUOTAS = """
create -t 100000 /t x
create -s -t 100000 /t- x
create -t -5 /t2 x
create -t 0 /t2 x
create -t 1099511627776 /t2 x
stat /t
create /h 12
setquota -B 5 /h
setquota -N 2 /h
set /h 123456
set /h 12345
create /h/1
create /h/2
listquota /h
"""

LINES = """
ls /
create /w 1
get -w /w
set /w 2
set /w 3
get /w true
set /w 4
get /w false
delete /w
stat -w /w
create /w 5
ls -w /w
create /w/a
ls /w true
create /w/b
create -e -s /w/e- x
ls /w
addWatch /w
create /w/c
set /w/c x
delete /w/c
addWatch -m PERSISTENT /w
removewatches /w
removewatches -a /w
get -w /w
removewatches -d /w
ls -w /w
removewatches -c /w
removewatches -l /w
getEphemerals
getEphemerals /w
whoami
addauth digest user:secret
whoami
create /mine x auth::cdrwa
getAcl /mine
get /mine
printwatches off
printwatches
get -w /w
set /w 6
printwatches on
set /q "hello world"
create /q "a b" world:anyone:cdrwa
get /q
set /q 'a "b" c'
get /q
set /q un"quo"ted
get /q
set /q {"a":1}
get /q
set /q "esc \\" aped"
get /q
set /q "unterminated
get /q
set /q "a" "b"
get /q
set /q ""
get /q
set /q a\\b\\n\\x41
get /q
set /q hello!world
get /q
  ls   /w
create /neg -5
# comment
nosuch
help
config
sync /w
redo 999
connect 127.0.0.1:2181
ls /
close
ls /
ls
nosuch
connect 127.0.0.1:2181
ls /w
addauth nosuch x
ls /
connect 127.0.0.1:2181
deleteall /w
quit
"""

SCRIPTS = [
    ["create /nocreate/x 1", "", "# comment", "ls /"],
    ["ls /", "create /p x", "get /p", "quit"],
    ["ls /", "get /nope"],
    ["get /nope", "ls /"],
    ["nosuch"],
    ["ls"],
    [],
    [""],
    ["", "", "ls /", ""],
    ["create -e /gone x"],
    ["ls /", "get /p", "history", "redo 0", "redo 1", "redo 4", "history", "quit"],
    [*[f"get /p {i}" for i in range(14)], "history"],
    ["redo x", "ls /"],
    ["set -v abc /p x", "ls /"],
    ["quit", "ls /"],
    ["get -w /p", "set /p y", "set /p z"],
    ["stat /master true", "create -e /master \"master1.example.com:2223\"", "create -e /master \"master2.example.com:2223\"", "get /master", "quit"],
    ["create /workers \"\"", "create /tasks \"\"", "create /assign \"\"", "ls /", "ls /workers true", "ls /tasks true",
     "create -e /workers/worker1.example.com \"worker1.example.com:2224\"", "create -s /tasks/task- \"cmd\"",
     "ls /tasks/task-0000000000 true", "create /tasks/task-0000000000/status \"done\"", "get /tasks/task-0000000000",
     "get /tasks/task-0000000000/status", "ls /tasks", "ls /workers", "quit"],
]


def words(line):
    """As a shell would split a line of ONE_SHOT: only "..." groups."""
    found, rest = [], line
    while rest := rest.strip(" "):
        if rest.startswith('"'):
            word, _, rest = rest[1:].partition('"')
        else:
            word, _, rest = rest.partition(" ")
        found.append(word)
    return found


def one_shot(server, args, jline=False):
    real = f"127.0.0.1:{server.port if server else free_port()}"
    given = [arg.replace(SHOWN, real) for arg in args]
    result = subprocess.run([*command(jline), *given], env=ENV, stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    clean = [text.decode().replace(real, SHOWN) for text in (result.stdout, result.stderr)]
    print(f"  {args}: {result.returncode}", file=sys.stderr)
    return {"args": args, "stdout": clean[0], "stderr": clean[1], "exit": result.returncode}


def script(server, lines, jline):
    real = f"127.0.0.1:{server.port}"
    text = "".join(line + "\n" for line in lines).replace(SHOWN, real)
    args = ["-server", SHOWN, "-waitforconnection"]
    result = subprocess.run([*command(jline), "-server", real, "-waitforconnection"], env=ENV, input=text.encode(), capture_output=True, timeout=60)
    clean = [out.decode().replace(real, SHOWN) for out in (result.stdout, result.stderr)]
    return {"args": args, "jline": jline, "lines": lines, "stdout": clean[0], "stderr": clean[1], "exit": result.returncode}


class Shell:
    """A shell without JLine, given one line at a time; `printwatches` marks where its output ends."""

    def __init__(self, server):
        self.real = f"127.0.0.1:{server.port}"
        self.process = subprocess.Popen([*command(False), "-server", self.real, "-waitforconnection"], env=ENV,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.texts = {self.process.stdout: b"", self.process.stderr: b""}

    def pump(self, wait):
        found = False
        for stream in select.select([s for s in self.texts], [], [], wait)[0]:
            chunk = os.read(stream.fileno(), 65536)
            self.texts[stream] += chunk
            found = found or chunk != b""
        return found

    def take(self):
        both = [text.decode().replace(self.real, SHOWN) for text in self.texts.values()]
        self.texts = {stream: b"" for stream in self.texts}
        return both

    def line(self, text):
        self.process.stdin.write(text.replace(SHOWN, self.real).encode() + b"\nprintwatches\n")
        self.process.stdin.flush()
        until = time.monotonic() + 20
        while b"printwatches is " not in self.texts[self.process.stdout] or text == "printwatches" and \
                self.texts[self.process.stdout].count(b"printwatches is ") < 2:
            # close leaves a dead session, in which printwatches still answers
            if not self.pump(0.5) and self.process.poll() is not None or time.monotonic() > until:
                break
        while self.pump(0.15):
            pass
        out, err = self.take()
        # the marker itself, and "Not connected" that follows it in a closed session
        head, marker, tail = out.rpartition("printwatches is ")
        if marker:
            tail = tail.partition("\n")[2]
            out = head + ("" if tail == "Not connected\n" else tail)
        return {"line": text, "stdout": out, "stderr": err}


def by_line(server):
    shell = Shell(server)
    rows = [shell.line("printwatches")]
    for line in LINES.strip("\n").split("\n"):
        rows.append(shell.line(line))
        print(f"  {line}", file=sys.stderr)
    code = shell.process.wait(20)
    return [*rows, {"line": None, "stdout": "", "stderr": "", "exit": code}]


def write(folder, name, rows):
    with open(f"{folder}/{name}.json", "w") as out:
        out.write("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")


def lines():
    with Server() as server:
        return by_line(server)


def scripts():
    rows = []
    for jline in (False, True):
        with Server() as server:
            rows += [script(server, typed, jline) for typed in SCRIPTS]
    return rows


def main():
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    if "CAPTURE_ONLY" in os.environ:
        parts = {"scripts": scripts, "lines": lines}
        return write(folder, os.environ["CAPTURE_ONLY"], parts[os.environ["CAPTURE_ONLY"]]())
    split = [words(line) for line in ONE_SHOT.strip("\n").split("\n")]
    with Server() as server:
        rows = [one_shot(server, ["-server", SHOWN, *args]) for args in split]
        write(folder, "oneShot", rows)
        others = [["-server", SHOWN, "-timeout", "5000", "ls", "/"], ["-server", SHOWN, "-r", "ls", "/"],
                  ["-server", SHOWN, "-waitforconnection", "ls", "/"], ["-server", SHOWN, "-nosuch", "ls", "/"],
                  ["-server", SHOWN + "/s", "ls", "/"], ["-server", SHOWN + "/nochroot", "ls", "/"],
                  ["-server", SHOWN + "/s", "create", "/s2"], ["-server", SHOWN + "/", "ls", "/"],
                  ["-server", f"{SHOWN},{SHOWN}", "ls", "/"],
                  ["-server"], ["-timeout"], ["-timeout", "abc", "-server", SHOWN, "ls", "/"], ["-client-configuration", "/nosuch", "-server", SHOWN, "ls", "/"]]
        rows = [one_shot(server, args) for args in others if args not in (["-server"], ["-timeout"])]
        rows += [one_shot(None, ["-server", SHOWN, "-timeout", "2000", "ls", "/"]),
                 one_shot(None, ["-server", SHOWN, "-waitforconnection", "-timeout", "2000", "ls", "/"])]
        write(folder, "options", rows)
    with Server("extendedTypesEnabled=true", "enforceQuota=true") as server:
        split = [words(line) for line in TYPES_AND_QUOTAS.strip("\n").split("\n")]
        write(folder, "typesAndQuotas", [one_shot(server, ["-server", SHOWN, *args]) for args in split])
    write(folder, "lines", lines())
    write(folder, "scripts", scripts())


if __name__ == "__main__":
    main()
