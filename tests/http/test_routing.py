"""Routes, the guard before them, and the words for errors."""

from __future__ import annotations

import json
from typing import Any, ClassVar

import attrs
from klein import Klein
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase
from twisted.web.server import Site

from nacos_tw.access.rules import Rule
from nacos_tw.auth.problems import UNKNOWN_USER, Refused
from nacos_tw.http.authorization import EverybodyMay
from nacos_tw.http.call import Call
from nacos_tw.http.errors import Rejected, error_document, no_such_route, reason
from nacos_tw.http.guard import Guard
from nacos_tw.http.phrases import phrase
from nacos_tw.http.reply import Reply, text_reply
from nacos_tw.http.routing import answer, compile_routes, find, normal_context, serve
from tests.http.carriers import Client, Core, Server, Things, get


def handler(self: Any, call: Call) -> Reply:
    """A handler of nobody."""
    return text_reply("x")


class ServeTests(SynchronousTestCase):
    """Declaring routes."""

    def test_unchanged(self) -> None:
        """The handler comes back as it was, with its needs beside it."""
        self.assertIs(serve(Klein(), "GET", "/a", needs="write:naming")(handler), handler)
        self.assertEqual(handler.needs, Rule("write", "naming"))  # type: ignore[attr-defined]
        del handler.needs  # type: ignore[attr-defined]

    def test_rule(self) -> None:
        """What an operation needs is what its routes need; each has a value of its own."""
        rule = Rule("read", "naming")
        first = serve(Klein(), "GET", "/a", needs=rule)(lambda area, call: Reply())
        second = serve(Klein(), "GET", "/b", needs=rule)(lambda area, call: Reply())
        self.assertEqual((first.needs, second.needs), (rule, rule))  # type: ignore[attr-defined]
        self.assertIsNot(first.needs, second.needs)  # type: ignore[attr-defined]

    def test_mistakes(self) -> None:
        """They are told when the module is imported."""
        for method, path, needs in (
            ("get", "/a", "read"),
            ("GET", "a", "read"),
            ("GET", "/a/", "read"),
            ("GET", "/a/<b>", "read"),
            ("GET", "/a", "everything"),
            ("GET", "/a", "read:everything"),
            ("GET", "/a", ""),
        ):
            self.assertRaises(ValueError, serve, Klein(), method, path, needs=needs)

    def test_late(self) -> None:
        """Klein's rules are made ready for matching when Klein is to find one, not when the module is imported."""
        app = Klein()
        serve(app, "GET", "/a", needs="read:naming")(handler)
        del handler.needs  # type: ignore[attr-defined]
        rules = list(app.url_map.iter_rules())
        self.assertEqual([(rule.rule, rule.map) for rule in rules], [("/a", None), ("/a/", None)])
        self.assertEqual(app.url_map.bind("localhost").match("/a"), ("GET /a", {}))
        serve(app, "GET", "/b", needs="read:naming")(lambda area, call: Reply())
        self.assertEqual(app.url_map.bind("localhost").match("/b/"), ("GET /b", {}))
        self.assertEqual({rule.rule for rule in app.url_map.iter_rules()}, {"/a", "/a/", "/b", "/b/"})
        self.assertEqual([rule.rule for rule in app.url_map.iter_rules("GET /b")], ["/b", "/b/"])

    def test_one_name(self) -> None:
        """Two handlers of one name, one route twice, and one handler with two needs are refused."""
        app = Klein()

        def make() -> Any:
            def same(self: Any, call: Call) -> Reply:
                return text_reply("x")

            return same

        def other(self: Any, call: Call) -> Reply:
            return text_reply("x")

        first = serve(app, "GET", "/a", needs="read:naming")(make())
        self.assertRaises(ValueError, serve(app, "GET", "/b", needs="read:naming"), make())
        self.assertRaises(ValueError, serve(app, "GET", "/a", needs="read:naming"), other)
        self.assertRaises(ValueError, serve(app, "GET", "/c", needs="write:naming"), first)
        serve(app, "POST", "/a", needs="read:naming")(first)

    def test_table(self) -> None:
        """Every route, with and without a slash at its end."""
        table = compile_routes([Core()], "/nacos")
        self.assertEqual(set(table), {b"/nacos/v1/core/self", b"/nacos/v1/core/self/"})
        route = table[b"/nacos/v1/core/self"][b"GET"]
        self.assertEqual((route.method, route.path, route.needs), ("GET", "/v1/core/self", Rule("open")))
        self.assertIs(find(table, b"/nacos/v1/core/%73elf")[b"GET"], route)  # type: ignore[index]
        self.assertIsNone(find(table, b"/nacos/v1/core/other"))
        self.assertIsNone(find(table, b"/nacos/v1/core/%74elf"))

    def test_every_route_needs_something(self) -> None:
        """A route that was put on Klein past serve() keeps the node from starting."""

        @attrs.frozen
        class Open:
            prefix: ClassVar[str] = ""
            guard: Guard
            app = Klein()

            @app.route("/a")
            def a(self, request: Any) -> bytes:
                return b""

        self.assertRaisesRegex(
            ValueError, "declare routes with serve", compile_routes, [Open(Guard(EverybodyMay()))], "/"
        )

    def test_twice(self) -> None:
        """Two areas cannot have one route."""
        self.assertRaisesRegex(ValueError, "declared twice", compile_routes, [Core(), Core()], "/nacos")

    def test_context(self) -> None:
        """Every way to write it."""
        for text, expected in {
            "": "",
            "/": "",
            "nacos": "/nacos",
            "/nacos": "/nacos",
            "/nacos/": "/nacos",
            "/a/b": "/a/b",
        }.items():
            self.assertEqual(normal_context(text), expected)

    def test_klein_alone(self) -> None:
        """An area's own Klein resource answers too, with no front and no root: with and without a slash at the end."""
        site = Site(Things().app.resource(), reactor=Clock())
        for path in ("/echo", "/echo/"):
            channel = site.buildProtocol(StringTransport().getPeer())
            client = Client(channel)  # type: ignore[arg-type]
            client.send(get(path + "?a=1"))
            (got,) = client.got()
            body = json.loads(got.body)
            self.assertEqual((body["path"], body["params"]), ("/v1/ns/thing/echo", {"a": "1"}))


