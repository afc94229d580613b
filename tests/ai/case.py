"""The AI registries of a node, behind a log that applies at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import msgspec
from twisted.internet.defer import Deferred, succeed

from nacos_tw.ai.assembly import AiParts, ai_operations
from nacos_tw.ai.fetching import Fetcher
from nacos_tw.ai.writing import LEVEL
from nacos_tw.config.model import ConfigKey
from nacos_tw.database.machine import NAME as CONFIGS
from nacos_tw.http.call import Call
from nacos_tw.http.reply import Reply
from nacos_tw.http.routing import answer, compile_routes, find
from nacos_tw.http.v3 import assembly as v3
from nacos_tw.naming.applying import apply
from nacos_tw.naming.clients import Clients
from nacos_tw.naming.commands import Command, Register, decode
from nacos_tw.naming.model import Instance, ServiceKey
from nacos_tw.settings.ai_keys import AiFetching
from tests.grpc.registry import naming_on
from tests.http.v1.configuring import ConfigCase
from tests.http.v1.fakes import GUARD

ADMIN = "/v3/admin/ai"
SSE = {"name": "weather", "protocol": "mcp-sse", "versionDetail": {"version": "1.0.0"}, "description": "forecasts"}
STDIO = {"name": "local", "protocol": "stdio", "versionDetail": {"version": "1.0.0"}, "localServerConfig": {"a": {}}}
TOOLS = {"tools": [{"name": "forecast", "description": "d", "inputSchema": {"type": "object", "default": None}}]}
DIRECT = {"type": "DIRECT", "data": {"address": "10.0.0.1", "port": "8080", "transportProtocol": "http"}}


class AiCase(ConfigCase):
    """
    @ivar entries: what went through the log as one, in order.
    @ivar level: of the commands that all members know.
    """

    embedded = True
    fetching = AiFetching()

    async def resolve(self, host: str) -> list[str]:
        """The addresses of a host."""
        return {"public.example": ["93.184.216.34"], "both.example": ["93.184.216.34", "10.0.0.1"]}.get(host, [host])

    def setUp(self) -> None:
        super().setUp()
        self.level = LEVEL
        self.entries: list[Sequence[bytes]] = []
        self.naming = naming_on(self.clock)
        self.clients = Clients(self.clock, self.naming, "10.9.9.9:8848", lambda number: None)
        parts = AiParts(
            configs=self.configs,
            naming=self.naming,
            clients=self.clients,
            limits=self.limits,
            millis=lambda: self.now,
            audit=self.audit,
            propose=self.together if self.embedded else None,
            members_level=lambda: self.level,
            fetcher=Fetcher(self.clock, self.fetching, self.resolve),
        )
        self.ai = ai_operations(parts)
        self.ai_table = compile_routes(v3.ai_areas(GUARD, self.ai), "")

    def together(self, commands: Sequence[bytes]) -> Deferred[Any]:
        """As the log does with several commands that are one."""
        self.entries.append(commands)
        results: list[Any] = []
        for command in commands:
            if command[:1] == CONFIGS:
                self.log_.propose(command).addBoth(lambda result: results.append(getattr(result, "value", result)))
            else:
                results.append(apply(self.naming.registry, decode(command[1:])))
        self.naming.applied()
        return succeed(results)

    # -- calls

    def call(self, method: str, path: str, **fields: Any) -> Reply:
        """The answer to a call; values that are no texts are sent as JSON."""
        result = self.replied(method, path, **fields)
        return result if isinstance(result, Reply) else self.successResultOf(result)

    def replied(self, method: str, path: str, **fields: Any) -> Any:
        """The same, or a Deferred of it."""
        given = {
            name: value if isinstance(value, str) else msgspec.json.encode(value).decode()
            for name, value in fields.items()
        }
        call = Call.make(method, f"{path}?{urlencode(given)}" if given else path, path=path)
        routes = find(self.ai_table, path.encode())
        assert routes is not None, path
        route = routes[method.encode()]
        return answer(route.area, route.handler, call)

    def data(self, method: str, path: str, **fields: Any) -> Any:
        """The data of a success."""
        reply = self.call(method, ADMIN + path, **fields)
        found = msgspec.json.decode(reply.body)
        self.assertEqual((reply.status, found["code"]), (200, 0), reply.body)
        return found["data"]

    def refused(self, status: int, code: int, said: str, method: str, path: str, **fields: Any) -> None:
        """A call is refused with these."""
        reply = self.call(method, ADMIN + path, **fields)
        found = msgspec.json.decode(reply.body)
        self.assertEqual((reply.status, found["code"], found["data"]), (status, code, said))

    # -- what there is

    def stored(self, *key: str) -> Any:
        """A document, as plain readers of configs get it; None if there is none."""
        found: ConfigKey = ("", *key)  # type: ignore[assignment]
        chosen = self.configs.read(found, "")
        return None if chosen is None else msgspec.json.decode(chosen.content)

    def keys(self) -> list[tuple[str, str]]:
        """Groups and dataIds of all configs."""
        return sorted(key[1:] for key in self.cache)

    def instances(self, key: ServiceKey) -> list[Instance]:
        """Of a service."""
        service = self.naming.registry.services.get(key)
        return [] if service is None else service.instances()

    def register(self, key: ServiceKey, ip: str, port: int = 80, **fields: Any) -> None:
        """An instance comes."""
        self.do(Register(key, ip, port, **fields))

    def do(self, command: Command) -> None:
        """The registry changes."""
        self.naming.change(command)
