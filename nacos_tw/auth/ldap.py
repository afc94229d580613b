"""
Checks a name and a password at an LDAP directory (RFC 4511): a search for the entry, and a bind as that entry.

All of this waits for the network, so it runs in threads. Each login has a connection of its own, so that nothing is
left over for the next one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from math import ceil
from typing import Any, Protocol

from nacos_tw.errors import StartError
from nacos_tw.settings import ldap_keys as keys
from nacos_tw.settings.kinds import LdapUrl
from nacos_tw.settings.ldap import NAME, LdapSettings

SUCCESS, SIZE_EXCEEDED, REFERRAL = 0, 4, 10
WRONG = frozenset({19, 32, 34, 48, 49, 50, 53})
"""Results of a bind that are about who binds: a broken constraint (too many failures), no such entry, no name of an
entry, no password to compare with, a wrong one, not allowed, not wanted. Any other is the directory's trouble."""
LONGEST_TEXT = 300


class LdapTrouble(Exception):  # noqa: N818 - it is no fault of the program
    """It cannot be told whether the password is right; the text is for the log."""


class Connection(Protocol):
    """
    What is used of L{ldap3.Connection}.

    @ivar result: the last operation's: C{result} is its number, C{description} that in words.
    @ivar response: what the last search found: C{type}, and C{dn} of an entry.
    """

    result: dict[str, Any]
    response: list[dict[str, Any]] | None

    def bind(self) -> bool:
        """Log in as whom it was made for."""

    def rebind(self, user: str, password: bytes) -> bool:
        """Log in as somebody else."""

    def search(self, base: str, query: str, attributes: list[str], size_limit: int, time_limit: int) -> bool:
        """Look below an entry."""

    def unbind(self) -> object:
        """Close it."""


Connect = Callable[[LdapUrl, str, bytes], Connection]
"""Server, DN ("" for nobody in particular), password: a connection that is open, and not bound yet."""


class Ldap:
    """One directory, on one or several servers."""

    def __init__(self, settings: LdapSettings, connect: Connect) -> None:
        self._settings = settings
        self._connect = connect

    def matches(self, name: str, password: str) -> bool:
        """
        Whether somebody has that name and that password.

        @raise LdapTrouble: no server could tell.
        """
        if not name or not password or "\0" in name + password:
            # A bind without a password is one as nobody, and succeeds (RFC 4513, 5.1.2).
            return False
        troubles = []
        for server in self._settings.servers:
            try:
                return self._ask(server, name, password.encode())
            except LdapTrouble as trouble:
                troubles.append(f"{shown(server)}: {trouble}")
            except Exception as error:  # ldap3 raises many kinds, of its own, of sockets and of decoding
                troubles.append(f"{shown(server)}: {type(error).__name__}: {error}")
        raise LdapTrouble("; ".join(one[:LONGEST_TEXT] for one in troubles))

    def _ask(self, server: LdapUrl, name: str, password: bytes) -> bool:
        settings = self._settings
        if settings.direct:
            with self._open(server, settings.user.replace(NAME, dn_value(name)), password) as connection:
                return _is_right(connection, connection.bind())
        with self._open(server, settings.user, settings.password.encode()) as connection:
            if not connection.bind():
                raise LdapTrouble(f"{settings.user or 'nobody'} may not look for users: {_description(connection)}")
            found = self._find(connection, name)
            return found is not None and _is_right(connection, connection.rebind(found, password))

    @contextmanager
    def _open(self, server: LdapUrl, user: str, password: bytes) -> Iterator[Connection]:
        connection = self._connect(server, user, password)
        try:
            yield connection
        finally:
            with suppress(Exception):  # what was learned is known, however it closes
                connection.unbind()

    def _find(self, connection: Connection, name: str) -> str | None:
        """
        The DN of the one entry of that name.

        @raise LdapTrouble: the search did not end well, or there are several.
        """
        settings = self._settings
        query = f"({settings.attribute}={filter_value(name)})"
        connection.search(
            settings.base, query, attributes=["1.1"], size_limit=2, time_limit=ceil(settings.timeout)
        )  # "1.1": no attributes
        code = connection.result["result"]
        found = connection.response or []
        entries = [one for one in found if one["type"] == "searchResEntry"]
        if (code == REFERRAL or len(entries) < len(found)) and not settings.ignore_references:
            raise LdapTrouble("the search is referred to other servers, see ...ignore.partial.result.exception")
        if code not in (SUCCESS, REFERRAL, SIZE_EXCEEDED):
            raise LdapTrouble(f"searching below {settings.base}: {_description(connection)}")
        if len(entries) > 1:
            raise LdapTrouble(f"several entries below {settings.base} have the same {settings.attribute}")
        # The entry without a name is the server's own; a bind as it is one as nobody.
        return entries[0]["dn"] or None if entries else None


