"""The whole API as one twisted.web resource tree, made of what the areas declare."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import cast

from twisted.web.iweb import IRequest
from twisted.web.resource import IResource, Resource
from twisted.web.server import Request

from nacos_tw.http.call import Call
from nacos_tw.http.errors import no_such_route
from nacos_tw.http.phrases import phrase
from nacos_tw.http.reply import Reply
from nacos_tw.http.routing import Area, Route, Table, Wanted, compile_routes, every_route, find, normal_context
from nacos_tw.http.site import read_call, send_reply

Pages = Callable[[Call], "Reply | None"]
"""What answers a GET of a path without a route, or does not (None)."""


def no_pages(call: Call) -> None:
    """Nothing but the API is served."""


class Root(Resource):
    """
    The root of the tree: finds the area of a path and lets its Klein resource answer; answers itself what no area has.

    @ivar table: the routes, for the front.
    """

    isLeaf = True

    def __init__(
        self, areas: Iterable[Area], context_path: str, pages: Pages = no_pages, wanted: Wanted = every_route
    ) -> None:
        """
        @param context_path: where the API begins, C{"/nacos"}; C{"/"} for no prefix.
        @param pages: asked before a path without a route is called unknown.
        @param wanted: which routes are served.
        @raise ValueError: see L{compile_routes}.
        """
        super().__init__()
        areas = list(areas)
        self.table: Table = compile_routes(areas, context_path, wanted)
        self._context = normal_context(context_path)
        self._pages = pages
        self._resources = {id(area): area.app.resource() for area in areas}

    def render(self, request: IRequest) -> int | bytes:
        """Answer a request."""
        request = cast(Request, request)
        routes = find(self.table, request.path)
        if routes is None or request.method not in (*routes, b"HEAD"):
            return self._unrouted(request, routes)
        route = routes.get(request.method) or routes.get(b"GET")
        if route is None:
            return self._unrouted(request, routes)
        resource: IResource = self._resources[id(route.area)]
        beneath = route.path[len(route.area.prefix) :] or "/"
        request.prepath = f"{self._context}{route.area.prefix}".encode().split(b"/")[1:]
        request.postpath = beneath.encode().split(b"/")[1:]
        return resource.render(request)

    def _unrouted(self, request: Request, routes: dict[bytes, Route] | None) -> bytes:
        """What a method and path without a handler get; OPTIONS of a known path tells its methods."""
        path = request.path.decode("utf-8", "replace")
        if path.startswith(self._context + "/"):
            path = path[len(self._context) :]
        method = request.method.decode("ascii", "replace")
        allowed = None if routes is None else _methods(routes)
        if method == "OPTIONS" and allowed is not None:
            return send_reply(request, Reply(200, b"", None, ((b"Allow", ", ".join(allowed).encode()),)))
        call = read_call(request, method, path)
        reply = self._pages(call) if routes is None and method in ("GET", "HEAD") else None
        body = send_reply(request, reply or phrase(no_such_route(method, request.uri, path, allowed), call))
        # A body that twisted.web leaves out itself would get a line in the log.
        return b"" if method == "HEAD" else body


def _methods(routes: dict[bytes, Route]) -> list[str]:
    """The methods of a path as an Allow header names them."""
    names = [name.decode() for name in routes]
    return sorted({*names, "OPTIONS", *(["HEAD"] if "GET" in names else [])})
