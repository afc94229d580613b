"""One request, as a handler sees it: a plain value, in which everything costly is computed when it is first used."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, TypeVar

import msgspec

from nacos_tw.access.identity import NOBODY
from nacos_tw.errors import BadParameter
from nacos_tw.http import multipart, params
from nacos_tw.http.multipart import Upload

T = TypeVar("T")

Headers = list[tuple[bytes, bytes]]
"""(name in lower case, value) in the order of the request; a name may come again."""

ServiceKey = tuple[str, str]
"""(namespace, "group@@name"), as in L{nacos_tw.naming.model}."""

DEFAULT_GROUP = "DEFAULT_GROUP"
PUBLIC = "public"
NO_PROXIES: frozenset[str] = frozenset()
FORM = b"application/x-www-form-urlencoded"

# Whether a User-Agent is a Java client from 1.0.0 on; clients of one version all send the same few values.
_java_agents: dict[bytes, bool] = {}


class Call:
    """
    One request.

    Only L{target}, L{body} and L{java_agent} cost nothing; the hot handlers look up cached answers by these.

    @ivar method: C{"GET"} ... The method the route is declared with (GET for HEAD).
    @ivar path: the route's path: decoded, without the context path and without a trailing slash.
    @ivar target: what stands in the request line: raw path, C{?} and query.
    @ivar head: the raw request line and header lines, each ended by CRLF; checked by the carrier.
    @ivar body: the whole body.
    @ivar peer: the client's IP address as text.
    @ivar identity: who asks, once the guard knows; nobody until then.
    @ivar params: the parameters of the query string and of a form body; the query's value wins, then the first.
        Trimmed, but for L{params.EXACT}. C{encoding} names the charset of the values. They are read when they are
        first asked for, which raises L{BadParameter} for an unknown charset or a body that is a flood of names.
    @ivar proxies: those that the guard trusts, put there by it; L{recorded}: by an operation that wrote its line into
        the audit log (a call is a L{nacos_tw.access.caller.Caller}).
    """

    __slots__ = (
        "_files", "_headers", "_lower", "body", "head", "identity", "method", "params", "path", "peer", "proxies",
        "recorded", "target",
    )  # fmt: skip
    params: dict[str, str]
    proxies: frozenset[str]
    recorded: bool

    def __init__(
        self, method: str, path: str, target: bytes, head: bytes, body: bytes, peer: str, lower_head: bytes = b""
    ) -> None:
        """@param lower_head: the head in lower case, where the carrier had to make it."""
        self.method = method
        self.path = path
        self.target = target
        self.head = head
        self.body = body
        self.peer = peer
        self.identity = NOBODY
        self.proxies = NO_PROXIES
        self.recorded = False
        self._lower = lower_head
        self._headers: Headers | None = None
        self._files: dict[str, Upload] = {}

    @classmethod
    def make(
        cls,
        method: str,
        target: str,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        path: str | None = None,
        peer: str = "127.0.0.1",
    ) -> Call:
        """
        A call without a carrier, for tests and for handlers that call handlers. A body counts as a form unless
        the headers say otherwise.
        """
        fields = dict(headers or {})
        if body and not any(name.lower() == "content-type" for name in fields):
            fields["Content-Type"] = FORM.decode()
        lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        head = f"{method} {target} HTTP/1.1\r\n{lines}\r\n".encode()
        return cls(method, target.partition("?")[0] if path is None else path, target.encode(), head, body, peer)

    def __repr__(self) -> str:
        return f"<Call {self.method} {self.target!r} from {self.peer}>"

    # Who calls

    @property
    def source(self) -> str:
        """The address that it comes from: the peer's, or what a proxy that is trusted says of it."""
        return source_of(self, self.proxies)

    @property
    def what(self) -> str:
        """Method and path."""
        return f"{self.method} {self.path}"

    # Headers

    @property
    def headers(self) -> Headers:
        """All headers."""
        found = self._headers
        if found is None:
            found = self._headers = []
            for line in self.head.split(b"\r\n")[1:]:
                if line:
                    name, _, value = line.partition(b":")
                    found.append((name.lower(), value.strip(b" \t")))
        return found

    @property
    def lower_head(self) -> bytes:
        """The head in lower case."""
        if not self._lower:
            self._lower = self.head.lower()
        return self._lower

    def raw_header(self, name: bytes) -> bytes:
        """
        The first value of a header; C{b""} if there is none.

        @param name: in lower case.
        """
        # A name is at the start of a line and has its colon at once (the carriers refuse all else), so this is exact.
        key = b"\r\n" + name + b":"
        start = (self._lower or self.lower_head).find(key)
        if start < 0:
            return b""
        start += len(key)
        end = self.head.find(b"\r\n", start)
        return self.head[start : end if end >= 0 else None].strip(b" \t")

    @property
    def has_form(self) -> bool:
        """Whether the body says that it is a form: then its fields are parameters."""
        lower = self._lower or self.lower_head
        start = lower.find(b"\r\ncontent-type:")
        # Nearly all write it like this.
        return start >= 0 and (
            lower.startswith(b" " + FORM, start + 15) or self.raw_header(b"content-type").lower().startswith(FORM)
        )

    def header(self, name: bytes) -> str:
        """L{raw_header} as text."""
        return self.raw_header(name).decode("utf-8", "replace")

    def said(self, name: str) -> str:
        """L{header}, for operations: see L{nacos_tw.access.caller.Caller.said}."""
        return self.header(name.encode())

    @property
    def agent(self) -> str:
        """User-Agent, or Client-Version where that is empty."""
        return self.header(b"user-agent") or self.header(b"client-version")

    @property
    def java_agent(self) -> bool:
        """Whether L{agent} is C{Nacos-Java-Client} of at least 1.0.0."""
        head = self.head
        start = head.find(b"\r\nUser-Agent:")
        if start < 0:
            start = head.lower().find(b"\r\nuser-agent:")
            if start < 0:
                return is_java_agent(self.raw_header(b"client-version"))
        value = head[start + 13 : head.find(b"\r\n", start + 13)]
        known = _java_agents.get(value)
        if known is None:
            known = is_java_agent(value.strip(b" \t") or self.raw_header(b"client-version"))
            if len(_java_agents) < 1000 and value.strip(b" \t"):
                _java_agents[value] = known
        return known

    # Parameters

    @property
    def query(self) -> bytes:
        """The raw query string."""
        return self.target.partition(b"?")[2]

    def __getattr__(self, name: str) -> Any:
        """L{params}, which handlers ask for again and again, are a plain attribute from the first time on."""
        if name != "params":
            raise AttributeError(name)
        found = self._read_params("utf-8")
        charset = found.get("encoding")
        if charset and charset != "UTF-8":
            encoding = params.charset(charset)
            if encoding != "utf-8":
                found = self._read_params(encoding)
        self.params = found
        return found

    def _read_params(self, encoding: str) -> dict[str, str]:
        found: dict[str, str] = {}
        params.parse(self.query, found, encoding)
        if self.body and self.has_form:
            params.parse(self.body, found, encoding)
        elif self.body and self.method == "POST":
            self._read_multipart(found)
        if not params.NOTHING.isdisjoint(found.values()):
            for name, value in found.items():
                if value in params.NOTHING and name in params.OPTIONAL:
                    found[name] = ""
        return found

    def _read_multipart(self, found: dict[str, str]) -> None:
        try:
            fields, files = multipart.parse_form(self.raw_header(b"content-type"), self.body)
        except BadParameter:
            return  # has no parameters then
        for name, value in fields.items():
            found.setdefault(name, value if name in params.EXACT else params.trimmed(value))
        self._files = files

    @property
    def files(self) -> dict[str, Upload]:
        """
        The files of a multipart body, by the names of their fields; the other fields are parameters. None of a body
        that is not what its type says.
        """
        _ = self.params
        return self._files

    def forget(self) -> None:
        """Let go of the head, the body and what was read from them: for an answer that takes long and needs none."""
        self.head = self.body = self._lower = b""
        self._headers = None
        self._files = {}
        with suppress(AttributeError):
            del self.params

    def get(self, name: str, default: str = "") -> str:
        """A parameter; the default where it is missing or blank."""
        return self.params.get(name) or default

    def required(self, name: str) -> str:
        """A parameter that Nacos's own code asks for; C{Param '<name>' is required.} where it is missing or blank."""
        value = self.params.get(name)
        if not value:
            raise BadParameter(f"Param '{name}' is required.")
        return value

    def given(self, name: str) -> str:
        """A parameter that Spring asks for: it may be empty but must be there, C{Parameter '<name>' is missing}."""
        value = self.params.get(name)
        if value is None:
            raise BadParameter(f"Parameter '{name}' is missing")
        return value

    def integer(self, name: str, default: int = 0) -> int:
        """A Java int; C{For input string: "x"} for anything else, but for L{params.NOTHING}."""
        value = self.params.get(name)
        return params.integer(value) if value and value not in params.NOTHING else default

    def number(self, name: str, default: float = 0.0) -> float:
        """A Java double; C{For input string: "x"} for anything else."""
        value = self.params.get(name)
        return params.number(value) if value else default

    def loose(self, name: str, default: bool = False) -> bool:
        """A boolean as BooleanUtils reads it, see L{params.loose}."""
        value = self.params.get(name)
        return params.loose(value) if value else default

    def strict(self, name: str, default: bool = False) -> bool:
        """A boolean as parseBoolean reads it, see L{params.strict}."""
        value = self.params.get(name)
        return params.strict(value) if value else default

    def spring(self, name: str, default: bool = False) -> bool:
        """A boolean as Spring reads it, see L{params.spring}."""
        value = self.params.get(name)
        return params.spring(value) if value else default

    def json(self, type: type[T] | Any = Any) -> Any:
        """
        The body as JSON.

        @param type: what msgspec shall check it against.
        @raise BadParameter: when it is not JSON or not of that type.
        """
        return read_json(self.body, type)

    # Names

    @property
    def namespace(self) -> str:
        """Parameter namespaceId; empty, C{null} and C{public} all name the public namespace."""
        value = self.params.get("namespaceId")
        return PUBLIC if not value or value == "null" else value

    def service_key(self) -> ServiceKey:
        """
        The service a naming call is about: serviceName (or the old dom), put into groupName unless it has a group.

        @raise BadParameter: with Nacos's texts for a missing or misshapen name.
        """
        name = self.params.get("serviceName") or self.params.get("dom")
        if not name:
            raise BadParameter("Param 'serviceName' is required.")
        if "@@" not in name:
            return self.namespace, f"{self.params.get('groupName') or DEFAULT_GROUP}@@{name}"
        group, _, rest = name.partition("@@")
        # Java's split drops empty parts at the end, so "@@" and "g@@" have too few and only "@@s" lacks its group.
        if not rest.strip("@") and (not rest or len(rest) % 2 == 0):
            raise BadParameter("Param 'serviceName' is illegal, it should be format as 'groupName@@serviceName'")
        if not group:
            raise BadParameter("Param 'serviceName' is illegal, groupName can't be empty")
        return self.namespace, name


def read_json(data: bytes | str, type: type[T] | Any = Any) -> Any:
    """
    Decode JSON that a client sent.

    @raise BadParameter: when it is not JSON or not of that type; the text says where.
    """
    try:
        return msgspec.json.decode(data, type=type)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise BadParameter(f"JSON expected: {error}") from None


def source_of(call: Call, trusted: frozenset[str]) -> str:
    """The address that a call comes from: the peer's, or what a proxy that is trusted says of it."""
    if call.peer not in trusted:
        return call.peer
    # A proxy may put a header of its own behind the client's.
    lists = [value.decode("utf-8", "replace") for name, value in call.headers if name == b"x-forwarded-for"]
    hops = [hop.strip() for hop in ",".join(lists).split(",") if hop.strip()]
    while hops:
        last = hops.pop()
        if last not in trusted:
            return last[:64]
    return call.peer


def is_java_agent(agent: bytes) -> bool:
    """Whether an agent text is C{Nacos-Java-Client:v<version>} with a version of at least 1.0.0."""
    if not agent.startswith(b"Nacos-Java-Client"):
        return False
    major = agent.partition(b":v")[2].partition(b".")[0]
    return major.isdigit() and int(major[:9]) >= 1
