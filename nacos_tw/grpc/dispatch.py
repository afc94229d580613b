"""Requests by their C{metadata.type}: the order of checks, the table of handlers, the shape of errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from time import perf_counter
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import Struct
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from nacos_tw.access.identity import EVERYBODY, Identity
from nacos_tw.access.limits import OverLimit
from nacos_tw.access.rules import NotAllowed
from nacos_tw.errors import Forbidden, NacosError, Unavailable
from nacos_tw.grpc import lenient
from nacos_tw.grpc.carrier import Carrier
from nacos_tw.grpc.connections import ClientConnection, Connections, connection_id
from nacos_tw.grpc.counters import Counters
from nacos_tw.grpc.known_acks import KnownAcks
from nacos_tw.grpc.logins import Identify, everybody
from nacos_tw.grpc.messages import (
    BAD_GATEWAY,
    FAIL,
    NO_HANDLER,
    NO_RIGHT,
    OVER_THRESHOLD,
    STARTING,
    UNREGISTERED,
    Ack,
    ConnectionSetupRequest,
    ErrorResponse,
    HealthCheckResponse,
    Response,
    ServerCheckResponse,
    failed,
    json,
)
from nacos_tw.grpc.payloads import Metadata, PayloadError, Reader, write
from nacos_tw.grpc.phrases import code_of, phrase

R = TypeVar("R", bound=Struct)

BETWEEN_NODES = {
    "ServerLoaderInfoRequest",
    "ServerReloadRequest",
    "MemberReportRequest",
    "DistroDataRequest",
    "ConfigChangeClusterSyncRequest",
}
"""Of the port of the cluster; clients may not ask them."""
HELD_BACK = 1.0
"""Seconds until who has asked for too much hears so, as from Nacos: a client that asks again at once is slowed down."""
MOST_HELD_BACK = 10_000
"""Such answers at a time, of all clients; more leave at once."""
SERVER_CHECK, HEALTH_CHECK, SETUP = "ServerCheckRequest", "HealthCheckRequest", "ConnectionSetupRequest"


class Asked(Struct, Generic[R], eq=False):
    """
    A request, for its handler, and the L{Caller<nacos_tw.access.caller.Caller>} of operations.

    @ivar client: on which connection; C{identity}: who asks; C{headers}: of the payload's metadata; C{request}: what;
        C{what}: its type.
    """

    client: ClientConnection
    identity: Identity
    headers: Mapping[str, str]
    request: R
    what: str = ""
    recorded: bool = False

    @property
    def source(self) -> str:
        """The address that it comes from."""
        return self.client.remote_ip

    def said(self, name: str) -> str:
        """A header of the payload; else one of the call, where these are looked at (with traces only)."""
        return self.headers.get(name, "") or self.client.said(name)


class Done(Struct, eq=False):
    """
    An answer that is the same whatever some work gives, if that does not fail.

    @ivar work: not to be used by anybody else; C{answer}: L{rendered}.
    """

    work: Deferred[Any]
    answer: bytes


Answer = Response | bytes | Deferred[Response] | Deferred[bytes] | Done
"""What a handler gives; bytes are a response that is L{rendered} already."""


class Handler(Generic[R]):
    """
    One entry of the table.

    @ivar decode: JSON to request; C{request}: its type; C{serve}: request to response; C{response}: type of its
        responses.
    """

    __slots__ = ("decode", "request", "response", "serve")

    def __init__(
        self, request: type[R], serve: Callable[[Asked[R]], Answer], response: type[Response] = ErrorResponse
    ) -> None:
        """
        @param request: what its JSON is; unknown members are passed over, those of other kinds are read as Nacos does.
        @param serve: may raise L{nacos_tw.errors.NacosError} or L{RequestFailed}, as its Deferred may fail with them.
        @param response: what says that somebody may not, or that a parameter was refused before anything was done.
        """
        self.decode: Callable[[bytes], R] = msgspec.json.Decoder(request).decode
        self.request = request
        self.serve = serve
        self.response = response


class RequestFailed(Exception):
    """
    An ErrorResponse in its own words.

    @ivar code: for C{errorCode} and C{resultCode}.
    """

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


class Refusal(RequestFailed):
    """The same before anything was done, as a response of the handler's own type with the result code 500."""


