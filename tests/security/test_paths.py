"""Paths that lead elsewhere: names of configs that are paths of files, and paths of requests that mean another one."""

from __future__ import annotations

import http.client
import os
from urllib.parse import quote

from tests.security.probing import SecurityCase
from tests.system.config_nodes import CONFIGS, FORM, get, publish

TRAVERSALS = (
    "../../../../etc/passwd", "..\\..\\..\\etc\\passwd", "/etc/passwd", "....//....//etc/passwd",
    "%2e%2e%2fetc%2fpasswd",
    "..%2f..%2fetc%2fpasswd", "..%00/etc/passwd", "a/../../b", "a\0b", "C:\\boot.ini", "\\\\server\\share",
    "~/.ssh/id_rsa",
    "file:///etc/passwd", "..;/x", "\u2025/etc/passwd", "\uff0e\uff0e/etc/passwd", "a\nb", "CON|x", "*", "?",
)  # fmt: skip
DOTS = ("..", ".", "...", "..:..", "-rf", "._.", "a.", ".a", "CON", "NUL", "AUX.txt")
"""Names of which every character is allowed."""

OTHER_SPELLINGS = (
    "/nacos/v1/cs/../cs/configs", "/nacos/v1/cs/./configs", "/nacos/v1//cs/configs", "//nacos/v1/cs/configs",
    "/nacos//v1/cs/configs", "/nacos/v1/cs/configs//", "/nacos/v1/cs/configs;x", "/nacos/v1/cs/configs;x=1",
    "/nacos;x/v1/cs/configs", "/nacos/v1;/cs/configs", "/nacos/v1/cs/%2e%2e/cs/configs", "/nacos/v1/cs/%2e/configs",
    "/nacos/v1/cs/configs/.", "/nacos/v1/cs/configs/..", "/nacos/v1/cs/configs/%2e%2e/configs", "/NACOS/v1/cs/configs",
    "/nacos/V1/cs/configs", "/nacos/v1/cs/Configs", "/nacos/v1/cs/configs%00", "/nacos/v1/cs/configs%20",
    "/nacos/v1/cs\\configs", "/nacos/v1/cs%5cconfigs", "/nacos/v1/cs/configs.json", "/nacos/v1/cs/configs%3Fa=b",
    "/nacos/v1/cs/configs%2f%2f", "/nacos/v1/cs/%c0%ae%c0%ae/cs/configs", "/nacos/v1/cs/%252e%252e/cs/configs",
    "/nacos/v1/cs%252fconfigs", "/nacos/v1/cs/configs%23", "/nacos/v1/cs/configs%", "/nacos/v1/cs/configs%zz",
)  # fmt: skip
FILES = (
    "/nacos/../../../../etc/passwd", "/nacos/%2e%2e/%2e%2e/etc/passwd", "/nacos/..%2f..%2fetc/passwd", "/etc/passwd",
    "/nacos/conf/application.properties", "/nacos/../conf/application.properties", "/nacos/data/nacos.pid",
    "/nacos/static/../../conf/application.properties", "/nacos/index.html/../../../etc/passwd", "/.git/config",
    "/nacos/%5c..%5c..%5cconf", "/nacos/css/..%5c..%5cconf/application.properties", "/nacos/%2e%2e%2f%2e%2e%2fconf",
)  # fmt: skip


class NameTests(SecurityCase):
    """Names of configs."""

    def files(self) -> set[str]:
        """Every file beneath and beside the node's home."""
        return {
            os.path.join(folder, name)
            for folder, _, names in os.walk(os.path.dirname(self.node.home))
            for name in names
        }

    def test_traversal_by_data_id_group_and_tenant(self) -> None:
        """A path is no name: nothing is published by it, and nothing found."""
        before = self.files()
        for name in TRAVERSALS:
            for place in ("dataId", "group", "tenant", "tag"):
                if place == "tenant" and name.strip() == "":
                    continue
                names = {"group": "g", "tenant": "", place: name}
                data_id = names.pop("dataId", "d")
                answer = publish(self.node, data_id, "evil", **names)
                self.assertEqual(answer.status, 400, f"{place} {name!r}: {answer}")
                found = get(self.node, data_id, **names)
                self.assertIn(found.status, (400, 404), f"{place} {name!r}: {found}")
                self.assertNotIn(b"root:", found.body)
        made = {name for name in self.files() - before if os.path.basename(name) in ("passwd", "b", "x", "boot.ini")}
        self.assertEqual(made, set())

    def test_names_of_dots(self) -> None:
        """Names that mean something to a file system mean nothing here: each is a config of its own."""
        before = self.files()
        for name in DOTS:
            for names in ({"group": name, "tenant": name}, {"group": name}, {}):
                self.assertTrueAnswer(publish(self.node, name, f"content of {name}", **names))
                self.assertEqual(get(self.node, name, **names).text, f"content of {name}")
        export = self.node.request("GET", CONFIGS, {"export": "true", "ids": "", "group": "..", "dataId": ""})
        self.assertEqual(export.status, 200)
        outside = {name for name in self.files() - before if os.path.relpath(name, self.node.home).startswith("..")}
        self.assertEqual(outside, set())

    def test_traversal_by_service_cluster_and_namespace(self) -> None:
        """Nor do names of services become files."""
        before = self.files()
        for name in TRAVERSALS:
            for place in ("serviceName", "groupName", "clusterName", "namespaceId"):
                params = {"serviceName": "s", "ip": "10.0.0.1", "port": "80", "ephemeral": "false", place: name}
                answer = self.node.request("POST", "/nacos/v1/ns/instance", params)
                self.assertIn(answer.status, (200, 400), f"{place} {name!r}: {answer}")
                self.node.request("DELETE", "/nacos/v1/ns/instance", params)
        made = {name for name in self.files() - before if os.path.basename(name) in ("passwd", "b", "x", "boot.ini")}
        self.assertEqual(made, set())

    def test_names_of_logs(self) -> None:
        """The level of a log is set by a name, which is no path."""
        before = self.files()
        for name in TRAVERSALS:
            for path in ("/v1/cs/ops/log", "/v1/core/ops/log", "/v1/ns/operator/log"):
                answer = self.node.request("PUT", f"/nacos{path}", {"logName": name, "logLevel": "DEBUG"})
                self.assertLess(answer.status, 600)
        self.assertFalse({name for name in self.files() - before if "passwd" in name})


