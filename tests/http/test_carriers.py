"""One table of requests, and the same answers from both carriers."""

from __future__ import annotations

import json
import re
from typing import NamedTuple

from twisted.trial.unittest import SynchronousTestCase

from tests.http.carriers import Client, Got, Server, get

FORM = "Content-Type: application/x-www-form-urlencoded;charset=UTF-8"
ECHO = "/nacos/v1/ns/thing/echo"


class Case(NamedTuple):
    """
    A request and its answer.

    @ivar text: what stands somewhere in the body.
    @ivar handed: whether the front gives the connection to the twisted.web carrier.
    """

    request: bytes
    status: int
    text: str = ""
    closes: bool = False
    handed: bool = False


CASES = {
    "get": Case(get(ECHO + "?a=1&b=%40%40+x"), 200, '"params":{"a":"1","b":"@@ x"}'),
    "one trailing slash": Case(get(ECHO + "/?a=1"), 200, '"path":"/v1/ns/thing/echo"'),
    "two trailing slashes": Case(get(ECHO + "//"), 501, "no such api:GET:", handed=True),
    "double slash inside": Case(get("/nacos/v1/ns//thing/echo"), 501, "no such api:GET:", handed=True),
    "escaped path": Case(get("/nacos/v1/ns/thing/%65cho"), 200, '"path":"/v1/ns/thing/echo"'),
    "escaped slash": Case(get("/nacos/v1/ns/thing%2Fecho"), 200, '"path":"/v1/ns/thing/echo"'),
    "absolute form": Case(get("http://localhost" + ECHO + "?a=1"), 200, f'"target":"{ECHO}?a=1"'),
    "absolute form, form body": Case(
        get("HTTPS://[::1]:8848" + ECHO, FORM, method="POST", body=b"a=2"), 200, '"params":{"a":"2"}'
    ),
    "absolute form, query for a path": Case(get("http://localhost?a=1"), 404, '"status":404', handed=True),
    "absolute form without a host": Case(get("http://" + ECHO), 404, '"status":404', handed=True),
    "absolute form of a page": Case(get("http://localhost/"), 404, '"path":"/"', handed=True),
    "empty query": Case(get(ECHO + "?"), 200, '"params":{}'),
    "odd characters in the query": Case(get(ECHO + '?a={"b":[1|2^3]}'), 200, '"target":'),
    "raw bytes in the target": Case(get(ECHO + "?a=\xe4\xb8\xad"), 400, "malformed request", closes=True),
    "raw bytes in a header": Case(get(ECHO, "X-Test: \xe4\xb8\xad"), 200, '"x":"中"'),
    "post without a body": Case(get("/nacos/v1/ns/thing?a=1", method="POST"), 200, "ok"),
    "post with an empty body": Case(get("/nacos/v1/ns/thing", method="POST", body=b""), 200, "ok"),
    "ok as html": Case(get("/nacos/v1/ns/thing", "Accept: text/html, image/gif, */*; q=0.2", method="POST"), 200, "ok"),
    "ok as json": Case(get("/nacos/v1/ns/thing", "Accept: application/json", method="POST"), 200, "ok"),
    "form": Case(get(ECHO + "?a=1", FORM, method="PUT", body=b"a=2&b=3&"), 200, '"params":{"a":"1","b":"3"}'),
    "form by post": Case(get(ECHO, FORM, method="POST", body=b"a=2"), 200, '"params":{"a":"2"}'),
    "form by delete": Case(get(ECHO, FORM, method="DELETE", body=b"a=2"), 200, '"params":{"a":"2"}'),
    "form by get": Case(get(ECHO, FORM, body=b"a=2"), 200, '"params":{"a":"2"}'),
    "body that is no form": Case(
        get(ECHO, "Content-Type: application/json", method="PATCH", body=b'{"a":1}'), 200, '"params":{}'
    ),
    "multipart": Case(
        get(ECHO, "Content-Type: multipart/form-data; boundary=b", method="POST", body=b"--b--\r\n"),
        200,
        '"length":7',
        handed=True,
    ),
    "broken multipart": Case(
        get(ECHO, "Content-Type: multipart/form-data", method="POST", body=b"?"), 200, '"length":1', handed=True
    ),
    "chunks": Case(
        get(ECHO, FORM, "Transfer-Encoding: chunked", method="PUT") + b"3\r\na=1\r\n2\r\n&b\r\n0\r\n\r\n",
        200,
        '"params":{"a":"1","b":""}',
        handed=True,
    ),
    "a body for the other carrier": Case(
        get(ECHO, method="POST", body=b"x" * (2**20 + 1)), 200, '"length":1048577', handed=True
    ),
    "java agent": Case(get(ECHO, "User-Agent: Nacos-Java-Client:v1.4.8"), 200, '"java":true'),
    "old java agent": Case(get(ECHO, "user-agent: Nacos-Java-Client:v0.9.0"), 200, '"java":false'),
    "client version": Case(get(ECHO, "Client-Version: Nacos-Go-Client:v1"), 200, '"agent":"Nacos-Go-Client:v1"'),
    "error 400": Case(get("/nacos/v1/ns/thing/fail?how=bad"), 400, "Param 'x' is required."),
    "error 400 by call": Case(get("/nacos/v1/ns/thing/fail"), 400, "Param 'how' is required."),
    "error 404": Case(get("/nacos/v1/ns/thing/fail?how=missing"), 404, "no such thing"),
    "error 403": Case(get("/nacos/v1/ns/thing/fail?how=forbidden"), 403, '"message":"authorization failed!"'),
    "error 503": Case(get("/nacos/v1/ns/thing/fail?how=unavailable"), 503, "no leader"),
    "error in time": Case(get("/nacos/v1/ns/thing/fail?how=late"), 503, "no majority in time"),
    "error 500": Case(get("/nacos/v1/ns/thing/fail?how=crash"), 500, "caused: boom;"),
    "error of a coroutine": Case(get("/nacos/v1/ns/thing/fail/async?how=bad"), 400, "Param 'x' is required."),
    "crash of a coroutine": Case(get("/nacos/v1/ns/thing/fail/async?how=crash"), 500, "caused: boom;"),
    "handler without an answer": Case(get("/nacos/v1/ns/thing/nothing"), 500, "caused: "),
    "answer that is there already": Case(get("/nacos/v1/ns/thing/soon"), 200, "soon"),
    "no body, no type": Case(get("/nacos/v1/ns/thing/empty"), 200),
    "status 204": Case(get("/nacos/v1/ns/thing/empty?status=204"), 204),
    "status 304": Case(get("/nacos/v1/ns/thing/empty?status=304"), 304),
    "headers": Case(get("/nacos/v1/ns/thing/headers"), 200, "text"),
    "large answer": Case(get("/nacos/v1/ns/thing/big"), 200, "xxx"),
    "unknown path": Case(get("/nacos/v1/core/nosuch?a=1"), 404, '"path":"/nacos/v1/core/nosuch"', handed=True),
    "unknown path in naming": Case(
        get("/nacos/v1/ns/nosuch?a=1"), 501, '"message":"no such api:GET:/nacos/v1/ns/nosuch"', handed=True
    ),
    "outside the context": Case(get("/v1/ns/thing/echo"), 501, "no such api", handed=True),
    "root": Case(get("/"), 404, '"status":404', handed=True),
    "wrong method": Case(
        get("/nacos/v1/core/self", method="POST"), 405, "Request method 'POST' not supported", handed=True
    ),
    "wrong method in naming": Case(get("/nacos/v1/ns/thing"), 501, "no such api:GET:/nacos/v1/ns/thing", handed=True),
    "unknown method": Case(
        get("/nacos/v1/core/self", method="FOO"), 405, "Request method 'FOO' not supported", handed=True
    ),
    "options": Case(get(ECHO, method="OPTIONS"), 200, handed=True),
    "options of nothing": Case(get("/nacos/nothing", method="OPTIONS"), 404, handed=True),
    "options of all": Case(get("*", method="OPTIONS"), 200, handed=True),
    "trace": Case(get("/nacos/v1/core/self", method="TRACE"), 405, handed=True),
    "connect": Case(get("localhost:80", method="CONNECT"), 404, handed=True),
    "upgrade": Case(get("/nacos/v1/core/self", "Upgrade: websocket", "Connection: upgrade"), 200, "self", handed=True),
    "http2 by prior knowledge": Case(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "malformed request", True, True),
    "odd host": Case(b"GET /nacos/v1/core/self HTTP/1.1\r\nHost: a..b:xx\xff\r\n\r\n", 200, "self"),
    "no host": Case(b"GET /nacos/v1/core/self HTTP/1.1\r\n\r\n", 200, "self"),
    "leading line end": Case(b"\r\n" + get("/nacos/v1/core/self"), 200, "self"),
    "close": Case(get("/nacos/v1/core/self", "Connection: close"), 200, "self", closes=True),
    "http 1.0": Case(get("/nacos/v1/core/self", version="1.0"), 200, "self", closes=True),
}