def refusal(error: BaseException) -> Refusal | None:
    """What a client is told that was not let in; None if it was."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, OverLimit):
        return Refusal(OVER_THRESHOLD, phrase(error))
    if isinstance(error, NotAllowed):
        return Refusal(NO_RIGHT, "Validate Authority failed.")
    return Refusal(NO_RIGHT, "Validate Identity failed.") if isinstance(error, Forbidden) else None


def problem(error: BaseException) -> ErrorResponse | None:
    """What a client is told about an error; None for one that is not meant for it."""
    if isinstance(error, RequestFailed):
        return failed(error.code, str(error), error.code)
    if isinstance(error, NacosError):
        code = code_of(error)
        return failed(code, phrase(error), code)
    return None


class Dispatcher:
    """
    Serves what carriers bring; see L{nacos_tw.grpc.carrier.IServing}.

    @ivar identify: finds out who asks; it can change.
    @ivar most_held_back: answers that are held back at a time.
    @ivar leaving: the node is about to stop: no clients are taken any more, those who are here are served.
    """

    log = Logger()

    def __init__(
        self,
        handlers: Mapping[str, Handler[Any]],
        connections: Connections,
        counters: Counters,
        clock: IReactorTime,
        started: Callable[[], bool] = lambda: True,
        reader: Reader | None = None,
        late: Callable[[], bool] = lambda: False,
    ) -> None:
        """
        @param handlers: C{metadata.type} to what serves it.
        @param started: whether requests can be served yet; from the first time on they can.
        @param late: whether a request that is read now waited while the process stood still.
        """
        self.identify: Identify = everybody
        self.leaving = False
        self._handlers = dict(handlers)
        self._connections = connections
        self._counters = counters
        self._clock = clock
        self._started = started
        self._begun = False
        self._reader = reader or Reader()
        self._late = late
        self._decode_setup = msgspec.json.Decoder(ConnectionSetupRequest).decode
        self._decode_ack = msgspec.json.Decoder(Ack).decode
        self._known_acks = KnownAcks(self._ack)
        self._healthy = rendered(HealthCheckResponse())
        self.most_held_back = MOST_HELD_BACK
        self._held_back = 0
        self._names = sorted((*handlers, SERVER_CHECK, HEALTH_CHECK))

    @property
    def handlers(self) -> Mapping[str, Handler[Any]]:
        """Those of the requests that have one, by type."""
        return self._handlers

    # Unary calls

    def unary(self, carrier: Carrier, message: bytes) -> bytes | Deferred[bytes]:
        """Answer a unary call: the checks of Nacos, in its order."""
        try:
            metadata, body = self._reader.read(message)
        except PayloadError as error:
            return self._refuse(BAD_GATEWAY, str(error))
        type_ = metadata.type
        handler = self._handlers.get(type_)
        client = carrier.client
        begun = self._begun or self._has_begun()
        if client is None or not client.open or handler is None or not begun:
            if type_ != HEALTH_CHECK or client is None or not client.open or not begun:
                return self._unusual(carrier, type_)
            self._counters.requests[type_] += 1
            client.last_active = self._clock.seconds()
            self._counters.calls.add((type_, 0), 0.0)
            return self._healthy
        self._counters.requests[type_] += 1
        call = type_, perf_counter()
        try:
            try:
                request = handler.decode(body)
            except msgspec.ValidationError:
                request = lenient.read(body, handler.request)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            self._answered(call, BAD_GATEWAY)
            return self._refuse(BAD_GATEWAY, "errCode: 101, errMsg: Nacos deserialize failed.  ")
        client.last_active = self._clock.seconds()
        try:
            if self._late():
                raise Unavailable("this node stood still while the request waited: it was not done")
            identify = self.identify
            identity = EVERYBODY if identify is everybody else identify(metadata.headers, client.remote_ip)
            answer: Answer
            if type(identity) is not Identity and isinstance(identity, Deferred):  # the latter takes longer
                answer = identity.addCallback(self._known, handler, client, metadata.headers, request, type_)
            else:
                answer = handler.serve(Asked(client, identity, metadata.headers, request, type_))
        except OverLimit as error:
            return self._hold_back(self._failed(error, handler, call))
        except Exception as error:
            return self._failed(error, handler, call)
        if type(answer) is Done:
            work: Deferred[bytes] = answer.work.addCallbacks(
                self._done, self._failure, (call, answer.answer), errbackArgs=(handler, call)
            )
            return work
        if isinstance(answer, Deferred):
            done: Deferred[bytes] = answer.addCallbacks(
                self._rendered, self._failure, (call,), errbackArgs=(handler, call)
            )
            return done
        return self._rendered(answer, call)  # type: ignore[arg-type]

    @staticmethod
    def _known(
        identity: Identity,
        handler: Handler[Any],
        client: ClientConnection,
        headers: Mapping[str, str],
        request: Any,
        type_: str,
    ) -> Response | bytes | Deferred[Response] | Deferred[bytes]:
        """Who asks is known now; nothing is begun for a client that has gone meanwhile."""
        if not client.open:
            raise RequestFailed(UNREGISTERED, "Connection is unregistered.")
        answer: Answer = handler.serve(Asked(client, identity, headers, request, type_))
        return answer.work.addCallback(_given, answer.answer) if isinstance(answer, Done) else answer

    def _has_begun(self) -> bool:
        self._begun = self._begun or self._started()
        return self._begun

    def _unusual(self, carrier: Carrier, type_: str) -> bytes:
        """What is not a registered client's request that has a handler."""
        if type_ in BETWEEN_NODES:
            return self._refuse(BAD_GATEWAY, f" invoke {type_} from sdk is forbidden")
        if not self._has_begun() or (self.leaving and type_ == SERVER_CHECK):
            return self._refuse(STARTING, "Server is starting,please try later.")
        if type_ == SERVER_CHECK:
            self._counters.requests[type_] += 1
            self._counters.calls.add((type_, 0), 0.0)
            return rendered(ServerCheckResponse(connectionId=connection_id(carrier)))
        if type_ not in self._handlers and type_ != HEALTH_CHECK:
            return self._refuse(NO_HANDLER, "RequestHandler Not Found")
        return self._refuse(UNREGISTERED, "Connection is unregistered.")

    def _rendered(self, response: Response | bytes, call: tuple[str, float]) -> bytes:
        """@param call: the type of the request, and when it was read."""
        code = 0
        if type(response) is bytes:
            self._answered(call, code)
            return response
        assert isinstance(response, Response)
        if response.resultCode != 200:
            code = response.errorCode
            self._counters.errors[code] += 1
        payload = rendered(response)
        self._answered(call, code)
        return payload

    def _done(self, _: object, call: tuple[str, float], answer: bytes) -> bytes:
        self._answered(call, 0)
        return answer

    def _answered(self, call: tuple[str, float], code: int) -> None:
        self._counters.calls.add((call[0], code), perf_counter() - call[1])

    def _refuse(self, code: int, text: str) -> bytes:
        self._counters.errors[code] += 1
        return rendered(failed(code, text))

    def _failure(self, failure: Failure, handler: Handler[Any], call: tuple[str, float]) -> bytes | Deferred[bytes]:
        error = failure.value or RuntimeError()
        answer = self._failed(error, handler, call, failure)
        return self._hold_back(answer) if isinstance(error, OverLimit) else answer

    def _hold_back(self, answer: bytes) -> bytes | Deferred[bytes]:
        """The answer, later; while it is held back its call counts as one of the connection's, which are bounded."""
        if self._held_back >= self.most_held_back:
            return answer
        self._held_back += 1

        delayed: Deferred[bytes] = Deferred()

        def over() -> None:
            self._held_back -= 1
            delayed.callback(answer)

        self._clock.callLater(HELD_BACK, over)
        return delayed

    def _failed(
        self, error: BaseException, handler: Handler[Any], call: tuple[str, float], failure: Failure | None = None
    ) -> bytes:
        refused = refusal(error)
        if refused is not None:
            response = handler.response(resultCode=FAIL, errorCode=refused.code, message=str(refused))
            return self._rendered(response, call)
        found = problem(error)
        if found is None:
            self._counters.failures += 1
            self.log.failure("a request failed", failure)
            found = failed(FAIL, "the request failed in the server; its log says why", FAIL)
        return self._rendered(found, call)

    # The stream

    def message(self, carrier: Carrier, stream: int, message: bytes) -> None:
        """A message on a stream: a client says who it is, or answers a push; anything else is dropped, as by Nacos."""
        try:
            metadata, body = self._reader.read(message)
            if metadata.type == SETUP:
                self._setup(carrier, stream, metadata, _read(self._decode_setup, body, ConnectionSetupRequest))
            elif metadata.type.endswith("Response") and carrier.client is not None:
                self._connections.acknowledged(carrier.client, _read(self._decode_ack, body, Ack))
        except (PayloadError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            self.log.debug("a message of {host} is dropped: {error}", host=carrier.host, error=error)

    def acknowledged(self, carrier: Carrier, data: bytes, now: float) -> bool:
        """Whether the bytes just answer the oldest push that the client has not answered, as others did before."""
        client: ClientConnection = carrier.client
        number, stream = next(iter(client.waiting)), client.stream  # type: ignore[arg-type]
        ack = self._known_acks.find(data, stream, number)
        if ack is None or not carrier.engine.passed(stream, len(data)):
            return False
        try:
            self._connections.taken(client, number, ack, now)
        except Exception:
            self.log.failure("a message of {host} failed", host=carrier.host)
            self._counters.failures += 1
        return True

    def _ack(self, message: bytes) -> Ack | None:
        try:
            metadata, body = self._reader.read(message)
            return self._decode_ack(body) if metadata.type.endswith("Response") else None
        except (PayloadError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None

    def _setup(self, carrier: Carrier, stream: int, metadata: Metadata, setup: ConnectionSetupRequest) -> None:
        client: ClientConnection | None = carrier.client
        if client is not None and client.open:
            return
        source = (setup.labels or {}).get("source")
        if self.leaving or (not self._has_begun() and source == "sdk"):
            self._counters.refused += 1
            carrier.finish(stream)
            carrier.drain()
            return
        carrier.client = self._connections.register(carrier, stream, metadata, setup)
        if carrier.client is None:
            carrier.finish(stream)
            carrier.drain()

    def closed(self, carrier: Carrier, stream: int) -> None:
        """A stream ends: with that of its pushes a client is gone."""
        client: ClientConnection | None = carrier.client
        if client is not None and client.stream == stream:
            self._connections.remove(client)
        carrier.finish(stream)

    def lost(self, carrier: Carrier) -> None:
        """The connection is gone."""
        if carrier.client is not None:
            self._connections.remove(carrier.client)


def _read(decode: Callable[[bytes], R], body: bytes, type_: type[R]) -> R:
    """A message of a stream, exactly or as Nacos reads it."""
    try:
        return decode(body)
    except msgspec.ValidationError:
        return lenient.read(body, type_)


def _given(_: object, answer: bytes) -> bytes:
    return answer


def rendered(response: Response) -> bytes:
    """A response as a payload; handlers that give the same one again and again keep it."""
    return write(type(response).__name__, json(response))
