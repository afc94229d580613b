"""SIGHUP: certificates are read again."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from nacos_tw.timers import Periodic, guarded
from nacos_tw.tls.loaded import LoadedCertificates

DAY = 86400.0


class Reloading(Service):
    """
    Takes SIGHUP while it runs, and reminds of certificates that expire once a day.

    nohup and twistd leave the signal ignored or deadly; neither Twisted nor this server has another use for it.
    """

    log = Logger()

    def __init__(self, ports: Sequence[LoadedCertificates], reactor: Any) -> None:
        self._ports = ports
        self._reactor = reactor
        self._before: Any = None
        self._reminding = Periodic(reactor, DAY, self._remind)

    def startService(self) -> None:
        """From now on."""
        super().startService()
        for port in self._ports:
            port.announce()
        self._before = signal.signal(signal.SIGHUP, self._received)
        self._reminding.startService()

    def stopService(self) -> Deferred[None] | None:
        """No more."""
        if self._reminding.running:
            self._reminding.stopService()
            signal.signal(signal.SIGHUP, self._before or signal.SIG_DFL)
        return super().stopService()

    def _received(self, number: int, frame: object) -> None:
        self._reactor.callFromThread(self.reload)

    def reload(self) -> None:
        """Read all certificates again; each port's by itself."""
        for port in self._ports:
            try:
                port.reload()
            except Exception:
                self.log.failure("certificates could not be read again")

    def _remind(self) -> None:
        for port in self._ports:
            guarded(self.log, "a look at a certificate's end", port.remind)