SMUGGLING = {
    "both lengths": get(ECHO, "Transfer-Encoding: chunked", method="POST", body=b"0\r\n\r\n"),
    "both lengths, other order": get(ECHO, "Content-Length: 5", "Transfer-Encoding: chunked", method="POST")
    + b"0\r\n\r\n",
    "two lengths": get(ECHO, "Content-Length: 1", method="POST", body=b"ab"),
    "two equal lengths": get(ECHO, "Content-Length: 2", method="POST", body=b"ab"),
    "list of lengths": get(ECHO, "Content-Length: 2, 2", method="POST") + b"ab",
    "signed length": get(ECHO, "Content-Length: +2", method="POST") + b"ab",
    "negative length": get(ECHO, "Content-Length: -2", method="POST") + b"ab",
    "hex length": get(ECHO, "Content-Length: 0x2", method="POST") + b"ab",
    "empty length": get(ECHO, "Content-Length: ", method="POST") + b"ab",
    "endless length": get(ECHO, "Content-Length: " + "9" * 5000, method="POST") + b"ab",
    "unknown transfer encoding": get(ECHO, "Transfer-Encoding: xchunked", method="POST") + b"0\r\n\r\n",
    "identity": get(ECHO, "Transfer-Encoding: identity", method="POST") + b"0\r\n\r\n",
    "chunked twice": get(ECHO, "Transfer-Encoding: chunked, chunked", method="POST") + b"0\r\n\r\n",
    "chunked not last": get(ECHO, "Transfer-Encoding: chunked, identity", method="POST") + b"0\r\n\r\n",
    "bad chunk size": get(ECHO, "Transfer-Encoding: chunked", method="POST") + b"g\r\n\r\n",
    "signed chunk size": get(ECHO, "Transfer-Encoding: chunked", method="POST") + b"+1\r\na\r\n0\r\n\r\n",
    "hex prefix in a chunk size": get(ECHO, "Transfer-Encoding: chunked", method="POST") + b"0x1\r\na\r\n0\r\n\r\n",
    "chunk longer than its size": get(ECHO, "Transfer-Encoding: chunked", method="POST") + b"1\r\nabc\r\n0\r\n\r\n",
    "bare cr in a header": get(ECHO, "X-Test: a\rb"),
    "bare lf in a header": get(ECHO, "X-Test: a\nX-Other: b"),
    "bare lf after the request line": b"GET " + ECHO.encode() + b" HTTP/1.1\nHost: x\r\n\r\n",
    "nul in a header": get(ECHO, "X-Test: a\0b"),
    "control character in a header": get(ECHO, "X-Test: a\1b"),
    "delete in a header": get(ECHO, "X-Test: a\x7fb"),
    "folded header": get(ECHO, "X-Test: a", " b"),
    "folded by a tab": get(ECHO, "X-Test: a", "\tb"),
    "blank before the colon": get(ECHO, "X-Test : a"),
    "blank before a length's colon": get(ECHO, "Content-Length : 2", method="POST") + b"ab",
    "no colon": get(ECHO, "X-Test"),
    "no header name": get(ECHO, ": a"),
    "header name with odd characters": get(ECHO, "X(Test): a"),
    "two blanks in the request line": b"GET  " + ECHO.encode() + b" HTTP/1.1\r\n\r\n",
    "blank in the target": b"GET " + ECHO.encode() + b" x HTTP/1.1\r\n\r\n",
    "blank before the request line": b" GET " + ECHO.encode() + b" HTTP/1.1\r\n\r\n",
    "no version": b"GET " + ECHO.encode() + b"\r\n\r\n",
    "version 0.9": get(ECHO, version="0.9"),
    "version 1.2": get(ECHO, version="1.2"),
    "version 2": get(ECHO, version="2.0"),
    "lower-case version": b"GET " + ECHO.encode() + b" http/1.1\r\n\r\n",
    "another protocol": b"SOURCE " + ECHO.encode() + b" ICE/1.0\r\n\r\n",
    "rubbish": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
}


