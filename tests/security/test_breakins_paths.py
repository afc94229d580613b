"""Ways around the check by another spelling of the path, another method, or a header that says "I am a server"."""

from __future__ import annotations

import socket

from tests.security.guarded import RIGHTS, GuardedCase, query
from tests.system.nodes import Answer

USERS = "/nacos/v1/auth/users"
EVIL = query(username="reader", newPassword="evil")
"""Of a PUT: it would change a password. (A password in a request is an attempt to log in, which would be slowed.)"""
SPELLINGS = (
    "/nacos/v1/auth/users/", "/nacos/v1/auth/users//", "//nacos/v1/auth/users", "/nacos//v1/auth/users",
    "/nacos/v1//auth/users", "/nacos/v1/auth//users", "/nacos/v1/auth/./users", "/nacos/v1/auth/%2e/users",
    "/nacos/v1/x/../auth/users", "/nacos/v1/x/%2e%2e/auth/users", "/nacos/v1/x/%2E%2E%2Fauth/users",
    "/nacos/v1/auth/users;x", "/nacos/v1/auth/users;jsessionid=1", "/nacos/v1/auth/users/;x", "/nacos/;/v1/auth/users",
    "/nacos/v1/auth/users/..;/", "/nacos/v1/auth/users/..;/users", "/nacos/v1/auth/login/..;/users",
    "/nacos/v1/auth/login/../users", "/nacos/v1/console/health/liveness/../../../auth/users",
    "/nacos/v1/auth/%75sers", "/nacos/v1/%61uth/users", "/%6eacos/v1/auth/users", "/nacos%2fv1/auth/users",
    "/nacos/v1/auth%2fusers", "/nacos/v1/auth/users%2f", "/nacos/v1/auth/%2575sers", "/nacos/v1/auth/users%20",
    "/nacos/v1/auth/users%09", "/nacos/v1/auth/users%00", "/nacos/v1/auth/users%3b", "/nacos/v1/auth/users%3fx=",
    "/nacos/v1/auth/users.json", "/nacos/v1/auth/users.", "/nacos/V1/AUTH/USERS", "/NACOS/v1/auth/users",
    "/nacos/v1/auth/Users", "/nacos/v1\\auth\\users", "/nacos/v1/auth/users\\", "http://localhost/nacos/v1/auth/users",
    "http://localhost/nacos/v1/auth/users/", "/v1/auth/users", "/nacos/v1/auth", "/nacos/v1/auth/",
    "/nacos/v1/auth/users/login/../../users", "/nacos/v1/auth/users/%c0%ae%c0%ae/users",
    "/nacos/v1/auth/users%ef%bc%8f",
)  # fmt: skip
SERVERS = (
    {"User-Agent": "Nacos-Server"},
    {"User-Agent": "Nacos-Server:v1.4.2"},
    {"User-Agent": "Nacos-Server/2.5.1"},
    {"Client-Version": "Nacos-Server"},
    {"User-Agent": "", "Client-Version": "Nacos-Server:v1.4.0"},
)
PUBLISHED = (
    {"serverIdentity": "security"},
    {"SERVERIDENTITY": "security"},
    {"example": "example"},
    {"authKey": "nacosSecurty"},
    {"nacos": "nacos"},
    {"test": "test"},
    {"serverIdentity": ""},
)
REFUSALS = {400, 403, 404, 405, 501}


