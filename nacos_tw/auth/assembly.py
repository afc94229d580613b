"""The logins of one node, put together."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

from twisted.application.service import MultiService, Service
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from nacos_tw.auth.auth import Auth
from nacos_tw.auth.defaults import PUBLISHED_IDENTITIES, AdminBootstrap, NoAdmin
from nacos_tw.auth.directory import Directory
from nacos_tw.auth.ldap import Ldap, connector, shown
from nacos_tw.auth.ldap_users import LdapUsers, in_thread
from nacos_tw.auth.oidc.fetching import Fetcher
from nacos_tw.auth.oidc.signatures import check_library
from nacos_tw.auth.oidc.users import OidcUsers
from nacos_tw.auth.passwords import Passwords
from nacos_tw.auth.secret import SecretFile, SecretMachine, SharedSecret
from nacos_tw.auth.tokens import Tokens
from nacos_tw.interfaces import IProposer
from nacos_tw.settings.ldap import LdapSettings
from nacos_tw.settings.oidc import OidcSettings
from nacos_tw.settings.settings import Settings


def _oidc(wanted: OidcSettings | None, reactor: Any, tokens: Tokens) -> OidcUsers | None:
    if wanted is None:
        return None
    check_library()
    fetch = Fetcher(reactor, wanted.authorities, wanted.timeout)
    return OidcUsers(wanted, fetch, reactor, time.time, tokens)


class Logins(Service):
    """
    Everything that runs for logins. Whether they are asked for can change while it does.

    @ivar _asking: what runs only while they are.
    @ivar _secret: sees to the key of tokens, asked for or not: those that are given now are to hold then. None where
        the settings have one.
    @ivar auth: the face.
    """

    log = Logger()

    def __init__(
        self,
        settings: Settings,
        reactor: Any,
        machine: SecretMachine,
        proposer: IProposer,
        directory: Directory,
        write: Callable[[Any], Deferred[Any]],
    ) -> None:
        """
        @param machine: the replicated key of tokens.
        @param write: see L{nacos_tw.auth.auth.Auth.write}.
        """
        wanted = settings.auth
        self._asking = MultiService()
        self._settings = wanted
        self._passwords = Passwords(reactor)
        tokens = Tokens(wanted.token_key, wanted.token_seconds, time.time)
        self.auth = Auth(
            reactor,
            time.time,
            directory,
            tokens,
            self._passwords,
            write,
            enabled=any(wanted.asking),
            refuse_default=wanted.refuse_default,
            ldap=self._ldap(wanted.ldap, reactor, directory, write),
            oidc=_oidc(wanted.oidc, reactor, tokens),
        )
        self._secret: SharedSecret | None = None
        if not wanted.token_key:
            file = SecretFile(os.path.join(settings.data, "auth", "token-key"))
            self._secret = SharedSecret(reactor, machine, proposer, file, self.auth.use_key)
        self._asking.addService(AdminBootstrap(reactor, self.auth, wanted.admin_password))
        if not wanted.admin_password:
            self._asking.addService(NoAdmin(directory, wanted.ldap is None))
        directory.on_changed.append(self.auth.default.look)

    def _ldap(
        self, wanted: LdapSettings | None, reactor: Any, directory: Directory, write: Callable[[Any], Deferred[Any]]
    ) -> LdapUsers | None:
        if wanted is None:
            return None
        ldap = Ldap(wanted, connector(wanted))
        run = in_thread(reactor)
        return LdapUsers(
            reactor, directory, write, self._passwords.hash, ldap, run, case_sensitive=wanted.case_sensitive
        )

    def startService(self) -> None:
        """Take logins."""
        self._passwords.start()
        if self._secret is not None:
            self._secret.startService()
        if self.auth.enabled:
            self._ask()
        super().startService()

    def switch(self, enabled: bool) -> None:
        """Ask for logins from now on, or for none any more."""
        if enabled == self.auth.enabled:
            return
        self.auth.enabled = enabled
        if enabled:
            self._ask()
        else:
            self._ask_no_more()

    def _ask(self) -> None:
        self.auth.default.running = True
        self.auth.default.look()
        self._warn()
        self._asking.startService()

    def _ask_no_more(self) -> None:
        self.auth.default.running = False
        self._asking.stopService()

    def _warn(self) -> None:
        wanted = self._settings
        if not wanted.token_key:
            self.log.warn(
                "no secret key of tokens is set: logins are signed by a random key that the nodes of this cluster "
                "share; to choose it, set nacos.core.auth.plugin.nacos.token.secret.key"
            )
        if wanted.user_agent_white:
            self.log.warn("nacos.core.auth.enable.userAgentAuthWhite has no effect: a User-Agent proves nothing")
        if wanted.token_key_known:
            self.log.warn("the secret key of tokens that is set is printed in documents, so it counts as none")
        if wanted.identity_value in PUBLISHED_IDENTITIES:
            self.log.warn(
                "nacos.core.auth.server.identity.value is one that is printed in documents: it lets nobody in"
            )
        for server in wanted.ldap.servers if wanted.ldap is not None else ():
            if not server[2] and server[0] not in ("localhost", "127.0.0.1", "::1"):
                self.log.warn("{server}: passwords go there as plain text, ldaps: encrypts them", server=shown(server))

    def stopService(self) -> None:
        """Take no more."""
        super().stopService()
        if self.auth.enabled:
            self._ask_no_more()
        if self._secret is not None:
            self._secret.stopService()
        self._passwords.stop()