def comparable(got: Got) -> tuple[int, dict[str, str], bytes]:
    """A response without what tells the time."""
    headers = {name: value for name, value in got.headers.items() if name != "date"}
    return got.status, headers, re.sub(rb'"timestamp":"[^"]*"', b'"timestamp":""', got.body)


class ConformanceTests(SynchronousTestCase):
    """Both carriers answer each request alike."""

    maxDiff = None

    def ask(self, client: Client, request: bytes) -> Got:
        """One request, one response."""
        client.send(request)
        found = client.got()
        self.assertEqual(len(found), 1, found)
        return found[0]

    def test_table(self) -> None:
        """Status, body and headers of every request of the table."""
        for name, case in CASES.items():
            server = Server()
            answers = {}
            for carrier, client in server.both().items():
                got = answers[carrier] = self.ask(client, case.request)
                self.assertEqual(got.status, case.status, f"{name}, {carrier}: {got}")
                self.assertIn(case.text, got.body.decode(), f"{name}, {carrier}")
                self.assertEqual(got.headers["content-security-policy"], "script-src 'self'", f"{name}, {carrier}")
                self.assertEqual(got.headers["x-content-type-options"], "nosniff", f"{name}, {carrier}")
                self.assertNotIn("server", got.headers)
                self.assertRegex(got.headers["date"], r"^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$")
                self.assertEqual(client.closed, case.closes, f"{name}, {carrier}")
                self.assertNotIn(b"Traceback", got.body)
            self.flushLoggedErrors()
            if "1.0" not in name:  # twisted.web closes without saying so
                self.assertEqual(comparable(answers["front"]), comparable(answers["klein"]), name)
            self.assertEqual(server.factory.counters.handed_over, int(case.handed), name)

    def test_smuggling(self) -> None:
        """What could mean two things to two servers is refused, alone on its connection and after another request."""
        for name, request in SMUGGLING.items():
            for first in (b"", get("/nacos/v1/core/self")):
                server = Server()
                for carrier, client in server.both().items():
                    client.send(first + request + get("/nacos/v1/core/self"))
                    *before, got = client.got()
                    self.assertEqual([item.status for item in before], [200] if first else [], f"{name}, {carrier}")
                    self.assertEqual(got.status, 400, f"{name}, {carrier}: {got}")
                    self.assertEqual(got.headers["connection"], "close")
                    self.assertEqual(got.headers["x-content-type-options"], "nosniff")
                    self.assertEqual(json.loads(got.body)["message"], "malformed request")
                    self.assertTrue(client.closed, f"{name}, {carrier}")

    def test_pieces(self) -> None:
        """A request may be cut anywhere."""
        for name in ("get", "form", "leading line end", "error 400", "chunks", "multipart", "unknown path", "http 1.0"):
            case = CASES[name]
            whole = {carrier: comparable(self.ask(client, case.request)) for carrier, client in Server().both().items()}
            for cut in range(1, len(case.request)):
                for carrier, client in Server().both().items():
                    client.send(case.request[:cut])
                    client.send(case.request[cut:])
                    self.assertEqual([comparable(got) for got in client.got()], [whole[carrier]], f"{name} at {cut}")
            for carrier, client in Server().both().items():
                for at in range(len(case.request)):
                    client.send(case.request[at : at + 1])
                self.assertEqual([comparable(got) for got in client.got()], [whole[carrier]], name)

    def test_headers_of_one_name(self) -> None:
        """A reply may have a header several times."""
        for carrier, client in Server().both().items():
            client.send(get("/nacos/v1/ns/thing/cookies"))
            lines = client.transport.value().split(b"\r\n")
            cookies = [line for line in lines if line.startswith(b"Set-Cookie: ")]
            self.assertEqual(cookies, [b"Set-Cookie: a=1", b"Set-Cookie: b=2"], carrier)

    def test_many_on_one_connection(self) -> None:
        """A connection is kept, whatever was asked before, one by one or all at once."""
        cases = [
            case
            for case in CASES.values()
            if not case.closes and case.request[:7] != b"CONNECT" and len(case.request) < 9999
        ]
        for pipelined in (True, False):
            for carrier, client in Server(pipeline_depth=1000).both().items():
                if pipelined:
                    client.send(b"".join(case.request for case in cases))
                else:
                    for case in cases:
                        client.send(case.request)
                got = [item.status for item in client.got()]
                self.assertEqual(got, [case.status for case in cases], carrier)
        self.flushLoggedErrors()

    def test_head(self) -> None:
        """HEAD gives the headers of GET and no body."""
        for path in (ECHO, "/nacos/v1/core/self", "/nacos/v1/ns/thing/fail?how=bad"):
            for carrier, client in Server().both().items():
                client.send(get(path, method="HEAD") + get(path))
                head, body = client.got(heads=(0,))
                self.assertEqual(head.status, body.status, carrier)
                drop = {"date", "content-length"} if path == ECHO else {"date"}
                self.assertEqual(
                    {key: value for key, value in head.headers.items() if key not in drop},
                    {key: value for key, value in body.headers.items() if key not in drop},
                    carrier,
                )
                self.assertIn("content-length", head.headers)
        for client in Server().both().values():
            client.send(get("/nacos/v1/core/nosuch", method="HEAD") + get("/nacos/v1/ns/thing", method="HEAD"))
            self.assertEqual([got.status for got in client.got(heads=(0, 1))], [404, 501])

    def test_allow(self) -> None:
        """OPTIONS and 405 tell the methods of a path."""
        for client in Server().both().values():
            client.send(get(ECHO, method="OPTIONS") + get("/nacos/v1/core/self", method="PUT"))
            options, wrong = client.got()
            self.assertEqual(options.headers["allow"], "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT")
            self.assertEqual(wrong.headers["allow"], "GET, HEAD, OPTIONS")

    def test_expect(self) -> None:
        """A client that waits for leave to send its body gets it, and is told to go when the body is too large."""
        for carrier, client in Server().both().items():
            request = get(ECHO, "Expect: 100-continue", method="POST", body=b"abc")
            client.send(request[:-3])
            self.assertEqual(client.transport.value(), b"HTTP/1.1 100 Continue\r\n\r\n", carrier)
            client.transport.clear()
            client.send(request[-3:])
            self.assertEqual(json.loads(client.got()[0].body)["length"], 3)
        for carrier, client in Server(max_body=10).both().items():
            client.send(get(ECHO, "Expect: 100-continue", method="POST", body=b"x" * 11)[:-11])
            self.assertEqual(client.got()[0].status, 413, carrier)
            self.assertTrue(client.closed)

    def test_large_body(self) -> None:
        """A body up to the limit is read, one byte more is refused before it is sent, also in chunks."""
        for carrier, client in Server(max_body=1000).both().items():
            client.send(get(ECHO, method="POST", body=b"x" * 1000))
            self.assertEqual(client.got()[0].status, 200)
            client.send(get(ECHO, method="POST", body=b"x" * 1001)[:-1001])
            (got,) = client.got()
            self.assertEqual(got.status, 413, carrier)
            self.assertIn("larger than 1000 bytes", json.loads(got.body)["message"])
            self.assertTrue(client.closed)
        for carrier, client in Server(max_body=1000).both().items():
            client.send(get(ECHO, "Transfer-Encoding: chunked", method="POST") + b"400\r\n" + b"x" * 1001)
            client.send(b"x" * 23 + b"\r\n0\r\n\r\n" + get(ECHO))
            self.assertEqual([got.status for got in client.got()], [413], carrier)
            self.assertTrue(client.closed)

    def test_large_head(self) -> None:
        """Neither the size nor the number of headers is without bounds."""
        many = [f"X-{number}: x" for number in range(101)]
        for request in (
            get(ECHO, "X-Test: " + "x" * 16400),
            get(ECHO + "?" + "x" * 16400),
            get(ECHO, *many),
            b"x" * 16400,
            get(ECHO, "X-Test: " + "x" * 20000)[:17000],
        ):
            for carrier, client in Server().both().items():
                client.send(request)
                (got,) = client.got()
                self.assertEqual((got.status, client.closed), (400, True), f"{carrier} {request[:60]!r}")

    def test_root_context(self) -> None:
        """The API may have no prefix."""
        for context in ("/", ""):
            for client in Server(context).both().values():
                client.send(get("/v1/ns/thing/echo?a=1") + get("/nacos/v1/core/self") + get("/v1/ns/nosuch"))
                self.assertEqual([got.status for got in client.got()], [200, 404, 501])

    def test_peer(self) -> None:
        """A handler knows its client's address."""
        for client in Server().both().values():
            client.send(get(ECHO))
            self.assertEqual(json.loads(client.got()[0].body)["peer"], "192.168.1.1")

    def test_client_goes(self) -> None:
        """A handler's Deferred is cancelled when nobody waits for it any more; the late answer goes nowhere."""
        for carrier in ("front", "klein"):
            server = Server()
            client = server.both()[carrier]
            client.send(get("/nacos/v1/ns/thing/wait?a=1"))
            client.leave()
            self.assertEqual(server.things.cancelled, [b"/nacos/v1/ns/thing/wait?a=1"], carrier)
            self.assertEqual(client.got(), [])

    def test_counters(self) -> None:
        """Both carriers count answers and failures."""
        for carrier in ("front", "klein"):
            server = Server()
            client = server.both()[carrier]
            for path in (ECHO, "/nacos/v1/ns/thing/fail?how=bad", "/nacos/v1/ns/thing/fail?how=late"):
                client.send(get(path))
            counters = server.factory.counters
            self.assertEqual((counters.requests, counters.client_errors, counters.server_errors), (3, 1, 1), carrier)
            self.assertGreater(counters.seconds, 0)
            client.send(b"rubbish\r\n\r\n")
            self.assertEqual(counters.refused, 1)
