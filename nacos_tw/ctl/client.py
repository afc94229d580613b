"""HTTP to one of several nodes: the first that can be reached. Logs in when it has a name and is about to ask."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

import attrs

from nacos_tw.ctl.failures import Busy, Failure, Forbidden, NotFound, Unreachable, Unsupported
from nacos_tw.ctl.profiles import Target

FORM = "application/x-www-form-urlencoded"
NOT_FOUND_CODES = frozenset({20004, 21003, 21008, 22001})
"""Codes of v2 and v3 for what is not there: resource, instance, service, namespace."""
CONFLICT_CODES = frozenset({20005, 21007, 22002})
"""Of what is there already, or was changed meanwhile."""
UNLOGGED = ("/v1/auth/login", "/v1/auth/users/login", "/v3/auth/user/login")


@attrs.frozen
class Address:
    """A node's."""

    host: str
    port: int
    tls: bool
    context: str

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


@attrs.frozen
class Answer:
    """An answer: C{headers} by their names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """
        The body as JSON.

        @raise Failure: it is none.
        """
        try:
            return json.loads(self.body)
        except ValueError:
            raise Failure(f"the server answered with what is no JSON: {self.text[:200]}") from None

    @property
    def coded(self) -> dict[str, Any] | None:
        """The wrapper C{{"code", "message", "data"}} of v2 and v3; None if it is none."""
        if not self.body.lstrip().startswith(b"{"):
            return None
        try:
            found = json.loads(self.body)
        except ValueError:
            return None
        return found if isinstance(found, dict) and "code" in found and "data" in found else None

    @property
    def routed(self) -> bool:
        """Whether the server knows the path: a framework's own 404, 405, 410 and 501 say that it does not."""
        if self.status in (405, 410, 501):
            return False
        if self.status != 404:
            return True
        return not (b'"path"' in self.body and b'"status"' in self.body or b"No static resource" in self.body
                    or b"<html" in self.body[:200].lower() or not self.body)  # fmt: skip


def addresses(target: Target) -> list[Address]:
    """
    Where to go.

    @raise Failure: an address cannot be read.
    """
    found = []
    for each in filter(None, (part.strip() for part in target.addr.split(","))):
        parts = urlsplit(each if "//" in each else f"//{each}")
        try:
            port = parts.port
        except ValueError:
            port = -1
        if not parts.hostname or port == -1 or parts.scheme not in ("", "http", "https"):
            raise Failure(f"{each}: expected host:port or https://host:port")
        tls = parts.scheme == "https" or (not parts.scheme and bool(target.ca or target.cert or target.insecure))
        context = parts.path.rstrip("/") or target.context.rstrip("/")
        found.append(Address(parts.hostname, port or 8848, tls, context))
    if not found:
        raise Failure("no address: give one by --addr or NACOS_ADDR")
    return found


def tls_context(target: Target) -> ssl.SSLContext:
    """How TLS is checked, as the target says."""
    try:
        context = ssl.create_default_context(cafile=target.ca or None)
        if target.insecure:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if target.cert:
            context.load_cert_chain(target.cert, target.key or None)
    except OSError as error:
        raise Failure(f"TLS: {error}") from None
    return context


