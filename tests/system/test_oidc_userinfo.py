"""A second real OpenID Connect provider, of Go: its access tokens are JWTs; names and roles are at userinfo alone."""

from __future__ import annotations

import base64
import json
import os
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.oidc_provider import ProviderProcess
from tests.ports import free_port
from tests.system.clients import ClientCase
from tests.system.login_nodes import AUTH, changed, try_login
from tests.system.nodes import RealCluster, started, wait_for
from tests.system.reuse import reused
from tests.system.test_oidc import CONFIGS, LOCAL, OIDC, Browser

SECRET = "s3cret-of-client"
API = "http://127.0.0.1/back"
"""Where clients of the API are sent back to."""


class GoProvider(ProviderProcess):
    """The program of C{tests/clients/oidc}."""

    def __init__(self, program: str, *callbacks: str) -> None:
        port = free_port()
        super().__init__(port, [program, str(port), *callbacks])
        wait_for(self.answers, why="the provider")

    def answers(self) -> bool:
        """As there; one that has ended says why."""
        assert self.process.poll() is None, self.said
        return super().answers()

    def log_in(self, browser: Browser, page: str, user: str) -> str:
        """The pages of a login there; gives where they lead to."""
        form = browser.follow(page, browser.ask("GET", page))
        (request,) = parse_qs(urlsplit(form).query)["authRequestID"]
        answers = {"username": user, "password": user, "id": request}
        done = browser.follow(form, browser.ask("POST", form.partition("?")[0], answers))
        return browser.follow(done, browser.ask("GET", done))

    def tokens(self, client: str, user: str) -> dict[str, str]:
        """Those that a client gets for a user."""
        asked = {"response_type": "code", "client_id": client, "redirect_uri": API, "scope": "openid profile"}
        browser = Browser()
        back = self.log_in(browser, f"{self.issuer}/auth?{urlencode(asked)}", user)
        (code,) = parse_qs(urlsplit(back).query)["code"]
        return self.granted(grant_type="authorization_code", code=code, redirect_uri=API, client_id=client)

    def granted(self, client_secret: str = SECRET, **form: str) -> dict[str, str]:
        """What the token endpoint gives."""
        browser = Browser()
        browser.ask("POST", self.issuer + "/oauth/token", {**form, "client_secret": client_secret})
        found: dict[str, str] = json.loads(browser.body)
        assert "access_token" in found, found
        return found


def claims(token: str) -> dict[str, Any]:
    """Those of a JWT."""
    body = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return found


class World(RealCluster):
    """A node that stands alone, and its provider."""

    def __init__(self, program: str) -> None:
        super().__init__(1)
        node = self.nodes[0]
        self.provider = GoProvider(program, node.url + OIDC + "/callback", API)
        with open(os.path.join(node.home, "conf", "application.properties"), "a") as file:
            file.write(
                f"nacos.core.auth.enabled=true\nnacos.core.auth.admin.password={LOCAL}\n"
                f"nacos.core.auth.oidc.issuer-uri={self.provider.issuer}\nnacos.core.auth.oidc.client-id=info\n"
                f"nacos.core.auth.oidc.client-secret={SECRET}\nnacos.core.auth.oidc.audiences=tokens,sid1\n"
                "nacos.core.auth.oidc.roles-claim=realm_access.roles\n"
                "nacos.core.auth.server.identity.key=X-Test-Servers\n"
                "nacos.core.auth.server.identity.value=an identity for these tests\n"
            )

    def start(self) -> None:
        """With the right to read for readers."""
        super().start()
        node = self.nodes[0]
        wait_for(lambda: try_login(node, "nacos", LOCAL).status == 200, why="the local administrator")
        changed(node, "POST", "/users", username="local", password="local-s3cret")
        changed(node, "POST", "/roles", username="local", role="readers")
        changed(node, "POST", "/permissions", role="readers", resource=":*:*", action="r")

    def close(self) -> None:
        """End both."""
        self.provider.stop()
        super().close()


@reused
def world(program: str) -> World:
    """Of all tests here."""
    return started(World(program))


