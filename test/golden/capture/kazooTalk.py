"""Says to a server what python3-kazoo's users say; the recording proxy listens."""

import sys

from kazoo.client import KazooClient
from kazoo.exceptions import BadArgumentsError, BadVersionError, NoNodeError, NotEmptyError

client = KazooClient(hosts=sys.argv[1], timeout=10.0)
client.start()
client.ensure_path("/app/list")
client.create("/app/\u2603", "\U0001f680".encode(), include_data=True)
client.create("/app/node-", b"1", ephemeral=True, sequence=True)
print(client.get("/app/\u2603"), client.get_children("/app", include_data=True))
client.exists("/none", watch=lambda event: None)
client.create("/none", b"")
client.set("/app/list", b"x", version=0)
client.get_acls("/app")
client.add_auth("digest", "user:secret")
client.sync("/app")
transaction = client.transaction()
transaction.check("/app", 0)
transaction.create("/app/t", b"t")
transaction.set_data("/app/t", b"u")
transaction.delete("/app/t")
print(transaction.commit())
transaction = client.transaction()
transaction.create("/app/t")
transaction.delete("/missing")
print(transaction.commit())
for error, call in [
    (BadArgumentsError, lambda: client.create("/app/\U0001f680")),
    (NoNodeError, lambda: client.get("/missing")),
    (BadVersionError, lambda: client.set("/app", b"", version=9)),
    (NotEmptyError, lambda: client.delete("/app")),
]:
    try:
        call()
    except error:
        continue
    raise SystemExit(f"expected {error}")
client.delete("/app", recursive=True)
client.stop()
client.close()
