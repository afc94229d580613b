"""Logins at a real OpenID Connect provider, and its tokens, at real nodes; a browser's part is played by hand."""

from __future__ import annotations

import functools
import http.client
import json
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from twisted.trial.unittest import SynchronousTestCase

from tests.oidc_provider import ADMIN, READER, Provider
from tests.system.login_nodes import AUTH, administer, changed, try_login
from tests.system.nodes import RealNode, wait_for
from tests.system.shared import shared

OIDC = AUTH + "/oidc"
CONFIGS = "/nacos/v1/cs/configs"
LOCAL = "first-admin-s3cret"


@functools.cache
def provider() -> Provider:
    """The one of all tests."""
    return Provider(ADMIN, READER)


def properties() -> str:
    """Of nodes with that provider, and a local administrator."""
    return (
        f"nacos.core.auth.enabled=true\nnacos.core.auth.admin.password={LOCAL}\n"
        f"nacos.core.auth.oidc.issuer-uri={provider().issuer}\nnacos.core.auth.oidc.client-id=nacos\n"
        "nacos.core.auth.oidc.client-secret=s3cret-of-client\nnacos.core.auth.oidc.label=Example ID\n"
        "nacos.core.auth.server.identity.key=X-Test-Servers\n"
        "nacos.core.auth.server.identity.value=an identity for these tests\n"
    )


class Browser:
    """What a browser remembers: cookies, each for a host and a folder."""

    def __init__(self) -> None:
        self.cookies: dict[tuple[str, str, str], str] = {}
        self.seen: list[str] = []

    def ask(self, method: str, url: str, form: dict[str, str] | None = None) -> http.client.HTTPResponse:
        """One request; no redirect is followed."""
        self.seen.append(url)
        parts = urlsplit(url)
        path = parts.path or "/"
        kept = [
            f"{name}={value}"
            for (host, folder, name), value in self.cookies.items()
            if host == parts.hostname and (path + "/").startswith(folder + "/")
        ]
        headers = {"Cookie": "; ".join(kept)} if kept else {}
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection = http.client.HTTPConnection(parts.netloc, timeout=60)
        body = None if form is None else urlencode(form)
        connection.request(method, path + (f"?{parts.query}" if parts.query else ""), body, headers)
        answer = connection.getresponse()
        self.body = answer.read()
        connection.close()
        for said in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = said.partition(";")[0].partition("=")
            key = (str(parts.hostname), path.rpartition("/")[0], name)
            self.cookies.pop(key, None)
            if value:
                self.cookies[key] = value
        return answer

    def follow(self, url: str, answer: http.client.HTTPResponse) -> str:
        """Where an answer leads to."""
        assert answer.status in (302, 303), (answer.status, self.body)
        return urljoin(url, answer.headers["Location"])

    def log_in(self, node: RealNode, user: str) -> str:
        """A login at the provider; gives the address of the page that is shown at its end."""
        began = node.url + OIDC + "/login"
        page = self.follow(began, self.ask("GET", began))
        back = self.follow(page, self.ask("POST", page, {"sub": user}))
        return self.follow(back, self.ask("GET", back))


