"""What the links of a node ask of TLS. L{nacos_tw.tls.raft} has it; without it they are plain TCP."""

from __future__ import annotations

from typing import Any, Protocol

from twisted.internet.interfaces import IProtocolFactory, IStreamClientEndpoint
from twisted.python.failure import Failure


class IRaftTls(Protocol):
    """Mutual TLS: each side's certificate comes from the cluster's CA."""

    def listening(self, factory: IProtocolFactory) -> IProtocolFactory:
        """What listens in that factory's place."""

    def dialing(self, endpoint: IStreamClientEndpoint) -> IStreamClientEndpoint:
        """What dials in that endpoint's place."""

    def misnamed(self, transport: Any, host: str) -> str:
        """Why the other side's certificate is not that host's; "" if it is. The TLS handshake is through."""

    def explain(self, transport: Any, reason: Failure) -> str:
        """What was wrong with TLS on a connection that closed for that reason; "" if nothing."""