class RequestPathTests(SecurityCase):
    """Paths of requests: there is one spelling of a route, percent escapes and one slash at the end apart."""

    def raw(self, method: str, target: str, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
        """A request whose target nothing makes prettier."""
        connection = http.client.HTTPConnection(self.node.host, self.node.port, timeout=30)
        self.addCleanup(connection.close)
        connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in (headers or {"Host": "x"}).items():
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, answer.read()

    def test_other_spellings_of_a_path(self) -> None:
        """No other spelling reaches a handler: a proxy or filter in front and this server never disagree."""
        for path in OTHER_SPELLINGS:
            for method in ("GET", "POST", "DELETE"):
                status, body = self.raw(method, f"{path}?dataId=d&group=g&content=x")
                self.assertIn(status, (400, 404, 501), f"{method} {path}: {body!r}")
                self.assertNotIn(b"config data not exist", body, path)

    def test_escapes_that_are_the_same_path(self) -> None:
        """Where escapes do lead to a route, its permission check is that of the route, as it is looked up decoded."""
        publish(self.node, "d", "x")
        for path in (
            "/nacos/v1/cs/configs",
            "/nacos/v1/cs/configs/",
            "/nacos/v1/cs/%63onfigs",
            "/nacos%2fv1/cs/configs",
        ):
            self.assertEqual(self.raw("GET", f"{path}?dataId=d&group=g"), (200, b"x"), path)

    def test_files_by_path(self) -> None:
        """No path of a request is a path of a file."""
        for path in FILES:
            for method in ("GET", "HEAD", "POST", "PUT"):
                status, body = self.raw(method, path)
                self.assertIn(status, (400, 404, 405), f"{method} {path}")
                self.assertNotIn(b"root:", body)
                self.assertNotIn(b"server.port", body)

    def test_paths_that_name_another_server(self) -> None:
        """The server asks no other one on a client's behalf: an absolute target or another host changes nothing."""
        for server in ("http://127.0.0.1:9", "http://evil.com"):
            self.assertEqual(self.raw("GET", f"{server}/nacos/v1/console/health/liveness"), (200, b"OK"))
            self.assertEqual(self.raw("GET", f"{server}/nacos/v1/cs/configs")[0], 400)
            self.assertEqual(self.raw("GET", f"{server}/elsewhere")[0], 404)
        status, body = self.raw(
            "GET", "/nacos/v1/console/health/liveness", {"Host": "evil.com", "X-Forwarded-Host": "x"}
        )
        self.assertEqual((status, body), (200, b"OK"))

    def test_headers_that_rewrite_a_path(self) -> None:
        """Headers by which proxies of some frameworks rewrite a path are not read."""
        for name in (
            "X-Original-URL",
            "X-Rewrite-URL",
            "X-Forwarded-Prefix",
            "X-HTTP-Method-Override",
            "X-HTTP-Method",
        ):
            status, body = self.raw(
                "GET", "/nacos/v1/console/health/liveness", {"Host": "x", name: "/nacos/v1/cs/configs"}
            )
            self.assertEqual((status, body), (200, b"OK"), name)
        form = b"_method=DELETE&dataId=d&group=g&content=kept"
        self.assertTrueAnswer(self.node.request("POST", CONFIGS, {}, form, FORM))
        self.assertEqual(get(self.node, "d").text, "kept")

    def test_slashes_after_quoted_names(self) -> None:
        """A name in the query stays in the query."""
        target = f"/nacos/v1/cs/configs?dataId={quote('../x', safe='')}&group=g"
        self.assertIn(self.raw("GET", target)[0], (400, 404))
