"""kazoo's reconfig() against an ensemble: prints what each call came to, a line each.

Arguments: the address of a server, a login of the super user, the line of a server that follows without
a vote, and one of a server that does not run.
"""
import sys

from kazoo.client import KazooClient
from kazoo.exceptions import KazooException

address, login, newcomer, absent = sys.argv[1:]
client = KazooClient(hosts=address, timeout=20, auth_data=[("digest", login)])


def say(what, joining=None, leaving=None, new_members=None, from_config=-1):
    try:
        data, stat = client.reconfig(joining, leaving, new_members, from_config)
        servers = [line for line in data.decode().split("\n") if line.startswith("server.")]
        print(what, stat.version, ",".join(servers), flush=True)
    except KazooException as refused:
        print(what, type(refused).__name__, flush=True)


def own():
    """The line of the server that is asked."""
    data, _ = client.get("/zookeeper/config")
    return data.decode().split("\n")[0]


client.start(20)
say("joins", joining=newcomer)
say("observes", joining=absent.replace("participant", "observer"))
say("leaves", leaving="9")
say("unknown", leaving="77")
say("stale", leaving="9", from_config=5)
say("nonsense", joining="server.9=nonsense")
say("absent", joining=absent, leaving="2")
say("whole", new_members=f"{own()},{newcomer}")
data, stat = client.get("/zookeeper/config")
version = int(data.decode().rsplit("version=", 1)[1], 16)
print("config", version == stat.mzxid, flush=True)
say("conditional", joining=newcomer.replace("participant", "observer"), from_config=version)
client.stop()
client.close()
