"""HTTP: a GET must answer 200. Only the status is read; no client library is worth its memory for that."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure

from nacos_tw.naming.checkers import Http
from nacos_tw.naming.checks.result import TIMEOUT, Outcome, ProbeResult
from nacos_tw.naming.checks.tcp import NOT_CONNECTED, Reporting, connect, unconnected

LONGEST_HEAD = 16 * 1024
"""Bytes read at most; the status stands at the beginning."""

_COUNTED = frozenset((302, 503))
"""Statuses that are failures to be counted; other ones but 200 fail at once."""

_TOKEN = frozenset(b"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


class NotHttpError(Exception):
    """What came is no HTTP response."""


def status_of(data: bytes) -> int | None:
    """
    The status of a response of which these are the first bytes. Interim responses (1xx) are passed over.

    @return: None if more bytes are needed.
    @raise NotHttpError: no response begins so.
    """
    while True:
        line, ended, rest = data.partition(b"\n")
        if not ended:
            if not b"HTTP/1.".startswith(line[:7]):
                raise NotHttpError
            return None
        version, _, code = line.rstrip(b"\r").partition(b" ")
        if version not in (b"HTTP/1.0", b"HTTP/1.1") or not code[:3].isdigit() or code[3:4] not in (b"", b" "):
            raise NotHttpError
        status = int(code[:3])
        if status >= 200:
            return status
        _, ended, data = (b"\n" + rest.replace(b"\r\n", b"\n")).partition(b"\n\n")
        if not ended:
            return None


def request(host: str, port: int, checker: Http) -> bytes:
    """
    The bytes of the GET.

    Headers whose name or value could not stand in a request are left out, and so are those that frame it.
    """
    path = quote(checker.path, safe="/%?&=:;@!$'()*+,~-._[]")
    name = f"[{host}]" if ":" in host else host
    headers = {"host": f"{name}:{port}", "user-agent": "VIPServer", "accept": "*/*", "connection": "close"}
    for key, value in checker.custom_headers():
        if key and _TOKEN.issuperset(key.encode()) and value.isprintable():
            headers[key.lower()] = value
    for key in ("content-length", "transfer-encoding", "expect", "upgrade"):
        headers.pop(key, None)
    headers["connection"] = "close"
    lines = [f"GET {path if path.startswith('/') else '/' + path} HTTP/1.1"]
    lines += [f"{key.title()}: {value}" for key, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode()


class _Asking(Reporting):
    """Reads until the status is known, for as long as it may."""

    def connectionMade(self) -> None:
        self._data = b""
        self._timer: IDelayedCall | None = None
        self.status: Deferred[int] = Deferred()
        super().connectionMade()

    def ask(self, clock: Any, text: bytes) -> Deferred[int]:
        """
        Send the request.

        @return: the status. Fails with L{NotHttpError}, L{builtins.TimeoutError}, or why the connection was lost.
        """
        assert self.transport is not None
        self._timer = clock.callLater(TIMEOUT, self._end, Failure(TimeoutError("read timed out")))
        self.transport.write(text)
        return self.status

    def dataReceived(self, data: bytes) -> None:
        self._data += data
        try:
            status = status_of(self._data)
            if status is None and len(self._data) > LONGEST_HEAD:
                raise NotHttpError
        except NotHttpError:
            self._end(Failure())
        else:
            if status is not None:
                self._end(status)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._end(reason)

    def _end(self, result: int | Failure) -> None:
        if self.status.called:
            return
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self.transport.abortConnection()  # type: ignore[union-attr]
        self.status.callback(result)


async def probe_http(reactor: Any, host: str, port: int, checker: Http) -> ProbeResult:
    """
    Whether a GET of the checker's path is answered with 200.

    @param reactor: provides IReactorTCP and IReactorTime.
    """
    try:
        protocol = await connect(reactor, host, port, _Asking)
        assert isinstance(protocol, _Asking)
        status = await protocol.ask(reactor, request(host, port, checker))
    except NOT_CONNECTED as error:
        return unconnected(error)
    except TimeoutError:
        return ProbeResult(Outcome.FAIL, "timeout")
    except Exception as error:
        return ProbeResult(Outcome.FAIL, f"error:{type(error).__name__}")
    if status == 200:
        return ProbeResult(Outcome.OK, "ok")
    return ProbeResult(Outcome.FAIL if status in _COUNTED else Outcome.FAIL_NOW, f"response code {status}")
