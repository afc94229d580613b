"""C{/openapi.json}: every route of every API in OpenAPI 3.1, made of what the routes declare."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

import attrs
import msgspec
from klein import Klein

from nacos_tw import __version__
from nacos_tw.http.api.parameters import Described, Parameter
from nacos_tw.http.api.routes import Declared
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import JSON, Reply
from nacos_tw.http.routing import Area, Route, Wanted, compile_routes, every_route, serve

STATUSES = {
    400: "A parameter is missing or wrong, or what it names cannot be.",
    403: "The caller may not do this, or has to log in.",
    404: "There is no such thing.",
    409: "It is not as the caller thinks, or is there already.",
    410: "This API is switched off.",
    413: "The body is too large.",
    429: "Too many of these.",
    500: "What Nacos tells with this status: mostly that it cannot be done; or a failure.",
    501: "The settings leave this to somebody else, or it is not supported.",
    503: "Not now: the node is not ready, or has no majority.",
}
"""The statuses of errors. In v2 and v3 the body has a code, a message, and in data what is wrong."""
WRAPPED = {"$ref": "#/components/schemas/Result"}
RESULT = {
    "type": "object",
    "required": ["code", "message", "data"],
    "properties": {"code": {"type": "integer"}, "message": {"type": ["string", "null"]}, "data": {}},
}
BODIES = {"json": "application/json", "multipart": "multipart/form-data"}


@attrs.define(eq=False)
class OpenApi:
    """
    @ivar areas: gives all that has routes, when it is asked for the first time.
    @ivar older: what a route takes that does not declare it, by its method and path.
    @ivar wanted: which of them are served where this is.
    """

    prefix: ClassVar[str] = ""
    app = Klein()
    guard: Guard
    areas: Callable[[], Iterable[Area]]
    older: Callable[[str, str], Described] = lambda method, path: Described()
    wanted: Wanted = every_route
    _made: Reply | None = None

    @serve(app, "GET", "/openapi.json", needs="open")
    def document(self, call: Call) -> Reply:
        """All routes of this node."""
        if self._made is None:
            self._made = Reply(200, msgspec.json.encode(describe(self.areas(), self.older, self.wanted)), JSON)
        return self._made


def describe(
    areas: Iterable[Area],
    older: Callable[[str, str], Described] = lambda method, path: Described(),
    wanted: Wanted = every_route,
) -> dict[str, Any]:
    """
    The document; see L{OpenApi} for what it is made of. Its server is where it was found, whatever the context path and
    the name of the host.
    """
    found = compile_routes(areas, "", wanted)
    routes = {(each.path, each.method): each for methods in found.values() for each in methods.values()}
    paths: dict[str, dict[str, Any]] = {}
    for (path, method), route in sorted(routes.items()):
        paths.setdefault(path, {})[method.lower()] = _operation(route, older(route.method, route.path))
    return {
        "openapi": "3.1.0",
        "info": {"title": "nacos_tw", "version": __version__},
        "servers": [{"url": "."}],
        "paths": paths,
        "components": {
            "schemas": {"Result": RESULT},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "accessToken": {"type": "apiKey", "in": "query", "name": "accessToken"},
            },
        },
    }


def _operation(route: Route, older: Described) -> dict[str, Any]:
    handler: Any = route.handler
    declared: Declared | None = getattr(handler, "declared", None)
    about = (handler.__doc__ or "").strip().partition("\n")[0]
    wrapped = declared is not None and "without a wrapper" not in declared.gives and "bare" not in declared.gives
    success: dict[str, Any] = {"description": (declared.gives if declared is not None else "") or "Done"}
    if wrapped and declared is not None and "archive" not in declared.gives:
        success["content"] = {"application/json": {"schema": WRAPPED}}
    shown: dict[str, Any] = {
        "operationId": f"{route.method.lower()}{route.path.replace('/', '_').replace('-', '_')}",
        "tags": [route.path.split("/")[1]],
        "summary": about,
        "responses": {"200": success, **_errors(route)},
    }
    takes, body = (older.takes, older.body) if declared is None else (declared.takes, declared.body)
    shown["parameters"] = [_parameter(each, route.path) for each in takes]
    if body:
        shown["requestBody"] = {"content": {BODIES[body]: {"schema": {}}}}
    if route.needs.action != "open":
        shown["security"] = [{"token": []}, {"accessToken": []}]
    return shown


def _errors(route: Route) -> dict[str, Any]:
    left_out = {403} if route.needs.action == "open" else set()
    if not route.path.startswith(("/v1/", "/v2/")):
        left_out.add(410)
    return {str(status): {"description": text} for status, text in STATUSES.items() if status not in left_out}


def _parameter(parameter: Parameter[Any], path: str) -> dict[str, Any]:
    in_path = f"{{{parameter.name}}}" in path
    schema: dict[str, Any] = {"type": parameter.kind}
    if parameter.choices:
        schema["enum"] = list(parameter.choices)
    if not parameter.needed and parameter.default != "":
        schema["default"] = parameter.default
    return {
        "name": parameter.name,
        "in": "path" if in_path else parameter.place,
        "required": in_path or bool(parameter.needed),
        "description": parameter.about,
        "schema": schema,
    }