class GuardTests(SynchronousTestCase):
    """What stands before the handlers."""

    def test_traffic(self) -> None:
        """The traffic filter sees every call of /v1/ns before its handler, in both carriers, and no other."""
        seen: list[str] = []

        def closed(call: Call) -> Reply | None:
            seen.append(call.path)
            return None if call.get("pass") else Reply(503, b"server is DOWN now")

        for carrier in ("front", "klein"):
            server = Server()
            area, core = Things(Guard(EverybodyMay(), closed)), Core(Guard(EverybodyMay(), closed))
            factory = type(server.factory)([area, core], "/nacos", server.factory.limits, server.clock)
            server.factory = factory
            client = server.both()[carrier]
            client.send(
                get("/nacos/v1/ns/thing/echo") + get("/nacos/v1/ns/thing/echo?pass=1") + get("/nacos/v1/core/self")
            )
            refused, passed, other = client.got()
            self.assertEqual((refused.status, refused.body), (503, b"server is DOWN now"))
            self.assertNotIn("content-type", refused.headers)
            self.assertEqual((passed.status, other.status), (200, 200))
        self.assertEqual(seen, ["/v1/ns/thing/echo"] * 4)

    def test_no_guard(self) -> None:
        """An area without a guard answers nothing."""
        self.assertEqual(answer(object(), handler, Call.make("GET", "/x")).status, 500)  # type: ignore[union-attr]
        self.assertEqual(len(self.flushLoggedErrors(AttributeError)), 1)

    def test_forbidden(self) -> None:
        """A guard may raise."""

        class Closed(Guard):
            def check(self, area: Any, handler: Any, call: Call) -> Reply | None:
                raise Refused(UNKNOWN_USER)

        reply = answer(Core(Closed(EverybodyMay())), Core.self_, Call.make("GET", "/x"))
        assert isinstance(reply, Reply)
        self.assertEqual((reply.status, json.loads(reply.body)["message"]), (403, "unknown user!"))

    def test_recorded(self) -> None:
        """A call that an operation has recorded, or is about to, is not noted again, nor waited for."""
        noted: list[tuple[str, int]] = []
        guard = Guard(EverybodyMay(), record=lambda needs, call, reply: noted.append((call.path, reply.status)))

        def begun(self: Any, call: Call) -> Deferred[Reply]:
            call.recorded = call.path == "/by-operation"
            return done

        begun.needs = Rule("write", "config", recorded=True)  # type: ignore[attr-defined]
        for path, expected in (("/by-operation", []), ("/by-nobody", [("/by-nobody", 403)])):
            done: Deferred[Reply] = Deferred()
            answered = answer(Core(guard), begun, Call.make("POST", path))
            assert isinstance(answered, Deferred)
            done.errback(Refused(UNKNOWN_USER))
            self.assertEqual(self.successResultOf(answered).status, 403)
            self.assertEqual(noted, expected)


class PhraseTests(SynchronousTestCase):
    """Errors become words."""

    def test_causes(self) -> None:
        """The causes follow; no traceback does."""
        try:
            try:
                raise KeyError("inner")
            except KeyError as inner:
                raise RuntimeError from inner
        except RuntimeError as error:
            reply = phrase(error, Call.make("GET", "/x"))
        self.assertEqual(reply.body, b"caused: RuntimeError;caused: 'inner';")
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)

    def test_document(self) -> None:
        """Spring's error document, its keys in order."""
        reply = error_document(501, "no such api:GET:/x", b"/x")
        document = json.loads(reply.body)
        self.assertEqual(list(document), ["timestamp", "status", "error", "message", "path"])
        self.assertRegex(document.pop("timestamp"), r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00$")
        self.assertEqual(list(document.values()), [501, "Not Implemented", "no such api:GET:/x", "/x"])
        self.assertEqual(reply.content_type, b"application/json")
        self.assertEqual(reason(599), "Status")

    def test_rejected(self) -> None:
        """A handler may reject a request with a status of its own."""
        reply = phrase(Rejected(409, "conflict", ((b"X-A", b"1"),)), Call.make("GET", "/x?y"))
        self.assertEqual((reply.status, reply.headers, json.loads(reply.body)["path"]), (409, ((b"X-A", b"1"),), "/x"))

    def test_unrouted(self) -> None:
        """Under /v1/ns a path and method without a handler are 501, elsewhere 404 or 405."""
        self.assertEqual(no_such_route("GET", b"/nacos/v1/ns?x", "/v1/ns", None).status, 501)
        self.assertEqual(no_such_route("GET", b"/nacos/v1/nsx", "/v1/nsx", None).status, 404)
        self.assertEqual(no_such_route("PUT", b"/nacos/v1/cs", "/v1/cs", ["GET"]).status, 405)
