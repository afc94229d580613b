"""
C{/v1/auth/oidc}: logging in at an OpenID Connect provider by the browser, under the paths of Nacos 3.2.

The addresses that these pages send browsers to, and the paths of their cookies, are relative to their own: so they hold
on the console's port too, and behind a proxy that serves all of it under another path.
"""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie
from typing import ClassVar

import attrs
from klein import Klein

from nacos_tw.access.operations import rule_of
from nacos_tw.auth.oidc.browser import HANDED_OVER, PATIENCE
from nacos_tw.auth.operations.logins import Logins
from nacos_tw.auth.problems import TOKEN_EXPIRED, NoProvider, Refused
from nacos_tw.auth.requests import Arriving, Departing, Leaving, ProviderAsked, TakingOver
from nacos_tw.errors import Unavailable
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import Reply, json_reply, text_reply
from nacos_tw.http.routing import serve
from nacos_tw.http.shared_words import NO_PROVIDER, refused_words
from nacos_tw.http.v1.logins import logged_in
from nacos_tw.settings.oidc import OidcSettings

BEGUN, ENDED = "nacos_oidc_begun", "nacos_oidc_ended"
"""Cookies: of a login that is under way, and of one that the console has yet to fetch."""
_CONSOLE = "../../../#/login"
"""The login page, as seen from here."""
_NO_STORE = (b"Cache-Control", b"no-store")
_NO_REFERRER = (b"Referrer-Policy", b"no-referrer")


@attrs.frozen
class OidcV1:
    """
    The pages of a login.

    @ivar provider: the settings; None: there is none.
    @ivar secure: whether browsers speak TLS with this node itself.
    """

    prefix: ClassVar[str] = "/v1/auth/oidc"
    app = Klein()
    guard: Guard
    logins: Logins
    provider: OidcSettings | None
    secure: bool

    @serve(app, "GET", "/config", needs=rule_of(Logins.provider))
    def config(self, call: Call) -> Reply:
        """Whether there is a provider, and what it is called; for the login page."""
        label = self.logins.provider(call, ProviderAsked())
        reply = json_reply({"enabled": label is not None, "label": label or ""})
        reply.headers = (_NO_STORE,)
        return reply

    @serve(app, "GET", "/login", needs=rule_of(Logins.depart))
    async def depart(self, call: Call) -> Reply:
        """Send the browser to the provider."""
        try:
            departure = await self.logins.depart(call, Departing(self._callback(call)))
        except NoProvider:
            return _none(call)
        except Unavailable:
            return self._back(call, "unavailable")
        return _moved(departure.to, self._cookie(call, BEGUN, departure.cookie, PATIENCE))

    @serve(app, "GET", "/callback", needs=rule_of(Logins.arrive))
    async def arrive(self, call: Call) -> Reply:
        """Let in whom the provider sends back. Who has logged out there comes back here, too, without a code."""
        error, code, state = (call.params.get(name) for name in ("error", "code", "state"))
        if error is not None:
            return self._back(call, "refused")
        if code is None:
            return self._back(call)
        request = Arriving(_cookie_of(call, BEGUN), state or "", code)
        try:
            cookie = await self.logins.arrive(call, request)
        except NoProvider:
            return _none(call)
        except Refused as refused:
            return self._back(call, "expired" if refused.why == TOKEN_EXPIRED else "refused")
        except Unavailable:
            return self._back(call, "unavailable")
        return _moved(
            f"{_CONSOLE}?oidc=done", self._cookie(call, ENDED, cookie, HANDED_OVER), self._cookie(call, BEGUN, "", 0)
        )

    @serve(app, "POST", "/session", needs=rule_of(Logins.take_over))
    def take_over(self, call: Call) -> Reply:
        """The answer to a login, for the console, once."""
        try:
            reply = logged_in(self.logins.take_over(call, TakingOver(_cookie_of(call, ENDED))))
        except NoProvider:
            return _none(call)
        except Refused as refused:
            return text_reply(refused_words(refused), call, 403)
        reply.headers = (*reply.headers, (b"Set-Cookie", self._cookie(call, ENDED, "", 0)))
        return reply

    @serve(app, "GET", "/logout", needs=rule_of(Logins.leave))
    async def leave(self, call: Call) -> Reply:
        """Send the browser to the provider's page for logging out, or to the login page where there is none."""
        try:
            to = await self.logins.leave(call, Leaving(self._callback(call)))
        except NoProvider:
            return _none(call)
        except Unavailable:
            to = ""
        return _moved(to) if to else self._back(call)

    # -- small things

    def _callback(self, call: Call) -> str:
        """The address that the provider sends the browser back to: of the settings, else of the request."""
        if self.provider is not None and self.provider.callback:
            return self.provider.callback
        path = call.target.partition(b"?")[0].decode("ascii", "replace").rstrip("/").rpartition("/")[0]
        host = call.header(b"host") or "localhost"
        return f"{'https' if self._is_secure(call) else 'http'}://{host}{path}/callback"

    def _is_secure(self, call: Call) -> bool:
        """Whether the browser speaks TLS, with us or with a proxy that is trusted."""
        if call.peer in call.proxies:
            said = call.header(b"x-forwarded-proto").split(",")[0].strip().lower()
            if said:
                return said == "https"
        return self.secure or (self.provider is not None and self.provider.callback.startswith("https:"))

    def _cookie(self, call: Call, name: str, value: str, seconds: float) -> bytes:
        """
        One for the pages of this class: without a path it is for the folder of the page that sets it. C{Lax}: the
        provider's page leads here.
        """
        secure = "; Secure" if self._is_secure(call) else ""
        return f"{name}={value}; Max-Age={int(seconds)}; HttpOnly; SameSite=Lax{secure}".encode()

    def _back(self, call: Call, why: str = "") -> Reply:
        """To the login page, which says what went wrong."""
        return _moved(f"{_CONSOLE}?oidc={why}" if why else _CONSOLE, self._cookie(call, BEGUN, "", 0))


def _none(call: Call) -> Reply:
    return text_reply(NO_PROVIDER, call, 404)  # bare: somebody reads it in a browser


def _moved(to: str, *cookies: bytes) -> Reply:
    headers = [(b"Location", to.encode("ascii", "ignore")), _NO_STORE, _NO_REFERRER]
    return Reply(302, headers=(*headers, *((b"Set-Cookie", cookie) for cookie in cookies)))


def _cookie_of(call: Call, name: str) -> str:
    try:
        found = SimpleCookie(call.header(b"cookie")).get(name)
    except CookieError:
        return ""
    return "" if found is None else found.value