def _is_right(connection: Connection, bound: bool) -> bool:
    if bound:
        return True
    if connection.result["result"] in WRONG:
        return False
    raise LdapTrouble(f"logging in: {_description(connection)}")


def _description(connection: Connection) -> str:
    return str(connection.result["description"])


def shown(server: LdapUrl) -> str:
    """A server's URL."""
    host, port, tls = server
    return f"{'ldaps' if tls else 'ldap'}://{f'[{host}]' if ':' in host else host}:{port}"


def filter_value(text: str) -> str:
    """A text as a value in a filter (RFC 4515, 3)."""
    from ldap3.utils.conv import escape_filter_chars

    return str(escape_filter_chars(text))


def dn_value(text: str) -> str:
    """A text as a value in a DN (RFC 4514, 2.4); not empty, without NUL, of which ldap3 makes what is no DN."""
    from ldap3.utils.dn import escape_rdn

    return str(escape_rdn(text))


def connector(settings: LdapSettings) -> Connect:
    """
    Makes real connections.

    ldap3 is loaded here: nodes without LDAP do without it.

    @raise StartError: the file of authorities is none.
    """
    import ldap3

    tls = _tls(settings) if any(encrypted for _, _, encrypted in settings.servers) else None

    def connect(server: LdapUrl, user: str, password: bytes) -> Connection:
        host, port, encrypted = server
        connection = ldap3.Connection(
            # The limit of time stays on the socket: it holds for each answer too. (ldap3's own for that takes whole
            # seconds only.)
            ldap3.Server(
                host, port, use_ssl=encrypted, tls=tls, get_info=ldap3.NONE, connect_timeout=settings.timeout
            ),
            user=user or None,
            # As bytes it is sent as it is. Prepared as a text (RFC 4013), one of soft hyphens would be empty.
            password=password if user else None,
            authentication=ldap3.SIMPLE if user else ldap3.ANONYMOUS,
            auto_referrals=False,
            check_names=False,
            read_only=True,
        )  # fmt: skip
        try:
            connection.open(read_server_info=False)
        except Exception:
            if connection.socket is not None:
                connection.socket.close()
            raise
        return connection

    return connect


def _tls(settings: LdapSettings) -> Any:
    """@return: an L{ldap3.Tls} that checks certificates."""
    import ssl

    import ldap3

    try:
        context = ssl.create_default_context(cafile=settings.authorities or None)
    except OSError as error:  # ssl.SSLError too
        raise StartError(f"{keys.CA.name}={settings.authorities}: {error.strerror or error}") from None
    # From 3.13 on Python refuses authorities whose certificates lack extensions that older tools leave out; names and
    # signatures are checked either way.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT

    class Verified(ldap3.Tls):
        """With the context above. ldap3's own compares names by code that Python has given up."""

        def wrap_socket(self, connection: Any, do_handshake: bool = False) -> None:
            connection.socket = context.wrap_socket(connection.socket, server_hostname=connection.server.host)

    return Verified()
