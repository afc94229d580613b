"""
The kinds of APIs: for clients, for operators, for browsers. Each kind has its own switch for logins, and in v1 and v2
one with which it is not served any more (docs/spec/http-v2-v3.md#5, #6).
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import TYPE_CHECKING

import attrs
from twisted.internet.defer import Deferred

from nacos_tw.access.rules import Rule
from nacos_tw.http.api.codes import API_DEPRECATED
from nacos_tw.http.api.results import Result, encode
from nacos_tw.http.authorization import EverybodyMay
from nacos_tw.http.errors import Rejected
from nacos_tw.http.guard import Check
from nacos_tw.http.successors import successor
from nacos_tw.settings.auth import Asking
from nacos_tw.settings.settings import OlderApis

if TYPE_CHECKING:
    from nacos_tw.http.call import Call


class Kind(enum.Enum):
    """
    Of a route. Who may change accounts gets every right by it, so C{ACCOUNTS} asks for a login as soon as any kind
    does. C{NODES} is what nodes of Nacos ask each other, C{NONE} what belongs to no API.
    """

    CLIENT = "client"
    ADMIN = "admin"
    CONSOLE = "console"
    ACCOUNTS = "accounts"
    NODES = "nodes"
    NONE = "none"


CLIENT_V1 = frozenset(
    {
        "DELETE /v1/cs/configs",
        "GET /v1/cs/configs",
        "POST /v1/cs/configs",
        "POST /v1/cs/configs/listener",
        "DELETE /v1/ns/instance",
        "POST /v1/ns/instance",
        "PUT /v1/ns/instance/beat",
        "GET /v1/ns/instance/list",
        "GET /v1/ns/operator/metrics",
        "GET /v1/ns/service/list",
        "POST /v1/auth/login",
        "POST /v1/auth/users/login",
        # what clients before 1.0 have instead
        "DELETE /v1/ns/api",
        "POST /v1/ns/api",
        "PUT /v1/ns/api/beat",
        "GET /v1/ns/api/clientBeat",
        "GET /v1/ns/api/list",
        "GET /v1/ns/api/srvIPXT",
    }
)
STARTS = (
    ("/v3/client/", Kind.CLIENT),
    ("/v3/admin/", Kind.ADMIN),
    ("/v3/console/", Kind.CONSOLE),
    ("/v3/auth/", Kind.ACCOUNTS),
    ("/v2/console/", Kind.CONSOLE),
    ("/v2/ns/catalog/", Kind.CONSOLE),
    ("/v2/cs/config/searchDetail", Kind.CONSOLE),
    ("/v2/", Kind.ADMIN),
    ("/v1/cs/communication/", Kind.NODES),
    ("/v1/core/cluster/report", Kind.NODES),
    ("/v1/console/", Kind.CONSOLE),
    ("/v1/ns/catalog/", Kind.CONSOLE),
    ("/v1/ns/cluster", Kind.CONSOLE),
    ("/v1/cs/history", Kind.CONSOLE),
    ("/v1/cs/listener", Kind.CONSOLE),
    ("/v1/auth/", Kind.ACCOUNTS),
    ("/v1/", Kind.ADMIN),
)
"""The first start that a path has counts. What is under none of the APIs is of none."""
OF_BROWSERS = frozenset({"show", "search", "beta", "export", "exportV2", "import", "clone", "delType"})
"""With one of these parameters C{/v1/cs/configs} does what only a browser asks for."""


def kind_of(method: str, path: str, given: Callable[[], frozenset[str]] = frozenset) -> Kind:
    """
    @param path: of the route.
    @param given: the names of the parameters; asked only where they count.
    """
    if f"{method} {path}" in CLIENT_V1:
        if path == "/v1/cs/configs" and not OF_BROWSERS.isdisjoint(given()):
            return Kind.CONSOLE
        return Kind.CLIENT
    return next((kind for start, kind in STARTS if path.startswith(start)), Kind.NONE)


SWITCH = "nacos.core.api.compatibility.{}.enabled"
_SWITCHED = {
    Kind.CLIENT: "client",
    Kind.ADMIN: "admin",
    Kind.CONSOLE: "console",
    Kind.ACCOUNTS: "console",
}


@attrs.frozen
class ByKind:
    """
    The L{Check} of a node whose kinds of APIs are not all alike.

    @ivar strict: the check of what asks for a login as soon as any kind does.
    @ivar off: names of kinds that v1 and v2 do not serve.
    """

    client: Check
    admin: Check
    console: Check
    strict: Check
    off: frozenset[str] = frozenset()

    def check(self, needs: Rule, call: Call) -> None | Deferred[None]:
        """
        See L{Check.check}.

        @raise Rejected: that kind of API is switched off.
        """
        kind = kind_of(call.method, call.path, lambda: frozenset(call.params))
        name = _SWITCHED.get(kind)
        if name in self.off and name is not None and not call.path.startswith("/v3/"):
            raise gone(call.method, call.path, SWITCH.format(name))
        if kind is Kind.CLIENT:
            return self.client.check(needs, call)
        if kind is Kind.ADMIN or kind is Kind.NODES:
            return self.admin.check(needs, call)
        return (self.console if kind is Kind.CONSOLE else self.strict).check(needs, call)


def gone(method: str, path: str, switch: str) -> Rejected:
    """What a route that is switched off answers."""
    instead = successor(method, path)
    if instead:
        said = f"please use API(s) `{instead}` instead, or set `{switch}=true` in application.properties."
    else:
        said = f"If wanted continue to use, please set `{switch}=true` in application.properties."
    code = API_DEPRECATED.number
    return Rejected(410, encode(Result(code, f"Current API will be deprecated, {said}", None)).decode())


def checks(asking: Asking, logins: Check | None, older: OlderApis) -> Check:
    """
    The check of a node.

    @param logins: the check by logins; None: there are none, and nobody is asked.
    @param older: what v1 and v2 serve.
    """
    free = EverybodyMay()
    by_login: Check = free if logins is None else logins
    if all(older) and len(set(asking)) == 1:
        return by_login if asking.client else free
    client, admin, console = (by_login if asks else free for asks in asking)
    off = frozenset(kind for kind, served in older._asdict().items() if not served)
    return ByKind(client, admin, console, by_login if any(asking) else free, off)
