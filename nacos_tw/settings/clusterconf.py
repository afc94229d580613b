"""cluster.conf: who the members are, and which of them is this node.

Syntax: docs/spec/naming-v1.md#14.2. One entry a line (or several with commas), ``#`` starts a
comment; an entry is ``ip``, ``host`` or ``[ipv6]``, each with an optional ``:port`` and an
optional ``?raft_port=``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence

import attrs

from nacos_tw.errors import SettingsError, StartError
from nacos_tw.settings.addresses import literal, own_ipv4

RAFT_OFFSET = 1000
"""The Raft port is the HTTP port minus this, as Nacos's."""
_ENTRY = re.compile(r"(?P<host>\[[^\[\]]*\]|[^\[\]:]*)(?::(?P<port>[^:]*))?")
_NAME = re.compile(r"(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_-]{0,62})(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,62}))*\.?")
_NUMBER = re.compile(r"[0-9]{1,5}")
_LINE_END = re.compile(r"\r\n|\r|\n")


@attrs.frozen
class Address:
    """
    One member.

    @ivar host: an IP address in its shortest form without brackets, or a host name in lower case.
    @ivar port: of HTTP.
    @ivar raft_port: of Raft; 0 where there is none (a node that stands alone on a port below 1001).
    @ivar raw: the entry as the operator wrote it.
    @ivar line: of the entry in its file, from 1.
    """

    host: str
    port: int
    raft_port: int
    raw: str = attrs.field(default="", eq=False)
    line: int = attrs.field(default=0, eq=False)

    @property
    def node(self) -> str:
        """The node's id: C{ip:port}, C{host:port} or C{[ipv6]:port}."""
        return join(self.host, self.port)

    @property
    def raft_address(self) -> str:
        """Where its Raft port is, as L{node}."""
        return join(self.host, self.raft_port)