class BypassTests(GuardedCase):
    """None of it creates, changes or lists users, or reads a config."""

    def setUp(self) -> None:
        super().setUp()
        form = {"tenant": "dev", "dataId": "hidden", "group": "g", "content": "SECRET-MARK"}
        self.guarded.ok("POST", "/v1/cs/configs", **form)

    def assertNothingDone(self) -> None:
        names = self.guarded.ok("GET", "/v1/auth/users/search", username="").json
        self.assertEqual(sorted(names), sorted(["nacos", *RIGHTS]))
        for name in ("reader", "writer"):
            self.guarded.log_in(name, self.guarded.passwords[name])
        found = self.guarded.ok("GET", "/v1/cs/configs", tenant="dev", dataId="hidden", group="g")
        self.assertEqual(found.text, "SECRET-MARK")

    def refused(self, answer: Answer, what: object) -> None:
        self.assertIn(answer.status, REFUSALS, (what, answer))
        for secret in ("SECRET-MARK", "$2a$", "evil"):
            self.assertNotIn(secret, answer.text, (what, answer))

    def test_path_spellings(self) -> None:
        """A path that is spelt in another way is the same route, checked, or no route."""
        for path in SPELLINGS:
            for method in ("GET", "DELETE", "PUT"):
                target = path + query(username="reader", pageNo=1, pageSize=9, newPassword="evil")
                self.refused(self.both(method, target), (method, path))
            config = path.replace("auth/users", "cs/configs") + query(tenant="dev", dataId="hidden", group="g")
            self.refused(self.both("GET", config), config)
        self.assertNothingDone()

    def test_path_spellings_of_a_user(self) -> None:
        """Nor does a right for something else help."""
        for path in SPELLINGS:
            made = path + query(username="evil", password="evil")
            self.refused(self.both("POST", made, self.bearer("reader")), path)
            changed = path + query(username="writer", newPassword="evil")
            self.refused(self.both("PUT", changed, self.bearer("reader")), path)
        self.assertNothingDone()

    def test_odd_request_lines(self) -> None:
        """What is no HTTP at all for a client of ours is refused by the server itself."""
        for text in (
            f"PUT {USERS}{EVIL}#x HTTP/1.1", f"PUT  {USERS}{EVIL} HTTP/1.1", f"put {USERS}{EVIL} HTTP/1.1",
            f"PUT {USERS}{EVIL} HTTP/1.0", f"PUT {USERS}{EVIL} HTTP/0.9", f"PUT {USERS}{EVIL}",
            f"PUT\t{USERS}{EVIL}\tHTTP/1.1", f"\r\nPUT {USERS}{EVIL} HTTP/1.1", f"PUT *{USERS}{EVIL} HTTP/1.1",
        ):  # fmt: skip
            with socket.create_connection(("127.0.0.1", self.node.port), 10) as raw:
                raw.sendall(f"{text}\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
                raw.shutdown(socket.SHUT_WR)
                said = raw.makefile("rb").read()
            self.assertNotIn(b" 200 ", said.partition(b"\r\n")[0], text)
        self.assertNothingDone()

    def test_user_agent_of_a_server(self) -> None:
        """User-Agent: Nacos-Server opens nothing, although userAgentAuthWhite is on (CVE-2021-29441)."""
        for headers in SERVERS:
            self.assertRefused(self.both("PUT", USERS + EVIL, headers), "unknown user!", headers)
            listed = self.both("GET", USERS + query(pageNo=1, pageSize=9), headers)
            self.assertRefused(listed, "unknown user!", headers)
        self.assertNothingDone()

    def test_published_server_identity(self) -> None:
        """An identity that stands in Nacos's documents opens nothing, although it is the one that is set."""
        for headers in PUBLISHED:
            self.assertRefused(self.both("PUT", USERS + EVIL, headers), "unknown user!", headers)
            listed = self.both("GET", USERS + query(pageNo=1, pageSize=9), headers)
            self.assertRefused(listed, "unknown user!", headers)
        self.assertNothingDone()

    def test_other_methods(self) -> None:
        """HEAD is checked like GET; what has no handler tells nothing."""
        target = "/nacos/v1/cs/configs" + query(tenant="dev", dataId="hidden", group="g")
        head = self.both("HEAD", target)
        self.assertEqual((head.status, head.body, head.headers.get("content-md5")), (403, b"", None))
        self.assertEqual(self.both("HEAD", target, self.bearer("reader")).status, 200)
        for method in ("OPTIONS", "TRACE", "PROPFIND", "LOCK", "PATCH", "PUT", "Get", "GETX"):
            answer = self.both(method, target)
            self.assertIn(answer.status, REFUSALS | {200, 204}, (method, answer))
            for secret in (b"SECRET-MARK", b"content-md5"):
                self.assertNotIn(secret, answer.body, (method, answer))
            self.assertIsNone(answer.headers.get("content-md5"), method)
        self.assertNothingDone()

    def test_method_overrides(self) -> None:
        """A header or parameter that names another method is not looked at: who may read does not delete by it."""
        target = "/nacos/v1/cs/configs" + query(tenant="dev", dataId="hidden", group="g", _method="DELETE")
        for name in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
            answer = self.both("GET", target, {name: "DELETE", **self.bearer("reader")})
            self.assertEqual((answer.status, answer.text), (200, "SECRET-MARK"))
            form = {name: "GET", "Content-Type": "application/x-www-form-urlencoded", **self.bearer("reader")}
            self.assertRefused(self.both("POST", target, form, b"_method=GET"), "authorization failed!")
        self.assertNothingDone()

    def test_rewritten_urls(self) -> None:
        """Headers by which proxies name another path are not looked at."""
        for name in ("X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Uri", "X-Forwarded-Prefix", "Forwarded"):
            answer = self.both("GET", "/nacos/v1/cs/health", {name: USERS + "?pageNo=1&pageSize=9"})
            self.assertEqual((answer.status, answer.text), (200, "UP"), name)
        for name in ("X-Forwarded-For", "X-Real-IP", "X-Forwarded-Host", "X-Client-IP", "Host"):
            self.refused(self.both("GET", USERS + "?pageNo=1&pageSize=9", {name: "127.0.0.1"}), name)

    def test_pages_that_were_never_there(self) -> None:
        """SQL by HTTP and the removal of all data do not exist."""
        for path in (
            "/v1/cs/ops/derby",
            "/v1/cs/ops/data/removal",
            "/v1/cs/ops/derby/import",
            "/v2/core/ops",
        ):
            for method in ("GET", "POST"):
                answer = self.both(method, f"/nacos{path}" + query(sql="select * from users"), self.bearer("admin"))
                self.assertEqual(answer.status, 404, (path, answer))