class Client:
    """
    @ivar target: where to go and as whom.
    @ivar login: what the server said to the login; None: there was none.
    """

    def __init__(self, target: Target) -> None:
        self.target = target
        self.login: dict[str, Any] | None = None
        self.addresses = addresses(target)
        self._token = target.token
        self._first = 0
        self._connections: dict[Address, http.client.HTTPConnection] = {}

    def of(self, address: str) -> Client:
        """A client of one node alone, as the same user."""
        first = self.addresses[0]
        scheme = "https" if first.tls else "http"
        found = Client(attrs.evolve(self.target, addr=f"{scheme}://{address}{first.context}"))
        found._token, found.login = self._token, self.login
        return found

    def take_login(self, other: Client) -> None:
        """Come as the same user as another client, which logs in if it has to."""
        if other.target.username and not other._token:
            other._log_in()
        self._token, self.login = other._token, other.login

    def call(
        self,
        method: str,
        path: str,
        params: Mapping[str, Any] | None = None,
        form: Mapping[str, Any] | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = 0,
    ) -> Answer:
        """
        One request, as who the target says.

        @param path: below the context path.
        @param params: of the query; None among them are left out. C{form}: likewise, of the body.
        @raise Unreachable: no node answered.
        """
        sent = dict(headers or {})
        if form is not None:
            body, sent["Content-Type"] = urlencode(_given(form)).encode(), FORM
        if self.target.username and not self._token and path not in UNLOGGED:
            self._log_in()
        if self._token and path not in UNLOGGED:
            sent["Authorization"] = f"Bearer {self._token}"
        query = "?" + urlencode(_given(params)) if params else ""
        return self._send(method, path + query, body, sent, timeout or self.target.timeout)

    def _log_in(self) -> None:
        if not self.target.password:
            raise Forbidden(
                f"no password for {self.target.username}: set NACOS_PASSWORD, or password-file in a profile"
            )
        form = {"username": self.target.username, "password": self.target.password}
        for path in reversed(UNLOGGED):
            answer = self.call("POST", path, form=form)
            if answer.routed and answer.status != 404:
                break
        if answer.status != 200:
            said = _said(answer, answer.coded) if answer.coded else answer.text[:200].strip()
            raise Forbidden(f"the login of {self.target.username} was refused: {said}")
        found = answer.json()
        found = found.get("data") if isinstance(found.get("data"), dict) else found
        if not isinstance(found, dict) or not found.get("accessToken"):
            raise Forbidden(f"the login of {self.target.username} gave no token: {answer.text[:100].strip()}")
        self.login = found
        self._token = found["accessToken"]

    def _send(self, method: str, target: str, body: bytes | None, headers: dict[str, str], timeout: float) -> Answer:
        problems = []
        for turn in range(len(self.addresses)):
            number = (self._first + turn) % len(self.addresses)
            address = self.addresses[number]
            connection = self._connections.get(address)
            kept = connection is not None and connection.sock is not None
            connection = connection or self._connect(address)
            try:
                found = self._exchange(connection, method, address.context + target, body, headers, timeout)
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                del self._connections[address]
                if kept:  # the server had closed it: not a word was heard
                    return self._send(method, target, body, headers, timeout)
                problems.append(f"{address}: {_trouble(error)}")
                if isinstance(error, TimeoutError) and method != "GET":
                    break  # it may have been done
                continue
            self._first = number
            return found
        raise Unreachable("no answer: " + "; ".join(problems))

    def _connect(self, address: Address) -> http.client.HTTPConnection:
        if address.tls:
            found: http.client.HTTPConnection = http.client.HTTPSConnection(
                address.host, address.port, context=tls_context(self.target)
            )
        else:
            found = http.client.HTTPConnection(address.host, address.port)
        self._connections[address] = found
        return found

    @staticmethod
    def _exchange(
        connection: http.client.HTTPConnection,
        method: str,
        target: str,
        body: bytes | None,
        headers: dict[str, str],
        timeout: float,
    ) -> Answer:
        connection.timeout = timeout
        if connection.sock is not None:
            connection.sock.settimeout(timeout)
        connection.request(method, target, body, {"User-Agent": "nacosctl", **headers})
        answer = connection.getresponse()
        return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())

    # -- answers that have to be good

    def checked(self, answer: Answer, what: str = "") -> Answer:
        """
        The answer, if it says that it was done.

        @param what: was asked for, for the text of what went wrong.
        @raise Failure: it was not: of the kind that the status says.
        """
        coded = answer.coded
        if answer.status < 300 and (coded is None or coded["code"] in (0, 200)):
            return answer
        text = _said(answer, coded)
        text = f"{what}: {text}" if what else text
        code = coded["code"] if coded else 0
        if answer.status in (401, 403) or code == 403:
            hint = "" if self.target.username or self._token else " (log in by --username and --password)"
            raise Forbidden(text + hint)
        if not answer.routed:
            raise Unsupported(text)
        if answer.status == 404 or code in NOT_FOUND_CODES:
            raise NotFound(text)
        if answer.status == 503:
            raise Unreachable(text)
        if answer.status == 409 or code in CONFLICT_CODES or "Cas publish fail" in text:
            raise Busy(text)
        raise Failure(text)

    def data(self, method: str, path: str, params: Mapping[str, Any] | None = None, **more: Any) -> Any:
        """The C{data} of a good answer of v2 or v3, or its whole JSON where there is no wrapper."""
        answer = self.checked(self.call(method, path, params, **more))
        coded = answer.coded
        return coded["data"] if coded else answer.json()


def _trouble(error: OSError | http.client.HTTPException) -> str:
    """Why there is no answer; what something else than a web server sent is not shown."""
    if isinstance(error, http.client.BadStatusLine) and not isinstance(error, http.client.RemoteDisconnected):
        return "what listens there does not speak HTTP (is it the port of gRPC, or of Raft?)"
    return str(getattr(error, "strerror", None) or error or type(error).__name__)


def _given(values: Mapping[str, Any] | None) -> dict[str, str]:
    found = {name: value for name, value in (values or {}).items() if value is not None}
    return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in found.items()}


def _said(answer: Answer, coded: dict[str, Any] | None) -> str:
    """What the server says is wrong, in one line."""
    if coded:
        detail = coded["data"] if isinstance(coded["data"], str) else ""
        return str(detail or coded.get("message") or coded["code"])
    text = answer.text.strip()
    if text.startswith("{"):
        try:
            found = json.loads(text)
            text = str(found.get("message") or found.get("error") or text)
        except (ValueError, AttributeError):
            pass
    return f"{answer.status} {text[:300]}".strip()
