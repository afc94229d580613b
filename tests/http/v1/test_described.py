"""What the description says that routes of v1 take, against what their handlers read."""

from __future__ import annotations

import json
import shutil
import tempfile
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.http.api.openapi import OpenApi
from nacos_tw.http.authorization import EVERYBODY
from nacos_tw.http.call import Call
from nacos_tw.http.routing import Route
from nacos_tw.http.v1.described import TABLE, described
from nacos_tw.service import NacosNode
from nacos_tw.settings.settings import load

WAYS: tuple[dict[str, str], ...] = (
    {}, {"search": "blur", "grayNames": "true"}, {"search": "accurate"}, {"show": "all"}, {"beta": "true"},
    {"export": "true"}, {"exportV2": "true"}, {"import": "true"}, {"clone": "true"}, {"delType": "ids"},
    {"checkNamespaceIdExist": "true"}, {"beat": "", "serviceName": "", "dom": "s"}, {"consistencyType": ""},
    {"clusterName": ""}, {"enabled": ""}, {"healthy": ""}, {"src_user": ""}, {"action": ""}, {"keys": "a,b"},
    {"isCheck": "", "healthyOnly": ""}, {"isCheck": "", "udpPort": "5000"}, {"beat": "{}"}, {"tag": ""},
    {"search": "accurate", "clusterName": "DEFAULT"},
)  # fmt: skip
"""Values with which routes do something else."""
TEXTS = {
    "selector": "", "beat": '{"ip":"10.0.0.1","port":80}', "metadata": "k=v", "healthChecker": '{"type":"NONE"}',
    "tenant": "t", "id": "1", "ids": "1", "nid": "1", "port": "80", "checkPort": "80", "ip": "10.0.0.1",
    "key": "public##g@@s", "clusters": "", "protectThreshold": "0.5", "Listening-Configs": "d\x02g\x02m\x01",
    "search": "", "show": "", "delType": "", "namespaceId": "n", "entry": "masters", "value": "", "dom": "",
    "consistencyType": "ephemeral", "action": "view", "betaIps": "10.0.0.1", "isCheck": "true", "udpPort": "0",
}  # fmt: skip
LATER = {"GET /v1/cs/configs": {"grayNames"}}
"""What is read only when a database has answered."""
SAMPLES = {"string": "x", "integer": "1", "number": "1.0"}
OFF = {"import", "clone", "beta", "export", "exportV2", "checkNamespaceIdExist", "grayNames"}


class Reading(dict[str, str]):
    """Parameters that remember what was asked for."""

    def __init__(self, values: dict[str, str]) -> None:
        super().__init__(values)
        self.read: set[str] = set()

    def get(self, name: str, *default: Any) -> Any:
        self.read.add(name)
        return super().get(name, *default)

    def __getitem__(self, name: str) -> str:
        self.read.add(name)
        return super().__getitem__(name)

    def __contains__(self, name: object) -> bool:
        self.read.add(str(name))
        return super().__contains__(name)


class ReadingCall(Call):
    """A call that remembers which parameters and headers were asked for."""

    __slots__ = ("headers_read",)

    def raw_header(self, name: bytes) -> bytes:
        self.headers_read.add(name.decode())
        return super().raw_header(name)


def sampled(route: Route, way: dict[str, str]) -> ReadingCall:
    """A call with a value for everything that the route is said to take."""
    about = described(route.method, route.path)
    values, lines = {}, ""
    for each in about.takes:
        value = TEXTS.get(each.name, "true" if each.kind == "boolean" else SAMPLES.get(each.kind, ""))
        if each.place == "header":
            lines += f"{each.name}: {value}\r\n"
        else:
            values[each.name] = "" if each.name in OFF else value
    values |= {name: value for name, value in way.items() if name in values}
    head = f"{route.method} {route.path} HTTP/1.1\r\nUser-Agent: Test\r\n{lines}\r\n".encode()
    target = f"{route.path}?{len(str(way))}".encode()
    body = b"{}" if about.body and "keys" not in way else b""
    call = ReadingCall(route.method, route.path, target, head, body, "10.0.0.9")
    call.identity, call.headers_read = EVERYBODY, set()
    call.params = Reading(values)
    return call


class DescribedTests(SynchronousTestCase):
    """With the routes of a whole node, which is not started."""

    def setUp(self) -> None:
        home = tempfile.mkdtemp(prefix="nacos-tw-described-")
        self.addCleanup(shutil.rmtree, home, ignore_errors=True)
        given = {"nacos.standalone": "true", "nacos.core.auth.enabled": "true"}
        node = NacosNode(load(home, {"HOME": home}, given), reactor)
        self.addCleanup(node.store.close)
        self.addCleanup(self.forget, set(reactor.getDelayedCalls()))  # type: ignore[attr-defined]
        table: Any = node.front.table
        found = [route for methods in table.values() for route in methods.values()]
        self.openapi = [each for each in found if each.path == "/openapi.json"]
        self.routes = {f"{each.method} {each.path}": each for each in found if each.path.startswith("/v1/")}

    def forget(self, before: set[Any]) -> None:
        """What handlers wait for does not come."""
        for call in set(reactor.getDelayedCalls()) - before:  # type: ignore[attr-defined]
            call.cancel()

    def test_known(self) -> None:
        """What is described is there."""
        self.assertEqual(set(TABLE) - set(self.routes), set())

    def test_shown(self) -> None:
        """The node's document has it, with types and texts."""
        (area,) = {route.area for route in self.openapi if isinstance(route.area, OpenApi)}
        paths = json.loads(area.document(Call.make("GET", "/openapi.json")).body)["paths"]
        shown = {each["name"]: each for each in paths["/v1/ns/instance"]["post"]["parameters"]}
        self.assertEqual((shown["port"]["required"], shown["port"]["schema"]["type"]), (True, "integer"))
        self.assertEqual(shown["weight"]["schema"], {"type": "number", "default": 1.0})
        headers = {each["name"]: each["in"] for each in paths["/v1/cs/configs"]["post"]["parameters"]}
        self.assertEqual((headers["betaIps"], headers["content"]), ("header", "query"))
        for path, methods in paths.items():
            for one in methods.values():
                self.assertEqual([each for each in one["parameters"] if not each["description"]], [], path)

    def test_read(self) -> None:
        """A handler reads just what is said of its route: not more, and not less."""
        wrong: dict[str, list[set[str]]] = {}
        for name, route in self.routes.items():
            read, headers = self.read_by(route)
            takes = described(route.method, route.path).takes
            said = {each.name for each in takes if each.place == "query"}
            unread = {each.name.lower() for each in takes if each.place == "header"} - headers
            if read != said - LATER.get(name, set()) or unread:
                wrong[name] = [read - said, said - read, unread]
        self.assertEqual(wrong, {})

    def read_by(self, route: Route) -> tuple[set[str], set[str]]:
        """The names of the parameters and of the headers that the handler asks for."""
        read: set[str] = set()
        headers: set[str] = set()
        for way in WAYS:
            call = sampled(route, way)
            try:
                self.begin(route.handler(route.area, call))
            except Exception:  # what it makes of the values is of no interest here
                pass
            read |= getattr(call.params, "read", set())
            headers |= call.headers_read
        return read, headers

    def begin(self, running: Any) -> None:
        """Let a handler that waits run until it does, or fails."""
        if isinstance(running, Deferred):
            running.addErrback(lambda _: None)
        elif hasattr(running, "close"):
            try:
                running.send(None)
            finally:
                running.close()
