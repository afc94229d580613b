"""
A client of 2.x with a label, for tests of the pages: says which content it gets of a config, each time it is told to by a
line::

    python labelled.py <address> <token> <dataId> <label> <value>
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[2]))

from tests.system.grpcclient import GrpcClient  # noqa: E402


class Place:
    """Where a node is."""

    def __init__(self, address: str) -> None:
        self.host, _, port = address.rpartition(":")
        self.port = int(port)


address, token, data_id, label, value = sys.argv[1:]
client = GrpcClient(Place(address), token=token, labels={"module": "config", f"app_{label}": value})  # type: ignore[arg-type]
print("connected", flush=True)
for _ in sys.stdin:
    found = client.ask("ConfigQueryRequest", {"dataId": data_id, "group": "DEFAULT_GROUP", "tenant": ""})
    print("gets", found.get("content"), flush=True)
