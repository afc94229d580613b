"""
Requests and responses that connections themselves need, with the JSON that Nacos writes: no member is null.

A response is C{resultCode, errorCode, message?, its own members, success}; a request to a client C{headers, requestId?,
its own members, module}.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from nacos_tw.grpc.payloads import write

OK, FAIL = 200, 500
STARTING, UNREGISTERED, NO_HANDLER, BAD_PARAMETER, NO_RIGHT, BAD_GATEWAY = 300, 301, 302, 400, 403, 502
OVER_THRESHOLD = 503
"""Codes of errors."""
CLIENT_DISCONNECT = -401
"""The client is not known to the registry: it is no naming client, or gone."""

_encode = msgspec.json.Encoder().encode


class Response(Struct, kw_only=True, omit_defaults=False):
    """
    What every response has. A subclass is one type of response: its name is C{metadata.type}.

    @ivar message: text of an error; unset members are left out.
    """

    resultCode: int = OK  # noqa: N815 - the names of the wire
    errorCode: int = 0  # noqa: N815
    message: str | UnsetType = UNSET


class ErrorResponse(Response):
    """What went wrong before or in a handler."""


class ServerCheckResponse(Response, kw_only=True):
    """@ivar supportAbilityNegotiation: whether L{SETUP_ACK} will follow a setup with abilities."""

    connectionId: str  # noqa: N815
    supportAbilityNegotiation: bool = True  # noqa: N815


class HealthCheckResponse(Response):
    """The connection is known."""


def json(response: Response) -> bytes:
    """A response as JSON."""
    return _encode(response)[:-1] + (b',"success":true}' if response.resultCode == OK else b',"success":false}')


def failed(error_code: int, text: str, result_code: int = FAIL) -> ErrorResponse:
    """An error in Nacos's form."""
    return ErrorResponse(resultCode=result_code, errorCode=error_code, message=text)


class ConnectionSetupRequest(Struct):
    """
    The first message of a client's stream.

    @ivar tenant: namespace of config clients.
    @ivar abilityTable: None for clients that do not negotiate.
    """

    clientVersion: str | None = None  # noqa: N815
    tenant: str | None = None
    labels: dict[str, str | int | float | bool | None] | None = None
    abilityTable: dict[str, bool | None] | None = None  # noqa: N815

    def texts(self) -> dict[str, str]:
        """Its labels, as Nacos reads them: what is no text becomes one, what is null is none."""
        given = (self.labels or {}).items()
        return {name: value if isinstance(value, str) else _text(value) for name, value in given if value is not None}


def _text(value: float | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


class Ack(Struct):
    """
    A client's answer to a push.

    @ivar requestId: of the push; C{resultCode}: 200 for success, whatever C{success} says.
    @ivar metrics: of a ClientConfigMetricResponse.
    """

    requestId: str | int | None = None  # noqa: N815
    resultCode: int | None = None  # noqa: N815
    errorCode: int | None = None  # noqa: N815
    message: str | None = None
    metrics: Any = None

    @property
    def number(self) -> int | None:
        """The number of the push; None for what is no number."""
        try:
            return int(self.requestId or "")
        except ValueError:
            return None


SETUP_ACK, DETECTION, RESET = "SetupAckRequest", "ClientDetectionRequest", "ConnectResetRequest"


class Push:
    """
    A request to clients, rendered once for all who get it.

    @ivar type: C{metadata.type}; C{size}: bytes of its JSON, about.
    @ivar number: by which it is acknowledged: the same for all clients, whose answers are told apart by where they
        come from; 0 as long as it has none. C{payload}: with it.
    @ivar _rest: the JSON behind the number.
    """

    __slots__ = ("_rest", "number", "payload", "size", "type")

    def __init__(self, type_: str, members: dict[str, Any] | Struct, module: str) -> None:
        """
        @param members: of its own, in the order that they are to have.
        @param module: C{internal}, C{naming}, C{config} or C{lock}.
        """
        self.type = type_
        inner = _encode(members)[1:-1]
        self._rest = b'"%b%b,"module":"%b"}' % (b"," if inner else b"", inner, module.encode())
        self.size = len(self._rest)
        self.number = 0
        self.payload = b""

    def take_number(self, number: int, server: str) -> None:
        """
        It is to be acknowledged.

        @param number: for C{requestId}.
        @param server: its address.
        """
        self.number = number
        self.payload = write(self.type, b'{"headers":{},"requestId":"%d%b' % (number, self._rest), server)

    def unnumbered(self, server: str) -> bytes:
        """As a payload that wants no answer."""
        return write(self.type, b'{"headers":{}' + self._rest[1:], server)
