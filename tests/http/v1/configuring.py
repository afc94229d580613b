"""A node's real configuration centre with embedded storage, behind a log that applies at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlencode

import msgspec
from twisted.internet.defer import Deferred, fail, maybeDeferred, succeed
from twisted.internet.task import Clock

from nacos_tw.config.cache import ConfigCache
from nacos_tw.config.configs import Configs
from nacos_tw.config.limits import Limits
from nacos_tw.config.listeners import Listeners
from nacos_tw.config.model import ConfigKey
from nacos_tw.config.watchers import Watchers
from nacos_tw.database.embedded import EmbeddedBackend
from nacos_tw.database.machine import ConfigMachine
from nacos_tw.errors import NacosError, Unavailable
from nacos_tw.http.call import Call
from nacos_tw.http.reply import Reply
from nacos_tw.http.routing import answer, compile_routes, find
from nacos_tw.http.v1.config_areas import ConfigParts, config_areas
from nacos_tw.http.v1.core import ConfigLogV1
from nacos_tw.http.v1.listener import changed_reply
from nacos_tw.http.v1.namespaces import NamespacesV1
from nacos_tw.namespaces.operations import Namespaces
from nacos_tw.push.longpoll import LongPolls
from nacos_tw.storage.sqlite import SQLiteFile
from nacos_tw.storage.txn import Txn
from tests.access.lines import Lines
from tests.http.v1.fakes import GUARD, NOW, FakeNode, HandlerTestCase, members, node_operations

T = TypeVar("T")

CONFIGS = "/v1/cs/configs"
JSON = b"application/json;charset=UTF-8"
PLAIN = b"text/plain;charset=UTF-8"


class Log:
    """
    A proposer that applies at once.

    @ivar trouble: what proposals fail with.
    """

    def __init__(self, machine: ConfigMachine) -> None:
        self.machine = machine
        self.trouble: NacosError | None = None
        self.available = self.is_leader = True
        self.index = 0

    def propose(self, command: bytes) -> Deferred[Any]:
        if self.trouble is not None:
            return fail(self.trouble)
        self.index += 1
        self.machine.begin(self.index, 1)
        result = self.machine.apply(command[1:])
        self.machine.flush()
        return fail(result) if isinstance(result, Exception) else succeed(result)

    def renew(self, number: int) -> None:
        raise AssertionError("configs have no leases")


class AtOnce(EmbeddedBackend):
    """
    Reads without a thread.

    @ivar away: whether the database fails.
    """

    away = False

    def query(self, fn: Callable[..., T], *args: Any) -> Deferred[T]:
        return maybeDeferred(self._read, fn, args)

    def _read(self, fn: Callable[..., T], args: tuple[Any, ...]) -> T:
        if self.away:
            raise Unavailable("the database is away")
        with self._file.reading() as txn:
            return fn(txn, *args)


class ConfigCase(HandlerTestCase):
    """
    @ivar now: what the clock of the handlers shows, in ms.
    @ivar others: what other nodes answer to a question.
    """

    limits = Limits()

    def setUp(self) -> None:
        self.clock = Clock()
        self.clock.advance(1_000_000)
        self.now = NOW
        self.others: list[bytes] = []
        self.asked: list[tuple[str, bytes]] = []
        self.file = SQLiteFile(f"{self.mktemp()}/config.db")
        self.addCleanup(self.file.close)
        machine = ConfigMachine(self.file)
        self.log_ = Log(machine)
        self.cache = ConfigCache(self)
        machine.on_written = self.cache.published
        machine.on_changed = self.changed
        self.backend = AtOnce(self.log_, self.file, lambda: "")
        self.configs = Configs(self.backend, self.cache, Listeners(self.cache))
        self.polls = LongPolls(self.clock, self.configs.listeners, changed_reply)
        self.audit = Lines()
        self.levels: list[tuple[str, str]] = []
        watchers = Watchers(self.clock, self.configs.listeners, self.ask_all)
        self.areas = config_areas(
            ConfigParts(
                GUARD,
                self.configs,
                self.polls,
                watchers,
                lambda: self.now,
                self.audit,
                self.limits,
            )
        )
        node = node_operations(members(), FakeNode(), set_log_level=lambda *given: self.levels.append(given))
        self.areas.append(ConfigLogV1(GUARD, node))
        self.areas.append(NamespacesV1(GUARD, Namespaces(self.configs, lambda: self.now, Lines())))
        self.table = compile_routes(self.areas, "")

    def content(self, key: ConfigKey, name: str, md5: str) -> bytes | None:
        """For the cache: nothing is on disk."""
        return None

    def changed(self, txn: Txn, keys: list[ConfigKey] | None) -> None:
        """What the machine has applied."""
        self.cache.load(txn) if keys is None else self.cache.refresh(txn, keys)

    def ask_all(self, what: str, body: bytes) -> Deferred[list[bytes]]:
        self.asked.append((what, body))
        return succeed(self.others)

    # -- calls

    def call(
        self, method: str, target: str, body: bytes | str = b"", headers: dict[str, str] | None = None
    ) -> Reply | Deferred[Reply]:
        """The answer to a call, which may come later."""
        routes = find(self.table, target.partition("?")[0].encode())
        assert routes is not None, target
        route = routes[method.encode()]
        data = body.encode() if isinstance(body, str) else body
        return answer(route.area, route.handler, Call.make(method, target, data, headers, path=route.path))

    def reply(self, method: str, target: str, body: bytes | str = b"", headers: dict[str, str] | None = None) -> Reply:
        result = self.call(method, target, body, headers)
        return result if isinstance(result, Reply) else self.successResultOf(result)

    def get(self, headers: dict[str, str] | None = None, method: str = "GET", **params: str) -> Reply:
        """GET of config d of group g, or of what the parameters say."""
        return self.reply(method, f"{CONFIGS}?{urlencode({'dataId': 'd', 'group': 'g', **params})}", b"", headers)

    def publish(self, content: str = "hello", headers: dict[str, str] | None = None, **params: str) -> None:
        """Publish config d of group g."""
        reply = self.post(content, headers, **params)
        self.assertEqual((reply.status, reply.body, reply.content_type), (200, b"true", JSON))

    def post(self, content: str = "hello", headers: dict[str, str] | None = None, **params: str) -> Reply:
        form = {"dataId": "d", "group": "g", "content": content, **params}
        return self.reply("POST", CONFIGS, urlencode(form), headers)

    def get_json(self, target: str) -> Any:
        """The JSON of a GET, None for an empty body."""
        reply = self.reply("GET", target)
        self.assertEqual((reply.status, reply.content_type), (200, JSON), reply.body)
        return msgspec.json.decode(reply.body) if reply.body else None

    def refused(self, reply: Reply, text: str, status: int = 400) -> None:
        """The answer is an error with that text."""
        self.assertEqual((reply.status, reply.body.decode(), reply.content_type), (status, f"caused: {text};", PLAIN))
