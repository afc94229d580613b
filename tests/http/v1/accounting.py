"""The routes of logins and accounts with their authorization, on tables that are written at once."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import msgspec
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.http.assembly import auth_areas
from nacos_tw.http.authorization import Authorization, EverybodyMay
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.record import Recorder
from nacos_tw.http.reply import Reply
from nacos_tw.http.routing import answer, compile_routes
from tests.auth.fakes import Login, hash_of


class AccountsCase(SynchronousTestCase):
    """
    nacos is administrator, bob a user.

    @ivar lines: of the audit log.
    """

    enabled = True
    trusted: frozenset[str] = frozenset()

    def setUp(self) -> None:
        self.login = self.made()
        self.addCleanup(self.login.tables.file.close)
        self.lines: list[str] = []
        check = Authorization(self.login.auth) if self.enabled else EverybodyMay()
        guard = Guard(check, None, Recorder(self), proxies=self.trusted)
        self.table = compile_routes(auth_areas(guard, self.login.auth, self), "")
        self.tokens = {"nacos": self.token("nacos", "first"), "bob": self.token("bob", "secret"), "": ""}

    def made(self) -> Login:
        return Login(self.mktemp() + "/a.db", enabled=self.enabled).filled()

    def token(self, name: str, password: str) -> str:
        return self.login.tokens.issue(name, hash_of(password))

    def write(self, who: str, where: str, what: str, result: str, details: dict[str, str]) -> None:
        """For the recorder."""
        self.lines.append(" ".join([who or "-", where, what, result, *(f"{k}={v}" for k, v in details.items())]))

    def call(
        self, method: str, path: str, who: str = "nacos", peer: str = "10.0.0.1", headers: Any = None, **params: Any
    ) -> Reply | Deferred[Reply]:
        """The answer to a request; writes have their parameters in a form."""
        route = self.table[path.encode()][method.encode()]
        fields = dict(headers or {})
        if self.tokens.get(who):
            fields["Authorization"] = f"Bearer {self.tokens[who]}"
        text = urlencode(params)
        target, body = (path, text) if method == "POST" else (f"{path}?{text}", "")
        return answer(route.area, route.handler, Call.make(method, target, body.encode(), fields, route.path, peer))

    def reply(self, method: str, path: str, who: str = "nacos", **more: Any) -> Reply:
        result = self.call(method, path, who, **more)
        return result if isinstance(result, Reply) else self.successResultOf(result)

    def json(self, method: str, path: str, who: str = "nacos", **more: Any) -> Any:
        reply = self.reply(method, path, who, **more)
        self.assertEqual(reply.status, 200, reply.body)
        return msgspec.json.decode(reply.body)

    def caused(self, text: str, method: str, path: str, who: str = "nacos", status: int = 400, **more: Any) -> None:
        reply = self.reply(method, path, who, **more)
        self.assertEqual((reply.status, reply.body.decode()), (status, f"caused: {text};"))

    def forbidden(self, text: str, method: str, path: str, who: str = "nacos", **more: Any) -> None:
        reply = self.reply(method, path, who, **more)
        self.assertEqual((reply.status, msgspec.json.decode(reply.body)["message"]), (403, text))
