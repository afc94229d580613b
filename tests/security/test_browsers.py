"""Break-ins by way of a browser: scripts in what is stored or echoed, pages of other origins, cookies."""

from __future__ import annotations

import json
from urllib.parse import quote, urlencode

from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.errors import SettingsError
from nacos_tw.settings.settings import load
from tests.http.carriers import Client, Got, Server, get
from tests.security.probing import PROBES, SecurityCase
from tests.system.config_nodes import CONFIGS, publish
from tests.system.nodes import NAMING, Answer

SCRIPT = "<script>alert(1)</script>"
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
MARKUP = ("text/html", "application/xhtml+xml", "application/xml", "text/xml", "image/svg+xml")
ECHO = "/nacos/v1/ns/thing/echo"
PAGE = "https://console.example.com"
OTHERS = (
    "https://console.example.com.evil.com", "https://evil.com", "http://console.example.com", "null", "*",
    "https://console.example.com:444", "https://xconsole.example.com", "https://console.example.com/",
    "HTTPS://CONSOLE.EXAMPLE.COM", f"{PAGE} {PAGE}", f"{PAGE}, https://evil.com", "",
)  # fmt: skip


class StoredScriptTests(SecurityCase):
    """Cross-site scripting: what a client sent is never given to a browser as a page."""

    def harmless(self, answer: Answer, of: str) -> None:
        """No browser runs what stands in it."""
        kind = answer.headers.get("content-type", "").partition(";")[0]
        self.assertEqual(answer.headers["x-content-type-options"], "nosniff", of)
        self.assertIn("script-src 'self'", answer.headers["content-security-policy"], of)
        if b"<" in answer.body:
            self.assertNotIn(kind, (*MARKUP, ""), f"{of}: {answer}")

    def test_script_in_a_content_of_any_type(self) -> None:
        """A content that is a page is a text to browsers, whatever type it was published with."""
        for kind in ("html", "xml", "text", "json", "nosuch"):
            self.assertEqual(publish(self.node, f"page.{kind}", SCRIPT, type=kind).text, "true")
            for method in ("GET", "HEAD"):
                answer = self.node.request(method, CONFIGS, {"dataId": f"page.{kind}", "group": "g"}, headers=BROWSER)
                self.assertEqual(answer.headers["content-type"], "text/plain;charset=UTF-8")
                self.harmless(answer, kind)
            shown = self.node.request(
                "GET", CONFIGS, {"dataId": f"page.{kind}", "group": "g", "show": "all"}, headers=BROWSER
            )
            self.assertEqual(shown.json["content"], SCRIPT)
            self.harmless(shown, kind)

    def test_script_in_names_descriptions_and_metadata(self) -> None:
        """What else can be stored comes back as JSON only."""
        publish(self.node, "described", "x", desc=SCRIPT, appName=SCRIPT, config_tags=SCRIPT)
        self.node.request("POST", "/nacos/v1/console/namespaces", {"namespaceName": SCRIPT, "namespaceDesc": SCRIPT})
        self.node.register("scripted", "10.0.0.1", metadata=json.dumps({SCRIPT: SCRIPT}), app=SCRIPT)
        for path, params in (
            (CONFIGS, {"search": "accurate", "dataId": "described", "group": "", "pageNo": 1, "pageSize": 9}),
            (CONFIGS + "/catalog", {"dataId": "described", "group": "g"}),
            ("/nacos/v1/console/namespaces", {}),
            (NAMING + "/instance/list", {"serviceName": "scripted"}),
        ):
            answer = self.node.request("GET", path, params, headers=BROWSER)
            self.assertEqual(answer.headers["content-type"].partition(";")[0], "application/json", path)
            self.harmless(answer, path)

    def test_script_in_any_parameter_of_any_route(self) -> None:
        """Each parameter of each route echoed into an error, asked for as a browser does."""
        echoed = 0
        for method, path, params in PROBES:
            for name in params:
                target = f"/nacos{path}?{urlencode({**params, name: SCRIPT})}"
                answer = self.node.request(method, target, headers=BROWSER)
                self.assertLess(answer.status, 600)
                self.harmless(answer, f"{method} {path} {name}")
                echoed += b"<script>" in answer.body
        self.assertGreater(echoed, 5, "nothing was echoed: this test shows nothing")

    def test_script_in_a_path(self) -> None:
        """An unknown path is named in a JSON document."""
        for path in (
            f"/nacos/{quote(SCRIPT)}",
            f"/nacos/v1/ns/{SCRIPT}",
            f"/{SCRIPT}",
            f"/nacos/v1/cs/configs;{SCRIPT}",
        ):
            answer = self.node.request("GET", path, headers=BROWSER)
            self.assertEqual(answer.headers["content-type"].partition(";")[0], "application/json", path)
            self.harmless(answer, path)

    def test_line_ends_in_stored_values_make_no_header(self) -> None:
        """Response splitting: what is stored stands in headers of an answer, never as a line of its own."""
        evil = "x\r\nSet-Cookie: a=b\r\n\r\n<script>"
        for name in ("type", "encryptedDataKey", "tag", "appName"):
            publish(self.node, f"split.{name}", "x", **{name: evil})
            params = {"dataId": f"split.{name}", "group": "g", "tag": evil}
            for asked in (params, {**params, "tag": ""}):
                answer = self.node.request("GET", CONFIGS, asked, headers={"Vipserver-Tag": "x"})
                self.assertNotIn("set-cookie", answer.headers)


