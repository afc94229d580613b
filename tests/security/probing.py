"""Every route with parameters that it takes, and the node that the break-ins are played against."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from twisted.internet import reactor

from nacos_tw.service import NacosNode
from nacos_tw.settings.settings import load
from tests.access.doors import GIVEN
from tests.system.config_nodes import ConfigCase, shared_configs
from tests.system.nodes import RealNode

INSTANCE = {
    "serviceName": "s", "groupName": "g", "namespaceId": "public", "ip": "10.0.0.1", "port": "80", "clusterName": "c",
    "clusters": "c", "weight": "1", "enabled": "true", "healthy": "true", "ephemeral": "true", "metadata": "a=b",
    "app": "a", "healthyOnly": "false", "udpPort": "0", "clientIP": "10.0.0.1", "dom": "s",
}  # fmt: skip
SERVICE = {
    "serviceName": "s", "groupName": "g", "namespaceId": "public", "protectThreshold": "0", "metadata": "a=b",
    "selector": '{"type":"none"}', "pageNo": "1", "pageSize": "10", "expr": "s", "aggregation": "false",
}  # fmt: skip
CONFIG = {"dataId": "d", "group": "g", "tenant": "t", "tag": "x"}
SEARCH = {
    "dataId": "d", "group": "g", "tenant": "t", "appName": "a", "config_tags": "l,m", "types": "text,json",
    "pageNo": "1", "pageSize": "10",
}  # fmt: skip
PUBLISHED = {
    **CONFIG, "content": "c", "type": "text", "desc": "d", "use": "u", "effect": "e", "schema": "s",
    "config_tags": "l,m", "appName": "a", "src_user": "u", "encryptedDataKey": "k",
}  # fmt: skip
PAGES = {"pageNo": "1", "pageSize": "10"}
ACCOUNT = {"username": "probe", "password": "probe-password", "role": "r", "resource": "public:*:*", "action": "r"}
CATALOG = {
    "namespaceId": "public", "serviceName": "g@@s", "groupName": "g", "clusterName": "c", "serviceNameParam": "s",
    "groupNameParam": "g", "hasIpCount": "false", "withInstances": "true", **PAGES,
}  # fmt: skip

Probe = tuple[str, str, dict[str, str]]


def _naming() -> Iterator[Probe]:
    for path in ("/v1/ns/instance", "/v1/ns/api"):
        for method in ("POST", "DELETE", "PUT", "PATCH", "GET"):
            yield method, path, INSTANCE
        yield "GET", f"{path}/list", INSTANCE
        yield "PUT", f"{path}/beat", {**INSTANCE, "beat": '{"ip":"10.0.0.1","port":80,"serviceName":"g@@s"}'}
        for method in ("PUT", "DELETE"):
            batch = {**INSTANCE, "instances": '[{"ip":"10.0.0.1","port":80}]', "consistencyType": "ephemeral"}
            yield method, f"{path}/metadata/batch", batch
        yield "GET", f"{path}/statuses", {"key": "public##g@@s"}
    for path in ("srvIPXT", "clientBeat"):
        yield "GET", f"/v1/ns/api/{path}", INSTANCE
    for method in ("POST", "PUT", "DELETE", "GET"):
        yield method, "/v1/ns/service", SERVICE
    for path in ("list", "names", "subscribers"):
        yield "GET", f"/v1/ns/service/{path}", SERVICE
    yield "PUT", "/v1/ns/service/checksum", SERVICE
    cluster = {"checkPort": "80", "useInstancePort4Check": "true", "healthChecker": '{"type":"TCP"}'}
    yield "PUT", "/v1/ns/cluster", {**INSTANCE, **cluster}
    for path in ("/v1/ns/health", "/v1/ns/health/instance"):
        yield "PUT", path, {**INSTANCE, "valid": "true"}
    for path in ("services", "service", "instances", "rt/service"):
        yield "GET", f"/v1/ns/catalog/{path}", CATALOG
    for path in ("/v1/ns/operator", "/v1/ns/ops"):
        yield "GET", f"{path}/metrics", {"onlyStatus": "true"}
        yield "PUT", f"{path}/switches", {"entry": "pushEnabled", "value": "true", "debug": "true"}
        yield "GET", f"{path}/push/state", {"detail": "true", "reset": "false"}
        yield "GET", f"{path}/servers", {"healthy": "true"}
        yield "GET", f"{path}/distro/server", SERVICE
        yield "GET", f"{path}/distro/client", {"ip": "10.0.0.1", "port": "80"}
        yield "GET", f"{path}/server/status", {"serverStatus": "127.0.0.1:8848#1#1#1"}
        yield "PUT", f"{path}/log", {"logName": "naming-main", "logLevel": "INFO"}
    yield "GET", "/v1/ns/raft/datum", {"keys": "com.alibaba.nacos.naming.domains.meta.public##g@@s"}
    yield "GET", "/v1/ns/distro/datum", {"keys": "com.alibaba.nacos.naming.iplist.ephemeral.public##g@@s"}


def _configs() -> Iterator[Probe]:
    configs = "/v1/cs/configs"
    yield "GET", configs, CONFIG
    yield "GET", configs, {**CONFIG, "show": "all"}
    yield "GET", configs, {**CONFIG, "beta": "true"}
    for kind in ("accurate", "blur"):
        yield "GET", configs, {**SEARCH, "search": kind}
    for kind in ("export", "exportV2"):
        yield "GET", configs, {**SEARCH, kind: "true", "ids": ""}
    yield "POST", configs, PUBLISHED
    yield "POST", configs, {"import": "true", "namespace": "t", "policy": "ABORT"}
    yield "POST", configs, {"clone": "true", "tenant": "t", "policy": "ABORT", "src_user": "u"}
    yield "DELETE", configs, CONFIG
    yield "DELETE", configs, {**CONFIG, "beta": "true"}
    yield "DELETE", configs, {"delType": "ids", "ids": "1,2"}
    yield "GET", f"{configs}/catalog", CONFIG
    yield "POST", f"{configs}/listener", {"Listening-Configs": "d\x02g\x02x\x02t\x01"}
    yield "GET", f"{configs}/listener", {**CONFIG, "sampleTime": "1"}
    yield "GET", "/v1/cs/listener", {"ip": "10.0.0.1", "all": "true", "tenant": "t", "sampleTime": "1"}
    yield "GET", "/v1/cs/history", {**CONFIG, "search": "accurate", **PAGES}
    yield "GET", "/v1/cs/history", {**CONFIG, "nid": "1"}
    yield "GET", "/v1/cs/history/previous", {**CONFIG, "id": "1"}
    yield "GET", "/v1/cs/history/configs", {"tenant": "t"}
    for method in ("GET", "POST"):
        for name in ("group", "tenant"):
            sizes = {"quota": "10", "maxSize": "1000", "maxAggrCount": "1", "maxAggrSize": "1"}
            yield method, "/v1/cs/capacity", {name: "x", **sizes}
    yield "PUT", "/v1/cs/ops/log", {"logName": "config-server", "logLevel": "INFO"}
    yield "GET", "/v1/cs/communication/dataChange", CONFIG
    yield "GET", "/v1/cs/communication/configWatchers", CONFIG
    yield "GET", "/v1/cs/metrics/cluster", {**CONFIG, "ip": "10.0.0.1"}
    yield "GET", "/v1/cs/metrics/current", {**CONFIG, "ip": "10.0.0.1"}
    yield "GET", "/v1/cs/communication/watcherConfigs", {"ip": "10.0.0.1"}


def _console() -> Iterator[Probe]:
    namespaces = "/v1/console/namespaces"
    yield "GET", "/v1/console/server/announcement", {"language": "en-US"}
    yield "GET", namespaces, {"show": "all", "namespaceId": "t"}
    yield "GET", namespaces, {"checkNamespaceIdExist": "true", "customNamespaceId": "t"}
    yield "POST", namespaces, {"customNamespaceId": "t", "namespaceName": "t", "namespaceDesc": "t"}
    yield "PUT", namespaces, {"namespace": "t", "namespaceShowName": "t", "namespaceDesc": "t"}
    yield "DELETE", namespaces, {"namespaceId": "t"}
    yield "GET", "/v1/core/cluster/nodes", {"keyword": "127", "withInstances": "false", **PAGES}
    yield "POST", "/v1/core/cluster/switch/lookup", {"type": "file"}
    yield "PUT", "/v1/auth/users", {"username": "probe", "newPassword": "probe-password"}
    yield "PUT", "/v1/core/ops/log", {"logName": "core-auth", "logLevel": "INFO"}
    for path in ("users", "roles", "permissions"):
        for search in ("accurate", "blur"):
            yield "GET", f"/v1/auth/{path}", {**ACCOUNT, **PAGES, "search": search}
        yield "POST", f"/v1/auth/{path}", ACCOUNT
        yield "DELETE", f"/v1/auth/{path}", ACCOUNT
    for path in ("users", "roles"):
        yield "GET", f"/v1/auth/{path}/search", ACCOUNT


def _later() -> Iterator[Probe]:
    """Those of v2 and v3, as they are declared. Logins are slowed, and have tests of their own."""
    home = tempfile.mkdtemp(prefix="nacos-tw-probes-")
    node = NacosNode(load(home, {"HOME": home}, {"nacos.standalone": "true"}), reactor)
    node.store.close()
    shutil.rmtree(home, ignore_errors=True)
    routes = {
        (route.path, route.method): route
        for methods in node.front.table.values()
        for route in methods.values()
        if route.path.startswith(("/v2/", "/v3/"))
    }
    for (path, method), route in sorted(routes.items()):
        takes = {parameter.name: GIVEN.get(parameter.name, "x") for parameter in route.handler.declared.takes}
        if takes and not path.endswith(("/user/login", "/user/admin")):
            yield method, path, takes


PROBES: tuple[Probe, ...] = (*_naming(), *_configs(), *_console(), *_later())
"""(method, path beneath the context path, parameters that are good)."""


class SecurityCase(ConfigCase):
    """
    Against one real node that all break-ins share: each has to leave it running and answering.

    @ivar properties: its lines in application.properties.
    """

    properties = ""
    node: RealNode

    def setUp(self) -> None:
        super().setUp()
        self.node = self.started()
        self.addCleanup(self.unharmed, self.node.pid)

    def started(self) -> RealNode:
        """The node."""
        return shared_configs(1, self.properties).nodes[0]

    def unharmed(self, pid: int) -> None:
        """The same process still answers, and has nothing unexpected to tell."""
        self.assertTrue(self.node.ready())
        self.assertEqual(self.node.pid, pid)
        self.assertNotIn("Traceback", self.node.log)

    def socket(self, port: int = 0) -> socket.socket:
        """A raw connection to the node."""
        found = socket.create_connection((self.node.host, port or self.node.port), 30)
        self.addCleanup(found.close)
        return found

    @contextmanager
    def served(self) -> Iterator[None]:
        """Another client is answered all the time that the block takes, and at least a few times."""
        with serving(self.node) as errors:
            yield
        self.assertEqual(errors, [])

    def megabytes(self) -> int:
        """Resident memory of the node's process."""
        return resident(self.node.pid)


