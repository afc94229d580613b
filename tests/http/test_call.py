"""What a handler can ask a call."""

from __future__ import annotations

from typing import Any

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.errors import BadParameter
from nacos_tw.http.call import Call, is_java_agent
from nacos_tw.http.reply import Reply, accepted, json_reply, ok_reply, raw_json_reply, text_reply


def call(query: str = "", body: bytes = b"", **headers: str) -> Call:
    """A call; underscores in names of headers are dashes."""
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return Call.make("GET", "/nacos/x?" + query, body, fields)


class ParameterTests(SynchronousTestCase):
    """Parameters."""

    def refuses(self, text: str, function: Any, *arguments: Any) -> None:
        """It raises BadParameter with a text."""
        with self.assertRaises(BadParameter) as caught:
            function(*arguments)
        self.assertEqual(str(caught.exception), text)

    def test_sources(self) -> None:
        """The query string comes before a form body; a body of another type is none."""
        self.assertEqual(call("a=1&a=2", b"a=3&b=4&").params, {"a": "1", "b": "4"})
        self.assertEqual(
            call("", b"b=4", Content_Type="Application/X-WWW-Form-Urlencoded; charset=UTF-8").get("b"), "4"
        )
        self.assertEqual(call("a=1", b"b=4", Content_Type="application/json").params, {"a": "1"})
        self.assertEqual(Call.make("GET", "/x").params, {})
        self.assertEqual(Call.make("GET", "/x?a=1&b").query, b"a=1&b")

    def test_encoding(self) -> None:
        """The parameter encoding names the charset of all of them."""
        self.assertEqual(call("encoding=GBK&a=%D6%D0", b"b=%D6%D0").params, {"encoding": "GBK", "a": "中", "b": "中"})
        for name in ("UTF-8", "utf8", ""):
            self.assertEqual(call(f"a=%E4%B8%AD&encoding={name}").get("a"), "中")
        self.refuses("unsupported encoding: hex", lambda: call("encoding=hex").params)

    def test_once(self) -> None:
        """They are read once."""
        one = call("a=1")
        self.assertIs(one.params, one.params)
        self.assertIs(one.headers, one.headers)

    def test_defaults(self) -> None:
        """Missing and blank are the same."""
        for query in ("", "a=", "a=%20"):
            one = call(query)
            self.assertEqual(one.get("a"), "")
            self.assertEqual(one.get("a", "x"), "x")
            self.assertEqual(one.integer("a", 5), 5)
            self.assertEqual(one.number("a", 0.5), 0.5)
            self.assertEqual((one.loose("a"), one.strict("a", True), one.spring("a", True)), (False, True, True))
            self.refuses("Param 'a' is required.", one.required, "a")
        self.refuses("Parameter 'a' is missing", call().given, "a")
        self.assertEqual(call("a=").given("a"), "")

    def test_values(self) -> None:
        """Given ones are read."""
        one = call("i=7&n=.5&y=yes&t=True&o=1&w=word")
        self.assertEqual((one.integer("i"), one.number("n"), one.required("w")), (7, 0.5, "word"))
        self.assertEqual((one.loose("y"), one.strict("y"), one.strict("t"), one.spring("o")), (True, False, True, True))
        self.refuses('For input string: "word"', one.integer, "w")
        self.refuses('For input string: "word"', one.number, "w")
        self.assertRaises(BadParameter, one.spring, "w")

    def test_json(self) -> None:
        """A body as JSON, checked against a type."""

        class Point(msgspec.Struct):
            x: int

        self.assertEqual(call(body=b'{"x":1,"y":2}').json(), {"x": 1, "y": 2})
        self.assertEqual(call(body=b'{"x":1,"y":2}').json(Point), Point(1))
        for body in (b"", b"{", b'{"x":"1"}', b'{"x":1e99}', b"\xff", b"[" * 100_000):
            self.assertRaises(BadParameter, call(body=body).json, Point)


class NameTests(SynchronousTestCase):
    """Namespaces and services."""

    def test_namespace(self) -> None:
        """Three words, and none, for the public one."""
        for query in ("", "namespaceId=", "namespaceId=public", "namespaceId=null"):
            self.assertEqual(call(query).namespace, "public")
        self.assertEqual(call("namespaceId=dev").namespace, "dev")

    def test_service(self) -> None:
        """A bare name goes into its group; a name with a group keeps it."""
        for query, expected in {
            "serviceName=s": "DEFAULT_GROUP@@s",
            "serviceName=s&groupName=g": "g@@s",
            "serviceName=s&groupName=": "DEFAULT_GROUP@@s",
            "serviceName=h@@s&groupName=g": "h@@s",
            "dom=s": "DEFAULT_GROUP@@s",
            "dom=d&serviceName=s": "DEFAULT_GROUP@@s",
            "serviceName=g@@@": "g@@@",
            "serviceName=a@b": "DEFAULT_GROUP@@a@b",
        }.items():
            self.assertEqual(call(query).service_key(), ("public", expected), query)
        self.assertEqual(call("serviceName=s&namespaceId=n").service_key(), ("n", "DEFAULT_GROUP@@s"))

    def test_bad_service(self) -> None:
        """Nacos's texts."""
        shape = "Param 'serviceName' is illegal, it should be format as 'groupName@@serviceName'"
        for query, text in {
            "": "Param 'serviceName' is required.",
            "serviceName=%20": "Param 'serviceName' is required.",
            "serviceName=@@": shape,
            "serviceName=g@@": shape,
            "serviceName=g@@@@": shape,
            "serviceName=@@s": "Param 'serviceName' is illegal, groupName can't be empty",
        }.items():
            with self.assertRaises(BadParameter) as caught:
                call(query).service_key()
            self.assertEqual(str(caught.exception), text, query)


