"""
An application with Nacos's own Python client, for tests of the pages: registers an instance, and takes it back when told
to by a line::

    python sdk.py <address> <user> <password> <service> <ip>
"""

import sys
import tempfile

import nacos  # type: ignore[import-untyped]

address, user, password, service, ip = sys.argv[1:]
with tempfile.TemporaryDirectory() as logs:
    client = nacos.NacosClient(address, namespace="", username=user, password=password, logDir=logs)
    client.add_naming_instance(service, ip, 8080, cluster_name="DEFAULT", metadata={"by": "sdk"}, heartbeat_interval=5)
    print("registered", flush=True)
    sys.stdin.readline()
    client.remove_naming_instance(service, ip, 8080, cluster_name="DEFAULT")
    print("removed", flush=True)