class UserInfoTests(ClientCase):
    """Logins of the console, and bearers of tokens."""

    def setUp(self) -> None:
        super().setUp()
        found = world(self.go("oidc", "oidc-provider"))
        self.provider, self.node = found.provider, found.nodes[0]

    def log_in(self, user: str) -> tuple[str, Browser]:
        """By the browser: the page at the end."""
        browser = Browser()
        began = self.node.url + OIDC + "/login"
        page = browser.follow(began, browser.ask("GET", began))
        back = self.provider.log_in(browser, page, user)
        return browser.follow(back, browser.ask("GET", back)), browser

    def me(self, bearer: str) -> Any:
        """Whom the node takes the bearer of a token for."""
        answer = self.node.request("GET", AUTH + "/me", headers={"Authorization": f"Bearer {bearer}"})
        self.assertEqual(answer.status, 200, answer)
        return answer.json

    def reads(self, bearer: str) -> int:
        """The status of a read of a config that is not there."""
        headers = {"Authorization": f"Bearer {bearer}"}
        return self.node.request("GET", CONFIGS, {"dataId": "d", "group": "g"}, headers=headers).status

    def test_console(self) -> None:
        """The whole way with PKCE; name and roles come from userinfo, and no token is in any log."""
        for user, admin, status in (("ann", True, 404), ("rob", False, 404), ("zoe", False, 403)):
            end, browser = self.log_in(user)
            self.assertEqual(end, self.node.url + "/nacos/#/login?oidc=done", self.node.log)
            answer = browser.ask("POST", self.node.url + OIDC + "/session")
            token = str(answer.headers["Authorization"]).partition(" ")[2]
            found = self.me(token)
            self.assertEqual((found["username"], found["globalAdmin"]), (f"OIDC_{user}", admin))
            self.assertEqual(self.reads(token), status, user)
        self.assertIn("/userinfo", self.provider.said)
        self.assertIn("code_challenge_method=S256", " ".join(browser.seen))
        written = self.node.log + self.node.full_log
        for url in browser.seen:
            for code in parse_qs(urlsplit(url).query).get("code", ()):
                self.assertNotIn(code, written)
        self.assertNotIn(SECRET, written)

    def test_somebody_else(self) -> None:
        """Who is told to be another at userinfo, and whom it fails for, is not let in; the log says why."""
        for user, end, why in (("eve", "refused", "of another user"), ("mute", "refused", "userinfo does not tell")):
            self.assertTrue(self.log_in(user)[0].endswith(f"oidc={end}"), user)
            self.assertIn(why, self.node.log)

    def test_bearer(self) -> None:
        """Access tokens that are JWTs: roles that they do not have come from userinfo, once; others are in them."""
        ann = self.provider.tokens("info", "ann")["access_token"]
        self.assertNotIn("realm_access", claims(ann))
        self.assertEqual((self.me(ann)["username"], self.me(ann)["globalAdmin"]), ("OIDC_ann", True))
        asked = self.provider.said.count("path=/userinfo")
        self.assertGreater(asked, 0)
        self.assertEqual(self.reads(ann), 404)
        told = self.provider.tokens("tokens", "rob")["access_token"]
        self.assertEqual(claims(told)["realm_access"], {"roles": ["readers"]})
        self.assertEqual((self.me(told)["globalAdmin"], self.reads(told)), (False, 404))
        self.assertEqual(self.provider.said.count("path=/userinfo"), asked)
        eve = self.provider.tokens("info", "eve")["access_token"]
        self.assertEqual(self.reads(eve), 403)

    def test_other_tokens(self) -> None:
        """An ID token, which userinfo does not take, and a machine's: their own claims count, and no more."""
        ann = self.provider.tokens("info", "ann")["id_token"]
        self.assertEqual((self.me(ann)["globalAdmin"], self.reads(ann)), (False, 403))
        machine = self.provider.granted(
            client_secret="verysecret", client_id="sid1", grant_type="client_credentials", scope="openid"
        )["access_token"]
        self.assertEqual((self.me(machine)["username"], self.reads(machine)), ("OIDC_sid1", 404))

    def test_opaque(self) -> None:
        """A token that is no JWT is nobody's."""
        self.assertEqual(self.reads("opaque"), 403)