class ForgeryTests(SecurityCase):
    """
    Cross-site request forgery: nothing that a browser adds by itself is a login. The cookies of a login at an OpenID
    Connect provider (tests.http.v1.test_oidc) are for its pages alone.
    """

    def test_no_answer_sets_a_cookie(self) -> None:
        """A page of another origin has no cookie to ride on."""
        for method, path, params in PROBES:
            answer = self.node.request(method, f"/nacos{path}", params)
            self.assertNotIn("set-cookie", answer.headers, path)

    def test_cookies_are_not_read(self) -> None:
        """A request with cookies is answered as the one without."""
        for method, path, params in PROBES:
            if method != "GET" or path == "/v1/cs/configs/listener":
                continue
            plain = self.node.request(method, f"/nacos{path}", params)
            with_cookie = self.node.request(
                method, f"/nacos{path}", params, headers={"Cookie": "JSESSIONID=1; accessToken=x; token=x"}
            )
            self.assertEqual(with_cookie.status, plain.status, path)


class CrossOriginTests(SynchronousTestCase):
    """CORS, on both carriers."""

    def ask(self, client: Client, request: bytes) -> Got:
        client.send(request)
        (found,) = client.got()
        return found

    def allows(self, got: Got) -> dict[str, str]:
        return {name: value for name, value in got.headers.items() if name.startswith("access-control-")}

    def preflight(self, origin: str, names: str = "accessToken, content-type") -> bytes:
        asked = ("Access-Control-Request-Method: PUT", f"Access-Control-Request-Headers: {names}")
        return get(ECHO, f"Origin: {origin}", *asked, method="OPTIONS")

    def test_off_by_default(self) -> None:
        """No origin is ever allowed, no preflight answered."""
        for origin in (PAGE, *OTHERS):
            for carrier, client in Server().both().items():
                for request in (get(ECHO, f"Origin: {origin}"), self.preflight(origin)):
                    self.assertEqual(self.allows(self.ask(client, request)), {}, f"{carrier} {origin}")

    def test_configured_origin(self) -> None:
        """The one that is named may see answers, errors and refusals of routes too."""
        paths = (
            ECHO,
            ECHO + "?a=1",
            "/nacos/v1/ns/thing/fail?how=bad",
            "/nacos/v1/ns/thing/fail?how=crash",
            "/nacos/x",
        )
        for path in paths:
            for method in ("GET", "HEAD", "POST"):
                for carrier, client in Server(cors_origins=frozenset([PAGE])).both().items():
                    client.send(get(path, f"Origin: {PAGE}", method=method))
                    (got,) = client.got(heads=(0,) if method == "HEAD" else ())
                    self.assertEqual(self.allows(got), {"access-control-allow-origin": PAGE}, f"{carrier} {path}")
                    self.assertEqual(got.headers["vary"], "Origin")
        self.flushLoggedErrors()

    def test_preflight_of_a_configured_origin(self) -> None:
        """It may send the API's headers; never cookies or a login of the browser's."""
        for carrier, client in Server(cors_origins=frozenset([PAGE, "http://a:1"])).both().items():
            got = self.ask(client, self.preflight(PAGE))
            self.assertEqual(got.status, 200)
            allowed = self.allows(got)
            self.assertEqual(allowed["access-control-allow-origin"], PAGE, carrier)
            self.assertEqual(allowed["access-control-allow-headers"], "accessToken, content-type")
            self.assertIn("PUT", allowed["access-control-allow-methods"])
            self.assertNotIn("access-control-allow-credentials", allowed)

    def test_other_origins_stay_out(self) -> None:
        """Neither look-alikes nor several at once are the one that is named."""
        for origin in OTHERS:
            for carrier, client in Server(cors_origins=frozenset([PAGE])).both().items():
                for request in (get(ECHO, f"Origin: {origin}"), self.preflight(origin)):
                    self.assertEqual(self.allows(self.ask(client, request)), {}, f"{carrier} {origin}")
        for client in Server(cors_origins=frozenset([PAGE])).both().values():
            twice = get(ECHO, f"Origin: {PAGE}", "Origin: https://evil.com")
            self.assertEqual(self.allows(self.ask(client, twice)), {})

    def test_names_in_a_preflight_are_names(self) -> None:
        """Only what can be a list of header names is repeated."""
        for names in ("a b", "a,,b", "", "x\u00e9", "a:b", "a;b"):
            for client in Server(cors_origins=frozenset([PAGE])).both().values():
                self.assertNotIn("access-control-allow-headers", self.ask(client, self.preflight(PAGE, names)).headers)

    def test_setting(self) -> None:
        """Exact origins only: no wildcard, no path."""
        for value in (
            "*",
            "https://*.example.com",
            "console.example.com",
            "https://a.com/x",
            "null",
            "https://a b.com",
        ):
            with self.assertRaises(SettingsError, msg=value):
                self.settings(value)
        found = self.settings("https://A.com, http://[::1]:8080,https://b.com:8443").http.cors_origins
        self.assertEqual(found, {"https://a.com", "http://[::1]:8080", "https://b.com:8443"})
        self.assertEqual(self.settings("").http.cors_origins, frozenset())

    def settings(self, origins: str):  # type: ignore[no-untyped-def]
        home = self.mktemp()
        given = {"nacos.standalone": "true", "nacos.http.cors.allowed-origins": origins}
        return load(home, {"HOME": home}, given)
