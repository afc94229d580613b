"""Which APIs ask for logins: the checks in front of HTTP and gRPC, which can change while the node runs."""

from __future__ import annotations

from typing import Any

from twisted.logger import Logger

from nacos_tw.access.limits import Admission
from nacos_tw.auth.assembly import Logins
from nacos_tw.grpc.logins import Identify, everybody
from nacos_tw.grpc.logins import Logins as GrpcLogins
from nacos_tw.grpc.logins import limited as grpc_limited
from nacos_tw.grpc.service import Grpc
from nacos_tw.http.authorization import Authorization, FailedLogin
from nacos_tw.http.classes import checks
from nacos_tw.http.guard import Guard
from nacos_tw.http.limiting import limited
from nacos_tw.settings.auth import Asking
from nacos_tw.settings.settings import Settings


class ApiAuthentication:
    """Of one node."""

    log = Logger()

    def __init__(
        self,
        settings: Settings,
        logins: Logins | None,
        guard: Guard,
        grpc: Grpc,
        failed: FailedLogin,
        requests: Admission | None = None,
    ) -> None:
        """
        Put them there as the settings say.

        @param logins: None: there are none.
        @param failed: told of failed logins by HTTP.
        @param requests: limits of requests; None: there are none.
        @raise RuntimeError: there are none to ask for, which is no reason to let everybody in.
        """
        self._older_apis: Any = settings.older_apis
        self._logins = logins
        self._guard = guard
        self._grpc = grpc
        self._requests = requests
        self._identity = settings.auth.identity_key, settings.auth.identity_value
        self._authorization = None if logins is None else Authorization(logins.auth, self._identity, failed)
        self._ask(settings.auth.asking)

    def switch(self, asking: Asking) -> None:
        """Ask as the settings say now."""
        if self._logins is None:
            self.log.warn("a node with functions naming asks for logins only if it was started so: restart it")
            return
        self._logins.switch(any(asking))
        self._ask(asking)
        if asking.client:
            self._grpc.on_logins()
        kinds = ", ".join(kind for kind, asks in asking._asdict().items() if asks)
        self.log.warn("logins are asked for from now on by the APIs of: {kinds}", kinds=kinds or "none")

    def _ask(self, asking: Asking) -> None:
        if any(asking) and self._logins is None:
            raise RuntimeError("this node has no logins")
        self._guard.authorization = limited(checks(asking, self._authorization, self._older_apis), self._requests)
        identify: Identify = everybody
        if asking.client and self._logins is not None:
            identify = GrpcLogins(self._logins.auth, self._identity)
        self._grpc.dispatcher.identify = grpc_limited(identify, self._requests)
