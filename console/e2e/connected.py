"""
A client of 2.x on a connection of its own, for tests of the pages: registers an instance, and when told to by a line says
to which port it was asked to go::

    python connected.py <address> <token> <service> <application>
"""

import pathlib
import re
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[2]))

from tests.system.grpcclient import GrpcClient  # noqa: E402


class Place:
    """Where a node is."""

    def __init__(self, address: str) -> None:
        self.host, _, port = address.rpartition(":")
        self.port = int(port)


address, token, service, application = sys.argv[1:]
labels = {"AppName": application, "zone": "hz"}
client = GrpcClient(Place(address), token=token, labels=labels)  # type: ignore[arg-type]
assert client.register(service, "10.0.0.7")["success"]
print("registered", flush=True)
sys.stdin.readline()
while b"ConnectResetRequest" not in client.pushed():
    client.ask("HealthCheckRequest", {})
    time.sleep(0.05)
found = re.search(rb'"serverPort":"?([0-9]+)', client.pushed())
assert found is not None, client.pushed()
print("asked to go to", found[1].decode(), flush=True)