def resident(pid: int) -> int:
    """Resident memory of a process, in MB."""
    with open(f"/proc/{pid}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 2**20


@contextmanager
def serving(node: RealNode) -> Iterator[list[Any]]:
    """What went wrong for a client that asks again and again, from before the block until behind it."""
    errors: list[Any] = []
    started, ended = threading.Event(), threading.Event()

    def ask() -> None:
        count = 0
        while count < 3 or not ended.is_set():
            try:
                answer = node.request("GET", "/nacos/v1/console/health/liveness", timeout=30)
                if (answer.status, answer.body) != (200, b"OK"):
                    errors.append(answer)
            except OSError as error:
                errors.append(error)
                return
            finally:
                started.set()
            count += 1
            ended.wait(0.02)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    started.wait(30)
    try:
        yield errors
    finally:
        ended.set()
        thread.join(60)
        if thread.is_alive():
            errors.append("the other client waits for its answer")


@contextmanager
def peak(pid: int) -> Iterator[list[int]]:
    """The most resident memory, in MB, that a process had in the block: the list's one item, behind the block."""
    with open(f"/proc/{pid}/clear_refs", "w") as file:
        file.write("5")
    found: list[int] = []
    yield found
    with open(f"/proc/{pid}/status") as file:
        line = next(line for line in file if line.startswith("VmHWM:"))
    found.append(int(line.split()[1]) // 1024)
