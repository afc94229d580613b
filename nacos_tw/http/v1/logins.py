"""C{/v1/auth/login}, and who one is (docs/spec/config-v1.md#12.1)."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import ClassVar

import attrs
from klein import Klein

from nacos_tw.auth.auth import FIRST_ADMIN, Auth, Login
from nacos_tw.auth.refusals import Refused
from nacos_tw.auth.validation import check_password
from nacos_tw.http.call import Call
from nacos_tw.http.credentials import token_of
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import Reply, json_reply, text_reply
from nacos_tw.http.routing import serve
from nacos_tw.http.v1.config_reading import needed

GENERATED = 12
"""Random bytes of a password that the server makes."""


@attrs.frozen
class LoginV1:
    """Logging in."""

    prefix: ClassVar[str] = "/v1/auth"
    app = Klein()
    guard: Guard
    auth: Auth
    new_password: Callable[[], str] = lambda: secrets.token_urlsafe(GENERATED)

    @serve(app, "POST", "/login", needs="open+")
    @serve(app, "POST", "/users/login", needs="open+")
    async def log_in(self, call: Call) -> Reply:
        """A token for a name and its password, or the same token again for one that holds."""
        try:
            return logged_in(self._with_token(call) or await self._with_password(call))
        except Refused as refused:
            return text_reply(str(refused), call, 403)

    def _with_token(self, call: Call) -> Login | None:
        """Nacos looks at a token first; one that does not hold is no reason to refuse a password beside it."""
        token = token_of(call)
        if not token:
            return None
        try:
            login = self.auth.renewed(token)
        except Refused:
            if "password" in call.params:
                return None
            raise
        call.identity = login.identity
        return login

    async def _with_password(self, call: Call) -> Login:
        name, password = needed(call, "username"), needed(call, "password")
        login = await self.auth.log_in(name, password, call.source)
        call.identity = login.identity
        return login

    @serve(app, "POST", "/users/admin", needs="open+")
    async def first_admin(self, call: Call) -> Reply:
        """Create the first administrator; works once. Not beside LDAP: there the settings give its password."""
        if self.auth.ldap is not None:
            return json_reply({"code": 501, "message": None, "data": "not support"})
        given = call.params.get("password")
        password = self.new_password() if given is None else given
        check_password(password)
        if self.auth.awaits_admin or not await self.auth.create_admin(password):
            return json_reply({"code": 409, "message": None, "data": "have admin user cannot use it"})
        return json_reply({"username": FIRST_ADMIN, "password": password})

    @serve(app, "GET", "/me", needs="user")
    def who_am_i(self, call: Call) -> Reply:
        """Who asks, and what they may do; for the console."""
        identity = call.identity
        return json_reply(
            {
                "username": identity.name,
                "globalAdmin": identity.admin,
                "permissions": [{"resource": one.resource, "action": one.action} for one in identity.permissions],
                "defaultPassword": identity.admin and self.auth.default.stands is True,
            }
        )


def logged_in(login: Login) -> Reply:
    """The answer to a login."""
    body = {
        "accessToken": login.token,
        "tokenTtl": login.seconds,
        "globalAdmin": login.identity.admin,
        "username": login.identity.name,
    }
    reply = json_reply(body)
    reply.headers = ((b"Authorization", b"Bearer " + login.token.encode()), (b"Cache-Control", b"no-store"))
    return reply
