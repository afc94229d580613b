"""
Routes are declared once, on Klein: this puts a handler there and compiles the table that the front looks up.

An area is a class like this; several may share a prefix::

    @attrs.frozen
    class InstancesV1:
        prefix: ClassVar[str] = "/v1/ns/instance"     # beneath the context path
        guard: Guard                                  # asked before each handler
        naming: Naming
        app = Klein()

        @serve(app, "GET", "/list", needs="read")
        def instance_list(self, call: Call) -> Reply: ...
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar
from urllib.parse import unquote_to_bytes

import attrs
from klein import Klein
from twisted.internet.defer import Deferred, ensureDeferred
from twisted.python.failure import Failure

from nacos_tw.access.rules import Rule
from nacos_tw.http.guard import Guard
from nacos_tw.http.late_map import make_late
from nacos_tw.http.phrases import phrase
from nacos_tw.http.reply import Reply
from nacos_tw.http.site import read_call, send_reply

if TYPE_CHECKING:
    from twisted.web.server import Request

    from nacos_tw.http.call import Call

METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})

Result: TypeAlias = "Reply | Deferred[Reply] | Coroutine[Deferred[Any], Any, Reply]"
Handler: TypeAlias = "Callable[[Any, Call], Result]"
H = TypeVar("H", bound=Callable[..., Any])


class Area(Protocol):
    """What an object with routes has."""

    @property
    def prefix(self) -> str:
        """Where its routes are beneath the context path: C{"/v1/ns/instance"}, or C{""}."""

    @property
    def guard(self) -> Guard:
        """Asked before each handler."""

    @property
    def app(self) -> Klein:
        """The routes; C{app = Klein()} in the class."""


def serve(app: Klein, method: str, path: str, *, needs: str | Rule) -> Callable[[H], H]:
    """
    Declare a route. The decorated handler C{(self, call) -> Reply} (or a Deferred or coroutine of one) comes back
    unchanged; put the decorator several times for a handler with several methods or paths. A GET route answers HEAD.

    @param app: the C{Klein()} of the class.
    @param path: beneath the area's prefix, static; C{""} is the prefix itself. One more slash at the end is accepted.
    @param needs: what the caller needs: L{rule_of<nacos_tw.access.operations.rule_of>} the operation that it is for,
        or words for L{Rule.parse}.
    @raise ValueError: for an unknown method or needs, a path that is not static, or a second handler of one name.
    """
    # One for each route: what was allowed is remembered by this very object.
    parsed = Rule.parse(needs) if isinstance(needs, str) else Rule(*needs)
    if method not in METHODS:
        raise ValueError(f"unknown method {method!r}")
    if "<" in path or path.endswith("/") or not (path == "" or path.startswith("/")):
        raise ValueError(f"path {path!r}: static, with a slash in front and none at the end")

    def register(handler: H) -> H:
        name = handler.__name__
        for view in app.endpoints.values():
            other = getattr(view, "handler", None)
            if other is not handler and getattr(other, "__name__", None) == name:
                raise ValueError(f"two handlers named {name!r}")
        if getattr(handler, "needs", parsed) != parsed:
            raise ValueError(f"{name!r} needs {handler.needs} on one route and {parsed} on another")  # type: ignore[attr-defined]
        handler.needs = parsed  # type: ignore[attr-defined]

        def carry(area: Area, request: Request) -> Deferred[bytes] | bytes:
            return _carry(area, handler, request, method, area.prefix + path)

        # Two rules, not strict_slashes=False: Klein must answer both, and never with a redirect.
        endpoint = f"{method} {path}"
        if endpoint in app.endpoints:
            raise ValueError(f"{endpoint} is declared twice")
        make_late(app)
        for url in (path + "/",) if path == "" else (path, path + "/"):
            app.route(url, methods=[method], endpoint=endpoint, strict_slashes=True, merge_slashes=False)(carry)
        app.endpoints[endpoint].handler = handler  # type: ignore[attr-defined]
        return handler

    return register


def begin(area: Any, handler: Handler, call: Call) -> Reply | Deferred[Reply]:
    """
    Guard, handler, errors: the same for every carrier. Synchronous if the handler is.

    @return: what fails is answered with L{failed}.
    """
    try:
        refusal = area.guard.check(area, handler, call)
        if refusal is not None:
            reply = refusal if type(refusal) is Reply else ensureDeferred(_guarded(refusal, area, handler, call))
        else:
            result = handler(area, call)
            reply = result if isinstance(result, (Reply, Deferred)) else ensureDeferred(result)
    except Exception as error:
        reply = phrase(error, call)
    needs = getattr(handler, "needs", None)
    if needs is None or not needs.recorded or call.recorded:
        return reply
    if isinstance(reply, Deferred):
        reply.addErrback(failed, call)
    return area.guard.record(handler, call, reply)


def answer(area: Any, handler: Handler, call: Call) -> Reply | Deferred[Reply]:
    """L{begin}, with an answer to what fails. Never raises or fails."""
    reply = begin(area, handler, call)
    return reply.addErrback(failed, call) if isinstance(reply, Deferred) else reply


async def _guarded(guarding: Any, area: Any, handler: Handler, call: Call) -> Reply:
    """The rest of L{answer} where the guard has to wait for something."""
    refusal = await guarding
    if refusal is not None:
        return refusal
    result = handler(area, call)
    return result if isinstance(result, Reply) else await result


def failed(failure: Failure, call: Call) -> Reply:
    """The answer to a call that failed."""
    return phrase(failure.value or RuntimeError("no error in the failure"), call)


def _carry(area: Area, handler: Handler, request: Request, method: str, path: str) -> Deferred[bytes] | bytes:
    """What a Klein view does: the call out of twisted.web's request, the reply into it."""
    request.route = method, path  # type: ignore[attr-defined]
    result = answer(area, handler, read_call(request, method, path))
    if isinstance(result, Reply):
        return send_reply(request, result)
    return result.addCallback(lambda reply: send_reply(request, reply))


