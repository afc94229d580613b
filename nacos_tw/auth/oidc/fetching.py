"""Asking a provider over HTTP(S): small JSON answers within a time."""

from __future__ import annotations

from typing import Any, Protocol
from urllib.parse import urlencode

import msgspec
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from nacos_tw import tls_on_demand
from nacos_tw.errors import StartError, Unavailable

LARGEST = 1024 * 1024
"""Bytes of an answer."""


class Fetch(Protocol):
    """Asks, and gives the answer."""

    async def __call__(
        self, url: str, form: dict[str, str] | None = None, basic: tuple[str, str] | None = None
    ) -> tuple[int, dict[str, Any]]:
        """
        GET, or with a form POST.

        @param basic: user and password of HTTP Basic.
        @return: status, and the JSON object; empty if the body is none.
        @raise Unavailable: there is no answer.
        """


class Fetcher:
    """By an Agent of Twisted; implements L{Fetch}."""

    def __init__(self, reactor: Any, authorities: str, timeout: float) -> None:
        """
        @param authorities: a PEM file, "" for those of the system.
        @param timeout: seconds.
        @raise StartError: the file cannot be used.
        """
        self._clock: IReactorTime = reactor
        self._timeout = timeout
        self._agent = _agent(reactor, authorities, timeout)

    async def __call__(
        self, url: str, form: dict[str, str] | None = None, basic: tuple[str, str] | None = None
    ) -> tuple[int, dict[str, Any]]:
        """As L{Fetch}."""
        asking = Deferred.fromCoroutine(self._ask(url, form, basic))
        try:
            return await asking.addTimeout(self._timeout, self._clock)
        except Exception as error:
            raise Unavailable(f"the OpenID Connect provider does not answer: {_why(error)}") from None

    async def _ask(
        self, url: str, form: dict[str, str] | None, basic: tuple[str, str] | None
    ) -> tuple[int, dict[str, Any]]:
        from io import BytesIO

        from twisted.web.client import FileBodyProducer
        from twisted.web.http_headers import Headers

        headers = Headers({b"Accept": [b"application/json"], b"User-Agent": [b"nacos_tw"]})
        producer = None
        if form is not None:
            headers.addRawHeader(b"Content-Type", b"application/x-www-form-urlencoded")
            producer = FileBodyProducer(BytesIO(urlencode(form).encode()))
        if basic is not None:
            headers.addRawHeader(b"Authorization", _basic(*basic))
        method = b"GET" if form is None else b"POST"
        response = await self._agent.request(method, url.encode("ascii"), headers, producer)
        body = await _limited_body(response)
        try:
            found = msgspec.json.decode(body)
        except (msgspec.DecodeError, ValueError):
            found = {}
        return response.code, found if isinstance(found, dict) else {}


def _limited_body(response: Any) -> Deferred[bytes]:
    from twisted.internet.protocol import Protocol as TwistedProtocol
    from twisted.python.failure import Failure
    from twisted.web.client import ResponseDone
    from twisted.web.http import PotentialDataLoss

    done: Deferred[bytes] = Deferred()

    class Body(TwistedProtocol):
        """Gathers it, up to a size."""

        def __init__(self) -> None:
            self.parts: list[bytes] = []
            self.size = 0

        def dataReceived(self, data: bytes) -> None:
            """A part."""
            self.size += len(data)
            if self.size > LARGEST:
                assert self.transport is not None
                self.transport.loseConnection()
                return
            self.parts.append(data)

        def connectionLost(self, reason: Any = None) -> None:
            """The end."""
            if done.called:
                return
            if self.size <= LARGEST and reason is not None and reason.check(ResponseDone, PotentialDataLoss):
                done.callback(b"".join(self.parts))
            else:
                done.errback(Failure(Unavailable("its answer is cut or too long")))

    response.deliverBody(Body())
    return done


def _basic(user: str, password: str) -> bytes:
    """As RFC 6749, 2.3.1 has it: both are coded as in a form first."""
    import base64
    from urllib.parse import quote_plus

    return b"Basic " + base64.b64encode(f"{quote_plus(user)}:{quote_plus(password)}".encode())


def _agent(reactor: Any, authorities: str, timeout: float) -> Any:
    """
    One that can speak TLS though Twisted was loaded without pyOpenSSL (L{nacos_tw.tls_on_demand}): by endpoints of our
    own, as what Twisted has loaded before does without it for good.
    """
    tls_on_demand.show()
    from twisted.internet.endpoints import HostnameEndpoint
    from twisted.internet.ssl import Certificate, optionsForClientTLS, platformTrust, trustRootFromCertificates
    from twisted.protocols.tls import TLSMemoryBIOFactory
    from twisted.web.client import Agent
    from twisted.web.iweb import IAgentEndpointFactory
    from zope.interface import implementer

    trust: Any = platformTrust()
    if authorities:
        try:
            with open(authorities, "rb") as file:
                parts = file.read().split(b"-----BEGIN CERTIFICATE-----")[1:]
            found = [Certificate.loadPEM(b"-----BEGIN CERTIFICATE-----" + part) for part in parts]
            if not found:
                raise ValueError("it has no certificate")
        except Exception as error:
            why = getattr(error, "strerror", None) or "it cannot be read as PEM"
            raise StartError(f"nacos.core.auth.oidc.ca={authorities}: {why}") from None
        trust = trustRootFromCertificates(found)

    class OverTls:
        """An endpoint with TLS above."""

        def __init__(self, below: Any, host: str) -> None:
            self._below = below
            self._host = host

        def connect(self, factory: Any) -> Deferred[Any]:
            """As IStreamClientEndpoint."""
            over = TLSMemoryBIOFactory(optionsForClientTLS(self._host, trust), True, factory)
            connected: Deferred[Any] = self._below.connect(over)
            return connected.addCallback(lambda tls: tls.wrappedProtocol)

    @implementer(IAgentEndpointFactory)
    class Endpoints:
        """For the agent."""

        def endpointForURI(self, uri: Any) -> Any:  # noqa: N802
            """As IAgentEndpointFactory."""
            below = HostnameEndpoint(reactor, uri.host, uri.port, timeout)
            return OverTls(below, uri.host.decode("ascii")) if uri.scheme == b"https" else below

    return Agent.usingEndpointFactory(reactor, Endpoints())


def _why(error: BaseException) -> str:
    """In a few words, without what was sent."""
    reasons = getattr(error, "reasons", None)
    if reasons:
        error = getattr(reasons[0], "value", error)
    name = type(error).__name__
    if name in ("TimeoutError", "ConnectingCancelledError", "CancelledError"):
        return "it takes too long"
    if name == "Error" and "certificate" in str(error):
        return "its certificate is not accepted"
    return str(getattr(error, "osError", "") or "") or name