def join(host: str, port: int) -> str:
    """C{host:port}, with brackets around an IPv6 address."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def parse_members(text: str, default_port: int, filename: str) -> list[Address]:
    """
    The members that a text lists, in its order, each once.

    @param default_port: the HTTP port of entries that have none (this node's own).
    @param filename: named in errors.
    @raise SettingsError: an entry is malformed, or two need the same port of one host.
    """
    members: dict[str, Address] = {}
    for number, entry in _entries(text):
        where = f"{filename}, line {number}"
        member, explicit = _parse_entry(entry, default_port, where, number)
        known = members.get(member.node)
        if known is None:
            members[member.node] = member
        elif explicit and known.raft_port != member.raft_port:
            raise SettingsError(f"{where}: {member.node} stands on line {known.line} with another raft_port")
    found = list(members.values())
    _check_ports(found, filename)
    return found


def write(filename: str, text: str) -> bool:
    """
    Have the file say that, whole or not at all.

    @return: whether it does; False where nothing can be written there.
    """
    temporary = f"{filename}.{os.getpid()}"
    try:
        os.makedirs(os.path.dirname(filename), exist_ok=True)
        with open(temporary, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(temporary, filename)
    except OSError:
        return False
    return True


def _entries(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(_LINE_END.split(text.removeprefix("\ufeff")), 1):
        for entry in line.partition("#")[0].split(","):
            if entry := entry.strip():
                yield number, entry


def _parse_entry(entry: str, default_port: int, where: str, number: int) -> tuple[Address, bool]:
    """The member, and whether its Raft port is written there."""
    address, _, query = entry.partition("?")
    match = _ENTRY.fullmatch(address.strip())
    if match is None:
        hint = " (an IPv6 address needs brackets: [::1]:8848)" if address.count(":") > 1 else ""
        raise SettingsError(f"{where}: {_shown(entry)}: expected ip:port, host:port or [ipv6]:port{hint}")
    host = _host(match["host"].strip(), entry, where)
    port = default_port if match["port"] is None else _port(match["port"].strip(), "a port", entry, where)
    options = dict(part.partition("=")[::2] for part in query.split("&"))
    if "raft_port" in options:
        raft = _port(options["raft_port"].strip(), "?raft_port= to be a port", entry, where)
        return Address(host, port, raft, entry, number), True
    if port <= RAFT_OFFSET:
        raise SettingsError(
            f"{where}: {_shown(entry)}: the Raft port would be {port} - {RAFT_OFFSET}, expected ?raft_port=<port> here"
        )
    return Address(host, port, port - RAFT_OFFSET, entry, number), False


def _host(text: str, entry: str, where: str) -> str:
    bracketed = text.startswith("[")
    found = literal(text[1:-1] if bracketed else text)
    if found is not None and bracketed == (found.version == 6):
        if found.is_unspecified or found.is_multicast:
            raise SettingsError(f"{where}: {_shown(entry)}: expected an address that the other nodes can reach")
        return str(found)
    looks_numeric = text.replace(".", "").isdigit()
    if bracketed or looks_numeric or not _NAME.fullmatch(text):
        raise SettingsError(f"{where}: {_shown(entry)}: expected an IP address or a host name before the port")
    return text.lower().rstrip(".")


def _port(text: str, what: str, entry: str, where: str) -> int:
    if _NUMBER.fullmatch(text) and 1 <= int(text) <= 65535:
        return int(text)
    raise SettingsError(f"{where}: {_shown(entry)}: expected {what} from 1 to 65535")


def _shown(entry: str) -> str:
    """The entry, fit for one line of an error."""
    text = entry if len(entry) <= 80 else entry[:77] + "..."
    return text if text.isprintable() else ascii(text)


def _check_ports(members: Sequence[Address], filename: str) -> None:
    taken: dict[tuple[str, int], Address] = {}
    for member in members:
        for port in (member.port, member.raft_port):
            other = taken.setdefault((member.host, port), member)
            if other is not member or member.port == member.raft_port:
                raise SettingsError(
                    f"{filename}, line {member.line}: {member.node} needs port {port} (HTTP, or Raft: HTTP - "
                    f"{RAFT_OFFSET}), which {other.node} of line {other.line} needs too; expected ports that differ"
                )


def find_self(
    members: Sequence[Address], port: int, configured: str, own: Callable[[str], bool], filename: str
) -> Address:
    """
    Which member is this node.

    @param port: C{server.port} of this node.
    @param configured: C{nacos.inetutils.ip-address}, or "" for "an address of this machine".
    @param own: whether a host is this machine, see L{nacos_tw.settings.addresses.is_own}.
    @raise StartError: none is, or more than one could be.
    """
    same_port = [member for member in members if member.port == port]
    if configured:
        wanted = configured.strip("[]").lower()
        address = literal(wanted)
        wanted = wanted if address is None else str(address)
        for member in same_port:
            if member.host == wanted:
                return member
        raise StartError(
            f"{filename}: this node ({join(wanted, port)} by nacos.inetutils.ip-address and server.port) is not in "
            "the list; add a line for it, on every node"
        )
    numeric_first = sorted(same_port, key=lambda member: literal(member.host) is None)
    found: list[Address] = []
    for member in numeric_first:
        if found and literal(member.host) is None:
            break  # an address has answered the question: no name needs to be resolved
        if own(member.host):
            found.append(member)
    if len(found) == 1:
        return found[0]
    if found:
        several = " and ".join(member.node for member in found)
        raise StartError(
            f"{filename}: {several} are all addresses of this machine; set server.address (to listen there only) "
            "or nacos.inetutils.ip-address in conf/application.properties to say which of them this node is"
        )
    raise StartError(not_listed(filename, port))


def not_listed(filename: str, port: int) -> str:
    """The line for an operator whose cluster.conf does not name this node."""
    addresses = ", ".join(join(address, port) for _, address in own_ipv4()) or "none"
    return (
        f"{filename}: this node is not in the list: no entry has server.port {port} and an address of this machine "
        f"({addresses}); add a line for it, on every node, or set server.port or nacos.inetutils.ip-address in "
        "conf/application.properties"
    )
