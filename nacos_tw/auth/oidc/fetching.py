"""Asking a provider over HTTP(S): small JSON answers within a time."""

from __future__ import annotations

from typing import Any, Protocol
from urllib.parse import urlencode

import msgspec
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from nacos_tw import tls_on_demand
from nacos_tw.errors import StartError, Unavailable
from nacos_tw.http_client import agent, limited_body, sent_body, why

LARGEST = 1024 * 1024
"""Bytes of an answer."""


class Fetch(Protocol):
    """Asks, and gives the answer."""

    async def __call__(
        self, url: str, form: dict[str, str] | None = None, basic: tuple[str, str] | None = None, bearer: str = ""
    ) -> tuple[int, dict[str, Any]]:
        """
        GET, or with a form POST.

        @param basic: user and password of HTTP Basic.
        @param bearer: an access token.
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
        self, url: str, form: dict[str, str] | None = None, basic: tuple[str, str] | None = None, bearer: str = ""
    ) -> tuple[int, dict[str, Any]]:
        """As L{Fetch}."""
        asking = Deferred.fromCoroutine(self._ask(url, form, basic, bearer))
        try:
            return await asking.addTimeout(self._timeout, self._clock)
        except Exception as error:
            raise Unavailable(f"the OpenID Connect provider does not answer: {why(error)}") from None

    async def _ask(
        self, url: str, form: dict[str, str] | None, basic: tuple[str, str] | None, bearer: str
    ) -> tuple[int, dict[str, Any]]:
        from twisted.web.http_headers import Headers

        headers = Headers({b"Accept": [b"application/json"], b"User-Agent": [b"nacos_tw"]})
        producer = None
        if form is not None:
            headers.addRawHeader(b"Content-Type", b"application/x-www-form-urlencoded")
            producer = sent_body(urlencode(form).encode())
        if basic is not None:
            headers.addRawHeader(b"Authorization", _basic(*basic))
        if bearer:
            headers.addRawHeader(b"Authorization", b"Bearer " + bearer.encode("ascii"))
        method = b"GET" if form is None else b"POST"
        response = await self._agent.request(method, url.encode("ascii"), headers, producer)
        body = await limited_body(response, LARGEST)
        try:
            found = msgspec.json.decode(body)
        except (msgspec.DecodeError, ValueError):
            found = {}
        return response.code, found if isinstance(found, dict) else {}


def _basic(user: str, password: str) -> bytes:
    """As RFC 6749, 2.3.1 has it: both are coded as in a form first."""
    import base64
    from urllib.parse import quote_plus

    return b"Basic " + base64.b64encode(f"{quote_plus(user)}:{quote_plus(password)}".encode())


def _agent(reactor: Any, authorities: str, timeout: float) -> Any:
    """@raise StartError: the file cannot be used."""
    trust: Any = None
    if authorities:
        tls_on_demand.show()
        from twisted.internet.ssl import Certificate, trustRootFromCertificates

        try:
            with open(authorities, "rb") as file:
                parts = file.read().split(b"-----BEGIN CERTIFICATE-----")[1:]
            found = [Certificate.loadPEM(b"-----BEGIN CERTIFICATE-----" + part) for part in parts]
            if not found:
                raise ValueError("it has no certificate")
        except Exception as error:
            reason = getattr(error, "strerror", None) or "it cannot be read as PEM"
            raise StartError(f"nacos.core.auth.oidc.ca={authorities}: {reason}") from None
        trust = trustRootFromCertificates(found)

    def below(host: bytes, port: int) -> Any:
        from twisted.internet.endpoints import HostnameEndpoint

        return HostnameEndpoint(reactor, host, port, timeout)

    return agent(reactor, below, trust)
