"""C{/v1/auth/login}, and who one is (docs/spec/config-v1.md#12.1)."""

from __future__ import annotations

from typing import ClassVar

import attrs
from klein import Klein

from nacos_tw.access.operations import rule_of
from nacos_tw.auth.auth import Login
from nacos_tw.auth.operations.logins import Administrator, Logins
from nacos_tw.auth.problems import AdminBySettings, Refused
from nacos_tw.auth.requests import Credentials, FirstAdmin, Me
from nacos_tw.http.call import Call
from nacos_tw.http.credentials import token_of
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import Reply, json_reply, text_reply
from nacos_tw.http.routing import serve
from nacos_tw.http.shared_words import refused_words
from nacos_tw.http.v1.config_reading import needed


@attrs.frozen
class LoginV1:
    """Logging in."""

    prefix: ClassVar[str] = "/v1/auth"
    app = Klein()
    guard: Guard
    logins: Logins

    @serve(app, "POST", "/login", needs=rule_of(Logins.log_in))
    @serve(app, "POST", "/users/login", needs=rule_of(Logins.log_in))
    async def log_in(self, call: Call) -> Reply:
        """A token for a name and its password, or the same token again for one that holds."""
        token, params = token_of(call), call.params
        if token:
            request = Credentials(token, params.get("username"), params.get("password"))
        else:
            request = Credentials(b"", needed(call, "username"), needed(call, "password"))
        try:
            return logged_in(await self.logins.log_in(call, request))
        except Refused as refused:
            return text_reply(refused_words(refused), call, 403)

    @serve(app, "POST", "/users/admin", needs=rule_of(Logins.first_admin))
    async def first_admin(self, call: Call) -> Reply:
        """Create the first administrator; works once. Not beside LDAP: there the settings give its password."""
        try:
            made = await self.logins.first_admin(call, FirstAdmin(call.params.get("password")))
        except AdminBySettings:
            return json_reply({"code": 501, "message": None, "data": "not support"})
        if not isinstance(made, Administrator):
            return json_reply({"code": 409, "message": None, "data": "have admin user cannot use it"})
        return json_reply({"username": made.name, "password": made.password})

    @serve(app, "GET", "/me", needs=rule_of(Logins.who_am_i))
    def who_am_i(self, call: Call) -> Reply:
        """Who asks, and what they may do; for the console."""
        found = self.logins.who_am_i(call, Me())
        permissions = [{"resource": one.resource, "action": one.action} for one in found.identity.permissions]
        return json_reply(
            {
                "username": found.identity.name,
                "globalAdmin": found.identity.admin,
                "permissions": permissions,
                "defaultPassword": found.default_password,
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