class HeaderTests(SynchronousTestCase):
    """Headers."""

    def test_headers(self) -> None:
        """Names in any case; the first of several; blanks around a value do not count."""
        head = b"GET /x HTTP/1.1\r\nX-A: 1\r\nx-a:2\r\nX-AB: \t3 \t\r\nEmpty:\r\n\r\n"
        one = Call("GET", "/x", b"/x", head, b"", "")
        self.assertEqual(one.headers, [(b"x-a", b"1"), (b"x-a", b"2"), (b"x-ab", b"3"), (b"empty", b"")])
        self.assertEqual([one.header(name) for name in (b"x-a", b"x-ab", b"empty", b"b", b"a")], ["1", "3", "", "", ""])

    def test_value_like_a_header(self) -> None:
        """What looks like a header inside a value is none."""
        self.assertEqual(call(X_A="user-agent: x").agent, "")

    def test_agent(self) -> None:
        """Client-Version stands in for an empty User-Agent."""
        self.assertEqual(call(User_Agent="a", Client_Version="b").agent, "a")
        self.assertEqual(call(User_Agent="", Client_Version="b").agent, "b")
        self.assertEqual(call(client_version="b").agent, "b")
        self.assertEqual(call().agent, "")

    def test_java_agent(self) -> None:
        """From 1.0.0 on, in any spelling of the header."""
        java = "Nacos-Java-Client:v1.4.8"
        for _ in range(2):
            for headers, expected in (
                ({"User-Agent": java}, True),
                ({"user-agent": java}, True),
                ({"USER-AGENT": java}, True),
                ({"User-Agent": "curl/8", "Client-Version": java}, False),
                ({"User-Agent": "", "Client-Version": java}, True),
                ({"User-Agent": ""}, False),
                ({"Client-Version": java}, True),
                ({"User-Agent": "Nacos-Java-Client:v0.9.9"}, False),
                ({}, False),
            ):
                self.assertEqual(Call.make("GET", "/x", headers=headers).java_agent, expected, headers)

    def test_versions(self) -> None:
        """The text after C{:v}."""
        for agent, expected in {
            b"Nacos-Java-Client:v1.0.0": True,
            b"Nacos-Java-Client:v2.0.0-SNAPSHOT": True,
            b"Nacos-Java-Client:v12": True,
            b"Nacos-Java-Client": False,
            b"Nacos-Java-Client:vx": False,
            b"Nacos-Java-Client:v" + b"9" * 5000: True,
            b"Nacos-SDK-Java:v1.0.0": False,
        }.items():
            self.assertEqual(is_java_agent(agent), expected, agent[:60])

    def test_repr(self) -> None:
        """It names the request."""
        self.assertEqual(repr(Call.make("GET", "/x?a")), "<Call GET b'/x?a' from 127.0.0.1>")


class ReplyTests(SynchronousTestCase):
    """Answers."""

    def test_accept(self) -> None:
        """The type of a text follows Accept as far as we can give it."""
        for accept, expected in {
            None: b"text/plain;charset=UTF-8",
            "*/*": b"text/plain;charset=UTF-8",
            "text/html, image/gif, image/jpeg, */*; q=0.2": b"text/html;charset=UTF-8",
            "application/json": b"application/json",
            "application/json;q=0.9, text/plain": b"application/json",
            "image/png, text/*": b"text/plain;charset=UTF-8",
            "image/png": b"text/plain;charset=UTF-8",
            "": b"text/plain;charset=UTF-8",
        }.items():
            one = call() if accept is None else call(Accept=accept)
            self.assertEqual(accepted(one), expected, accept)
            self.assertEqual(text_reply("x", one).content_type, expected)
            self.assertIs(ok_reply(one), ok_reply(one))
            self.assertEqual((ok_reply(one).content_type, ok_reply(one).body), (expected, b"ok"))
        self.assertEqual(text_reply("é").content_type, b"text/plain;charset=UTF-8")

    def test_json(self) -> None:
        """JSON is compact."""
        one = json_reply({"a": 0.5, "b": None, "c": "é"}, 201)
        self.assertEqual(
            (one.status, one.body, one.content_type), (201, '{"a":0.5,"b":null,"c":"é"}'.encode(), b"application/json")
        )
        self.assertEqual(raw_json_reply(b"{}").body, b"{}")
        self.assertIn("404", repr(Reply(404, b"x")))