class NodesTests(SynchronousTestCase):
    """Two users of the provider, at a cluster: a login may begin at one node and end at another."""

    def setUp(self) -> None:
        self.cluster = shared(3, properties())
        self.node = self.cluster.nodes[0]
        wait_for(lambda: try_login(self.node, "nacos", LOCAL).status == 200, why="the local administrator")

    def me(self, node: RealNode, bearer: str) -> Any:
        answer = node.request("GET", AUTH + "/me", headers={"Authorization": f"Bearer {bearer}"})
        assert answer.status == 200, answer
        return answer.json

    def session(self, browser: Browser, node: RealNode) -> str:
        """The token that the console gets."""
        answer = browser.ask("POST", node.url + OIDC + "/session")
        assert answer.status == 200, browser.body
        return str(answer.headers["Authorization"]).partition(" ")[2]

    def test_login(self) -> None:
        """The whole way; the token holds at every node, and nothing of it is in any log."""
        browser = Browser()
        self.assertEqual(browser.log_in(self.node, "ann"), self.node.url + "/nacos/#/login?oidc=done")
        bearer = self.session(browser, self.node)
        for node in self.cluster.nodes:
            found = self.me(node, bearer)
            self.assertEqual((found["username"], found["globalAdmin"]), ("OIDC_ann", True))
        self.assertEqual(browser.ask("POST", self.node.url + OIDC + "/session").status, 403, "it was handed over")
        (code,) = [part for url in browser.seen for part in urlsplit(url).query.split("&") if part.startswith("code=")]
        written = self.node.log + self.node.full_log
        with open(f"{self.node.home}/logs/audit.log") as file:
            audit = file.read()
        self.assertIn("user=OIDC_ann", audit)
        for secret in (code[5:], bearer, "s3cret-of-client"):
            self.assertNotIn(secret, written + audit)

    def test_roles(self) -> None:
        """A user of the provider may what the role of that name may, as it is now."""
        browser = Browser()
        browser.log_in(self.node, "rob")
        headers = {"Authorization": "Bearer " + self.session(browser, self.node)}
        config = {"dataId": "oidc", "group": "g"}
        self.assertEqual(self.node.request("GET", CONFIGS, config, headers=headers).status, 403)
        changed(self.node, "POST", "/users", username="local", password="local-s3cret")
        changed(self.node, "POST", "/roles", username="local", role="readers")
        changed(self.node, "POST", "/permissions", role="readers", resource=":*:*", action="r")
        wait_for(lambda: self.node.request("GET", CONFIGS, config, headers=headers).status == 404)
        published = self.node.request("POST", CONFIGS, {**config, "content": "c"}, headers=headers)
        self.assertEqual(published.status, 403)

    def test_two_nodes(self) -> None:
        """The last page may be another node's: its address has the same host, and the key is common."""
        browser = Browser()
        began = self.node.url + OIDC + "/login"
        page = browser.follow(began, browser.ask("GET", began))
        back = browser.follow(page, browser.ask("POST", page, {"sub": "ann"}))
        other = self.cluster.nodes[1]
        answer = browser.ask("GET", back.replace(f":{self.node.port}/", f":{other.port}/"))
        # The provider compares the address with that of the beginning, which the cookie has.
        self.assertTrue(browser.follow(back, answer).endswith("oidc=done"))
        self.assertEqual(self.me(other, self.session(browser, other))["username"], "OIDC_ann")

    def test_denied(self) -> None:
        """Who says no there, a code that is used again, and one of another browser are refused."""
        browser = Browser()
        began = self.node.url + OIDC + "/login"
        page = browser.follow(began, browser.ask("GET", began))
        kept = dict(browser.cookies)
        back = browser.follow(page, browser.ask("POST", page, {"sub": "ann"}))
        self.assertTrue(Browser().follow(back, Browser().ask("GET", back)).endswith("oidc=refused"))
        self.assertTrue(browser.follow(back, browser.ask("GET", back)).endswith("oidc=done"))
        browser.cookies = kept
        self.assertTrue(browser.follow(back, browser.ask("GET", back)).endswith("oidc=refused"))

    def test_bearer(self) -> None:
        """The API takes the provider's tokens as they are; ours of before hold beside them."""
        form = {"grant_type": "authorization_code", "client_id": "nacos", "client_secret": "any"}
        asked = {
            "response_type": "code",
            "client_id": "nacos",
            "redirect_uri": "http://x/cb",
            "scope": "openid profile",
        }
        browser = Browser()
        page = f"{provider().issuer}/oauth2/authorize?{urlencode(asked)}"
        back = browser.follow(page, browser.ask("POST", page, {"sub": "ann"}))
        code = urlsplit(back).query.partition("code=")[2].partition("&")[0]
        browser.ask("POST", provider().issuer + "/oauth2/token", {**form, "code": code, "redirect_uri": "http://x/cb"})
        bearer = str(json.loads(browser.body)["id_token"])
        for node in self.cluster.nodes:
            self.assertTrue(self.me(node, bearer)["globalAdmin"])
        answer = self.node.request("GET", AUTH + "/me", headers={"Authorization": f"Bearer {bearer[:-6]}AAAAAA"})
        self.assertEqual(answer.status, 403)
        self.assertEqual(try_login(self.node, "nacos", LOCAL).status, 200)
        self.assertEqual(administer(self.node, "GET", "/users", pageNo=1, pageSize=1).status, 200)

    def test_away(self) -> None:
        """While there is no provider, the login page is told; local users log in as ever."""
        away = Provider(ADMIN)
        node = shared(1, properties().replace(provider().issuer, away.issuer)).nodes[0]
        wait_for(lambda: try_login(node, "nacos", LOCAL).status == 200, why="the local administrator")
        away.stop()
        browser = Browser()
        began = node.url + OIDC + "/login"
        self.assertTrue(browser.follow(began, browser.ask("GET", began)).endswith("oidc=unavailable"))
        self.assertEqual(try_login(node, "nacos", LOCAL).status, 200)