@attrs.frozen
class Route:
    """
    One method of one path.

    @ivar path: beneath the context path, without a slash at the end.
    """

    method: str
    path: str
    area: Area
    handler: Handler
    needs: Rule


Wanted: TypeAlias = "Callable[[str, str], bool]"
"""wanted(method, path): whether a route is served."""
Table: TypeAlias = "dict[bytes, dict[bytes, Route]]"
"""Raw path with the context path (with and without a slash at the end) -> method -> route."""


def normal_context(context_path: str) -> str:
    """The context path as a prefix: C{""} for C{"/"} and C{""}, else with a slash in front and none at the end."""
    inner = context_path.strip("/")
    return f"/{inner}" if inner else ""


def every_route(method: str, path: str) -> bool:
    """All are served."""
    return True


def compile_routes(areas: Iterable[Area], context_path: str, wanted: Wanted = every_route) -> Table:
    """
    The dispatch table, out of what the areas declared with Klein.

    @param wanted: which of them are served.
    @raise ValueError: for two areas that declare the same method and path, or a route that L{serve} did not make.
    """
    table: Table = {}
    context = normal_context(context_path)
    for area in areas:
        app = area.app
        for rule in app.url_map.iter_rules():
            handler: Any = getattr(app.endpoints[rule.endpoint], "handler", None)
            if not isinstance(getattr(handler, "needs", None), Rule):
                raise ValueError(
                    f"{type(area).__name__} {rule.rule}: declare routes with serve(), which says their needs"
                )
            path = area.prefix + rule.rule.rstrip("/")
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                if not wanted(method, path or "/"):
                    continue
                route = Route(method, path or "/", area, handler, handler.needs)
                for raw in {f"{context}{path}".encode(), f"{context}{path}/".encode()} - {b""}:
                    known = table.setdefault(raw, {}).setdefault(method.encode(), route)
                    if known.area is not area or known.handler is not handler:
                        raise ValueError(f"{method} {path} is declared twice")
    return table


def find(table: Table, raw_path: bytes) -> dict[bytes, Route] | None:
    """
    The routes of a raw path; percent escapes are decoded if it is not found as it is. In a route C{{key}} at the end is
    any last part. A route that ends in C{/*} has all that is below it and has no route of its own.
    """
    found = table.get(raw_path)
    if found is None and b"%" in raw_path:
        found = table.get(unquote_to_bytes(raw_path))
    if found is None:
        found = table.get(raw_path.rstrip(b"/").rpartition(b"/")[0] + b"/{key}")
    at = len(raw_path) if found is None else 0
    while found is None and (at := raw_path.rfind(b"/", 0, at)) > 0:
        found = table.get(raw_path[:at] + b"/*")
    return found
