"""C{/v1/auth/oidc}: where the pages of a login lead to, and what they leave in the browser."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

from nacos_tw.auth.oidc.users import OidcUsers
from nacos_tw.http.reply import Reply
from nacos_tw.settings.oidc import OidcSettings
from tests.auth.fakes import NOW, Login
from tests.auth.test_oidc import ISSUER, Idp, token
from tests.http.v1.accounting import AccountsCase

PATH = "/v1/auth/oidc"
PROXY = "10.9.9.9"


class OidcCase(AccountsCase):
    """A node with a provider."""

    settings: OidcSettings | None = OidcSettings(ISSUER, "nacos")
    trusted = frozenset({PROXY})

    def made(self) -> Login:
        """With the provider."""
        login = super().made()
        self.idp = Idp()
        if self.settings is not None:
            login.auth.oidc = OidcUsers(self.settings, self.idp, login.clock, lambda: login.now, login.tokens)
        return login

    def page(self, path: str, *, cookie: str = "", host: str = "n", peer: str = "10.0.0.1", **params: Any) -> Reply:
        """GET, as nobody."""
        headers = {"Host": host, **({"Cookie": cookie} if cookie else {})}
        return self.reply("GET", PATH + path, "", peer=peer, headers=headers, **params)

    def depart(self, **more: Any) -> tuple[str, dict[str, str]]:
        """The cookie, and what the provider is asked."""
        reply = self.page("/login", **more)
        asked = parse_qs(urlsplit(location(reply)).query)
        return cookies(reply)[0].partition(";")[0], {name: values[0] for name, values in asked.items()}

    def arrive(self) -> Reply:
        """A login from its first page to its last."""
        cookie, asked = self.depart()
        self.idp.id_token = token(nonce=asked["nonce"], roles=["nacos-admin"]).decode()
        return self.page("/callback", cookie=cookie, state=asked["state"], code="c0de")


def location(reply: Reply) -> str:
    """Where it sends the browser to."""
    assert reply.status == 302, reply
    return dict(reply.headers)[b"Location"].decode()


def cookies(reply: Reply) -> list[str]:
    """What it sets."""
    return [value.decode() for name, value in reply.headers if name == b"Set-Cookie"]


class PagesTests(OidcCase):
    """A login."""

    def test_whole(self) -> None:
        """The console gets a token of ours, by a cookie that no script reads, and that is gone then."""
        self.assertEqual(self.json("GET", PATH + "/config", ""), {"enabled": True, "label": "OpenID Connect"})
        arrived = self.arrive()
        self.assertEqual(location(arrived), "../../../#/login?oidc=done")
        handed, ended = cookies(arrived)
        self.assertIn("nacos_oidc_begun=; Max-Age=0", ended)
        for said in cookies(arrived):
            self.assertIn("; HttpOnly; SameSite=Lax", said)
            self.assertNotIn("Path", said, "for the folder of these pages alone")
        headers = {"Cookie": handed.partition(";")[0]}
        taken = self.reply("POST", PATH + "/session", "", headers=headers)
        self.assertIn("nacos_oidc_ended=; Max-Age=0", cookies(taken)[0])
        self.tokens["ann"] = dict(taken.headers)[b"Authorization"].decode().partition(" ")[2]
        me = self.json("GET", "/v1/auth/me", "ann")
        self.assertEqual((me["username"], me["globalAdmin"]), ("OIDC_ann", True))
        self.login.now += 61
        self.assertEqual(self.reply("POST", PATH + "/session", "", headers=headers).status, 403)

    def test_recorded(self) -> None:
        """The audit log has who came, and who was refused; no code, state or token."""
        self.arrive()
        self.page("/callback", state="x", code="c0de-2")
        self.assertEqual(len(self.lines), 2, self.lines)
        self.assertIn("OIDC_ann 10.0.0.1 GET /v1/auth/oidc/callback ok", self.lines[0])
        self.assertIn("- 10.0.0.1 GET /v1/auth/oidc/callback refused", self.lines[1])
        for line in self.lines:
            self.assertNotIn("c0de", line)

    def test_refused(self) -> None:
        """The login page says why; nothing of the provider's words comes into an address."""
        cookie, asked = self.depart()
        for params, why in (
            ({"error": "access_denied", "error_description": "<b>"}, "?oidc=refused"),
            ({"state": "another", "code": "c"}, "?oidc=refused"),
            ({}, ""),
        ):
            reply = self.page("/callback", cookie=cookie, **params)
            self.assertEqual(location(reply), "../../../#/login" + why)
        self.login.now = NOW + 601
        late = self.page("/callback", cookie=cookie, state=asked["state"], code="c")
        self.assertEqual(location(late), "../../../#/login?oidc=expired")
        self.assertEqual(self.reply("POST", PATH + "/session", "", headers={"Cookie": "a=b; ;=="}).status, 403)

    def test_away(self) -> None:
        """While the provider is away the login page says so."""
        self.idp.away = True
        self.assertEqual(location(self.page("/login")), "../../../#/login?oidc=unavailable")
        self.assertEqual(location(self.page("/logout")), "../../../#/login")

    def test_address(self) -> None:
        """The provider sends browsers back to the address that they came to: its host and its path."""
        _, asked = self.depart(host="nacos.example:80")
        self.assertEqual(asked["redirect_uri"], "http://nacos.example:80/v1/auth/oidc/callback")
        headers = {"Host": "n", "X-Forwarded-Proto": "https"}
        for peer, scheme, secure in (("10.0.0.1", "http", False), (PROXY, "https", True)):
            reply = self.reply("GET", PATH + "/login", "", peer=peer, headers=headers)
            self.assertIn(f"redirect_uri={scheme}%3A%2F%2Fn%2F", location(reply))
            self.assertEqual("; Secure" in cookies(reply)[0], secure)

    def test_logout(self) -> None:
        """Who logs out goes to the provider, where it has a page for that, and comes back to the login page."""
        self.assertEqual(location(self.page("/logout")), "../../../#/login")
        self.idp.more = {"end_session_endpoint": ISSUER + "/bye?x=1"}
        self.login.auth.oidc = OidcUsers(
            OidcSettings(ISSUER, "nacos"), self.idp, self.login.clock, lambda: NOW, self.login.tokens
        )
        found = location(self.page("/logout", host="n"))
        self.assertEqual(
            found,
            ISSUER + "/bye?x=1&client_id=nacos&post_logout_redirect_uri=http%3A%2F%2Fn%2Fv1%2Fauth%2Foidc%2Fcallback",
        )

    def test_many_roles(self) -> None:
        """Of very many roles a login keeps those that allow something: a cookie has 4096 bytes."""
        cookie, asked = self.depart()
        roles = [*(f"a-rather-long-name-of-a-group-{number}" for number in range(300)), "r"]
        self.idp.id_token = token(nonce=asked["nonce"], roles=roles).decode()
        arrived = self.page("/callback", cookie=cookie, state=asked["state"], code="c")
        handed = cookies(arrived)[0]
        self.assertLess(len(handed), 4096)
        taken = self.reply("POST", PATH + "/session", "", headers={"Cookie": handed.partition(";")[0]})
        self.tokens["ann"] = dict(taken.headers)[b"Authorization"].decode().partition(" ")[2]
        self.assertEqual(
            self.json("GET", "/v1/auth/me", "ann")["permissions"], [{"resource": "dev:*:*", "action": "r"}]
        )

    def test_no_page(self) -> None:
        """A provider that has no page for logins is no way in by the browser."""
        self.idp.more = {"authorization_endpoint": None}
        self.assertEqual(location(self.page("/login")), "../../../#/login?oidc=unavailable")


class NoProviderTests(OidcCase):
    """A node without one."""

    settings = None

    def test_none(self) -> None:
        """The login page has no button, and the pages are not there."""
        self.assertEqual(self.json("GET", PATH + "/config", ""), {"enabled": False, "label": ""})
        for method, path in (("GET", "/login"), ("GET", "/callback"), ("POST", "/session"), ("GET", "/logout")):
            self.assertEqual(self.reply(method, PATH + path, "", code="c").status, 404)
