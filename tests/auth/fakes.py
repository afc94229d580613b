"""Parts of logins that work at once, for tests on a L{Clock}."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock

from nacos_tw.access.identity import ADMIN_ROLE
from nacos_tw.auth import store
from nacos_tw.auth.accounts import Rows
from nacos_tw.auth.auth import Auth
from nacos_tw.auth.commands import AuthCommand
from nacos_tw.auth.directory import Directory
from nacos_tw.auth.passwords import LONGEST
from nacos_tw.auth.tokens import Tokens
from nacos_tw.errors import BadParameter, NacosError
from nacos_tw.storage.sqlite import SQLiteFile
from nacos_tw.storage.txn import Txn

KEY = b"k" * 32
NOW = 1_700_000_000.0


class PlainPasswords:
    """
    "Hashes" that can be read, made at once.

    @ivar checked: all (password, hash) that were compared.
    @ivar holding: answers wait in C{held}.
    """

    def __init__(self) -> None:
        self.checked: list[tuple[str, str]] = []
        self.made = 0
        self.right: set[tuple[str, str]] = set()
        self.holding = False
        self.held: list[Callable[[], None]] = []

    def start(self) -> None:
        pass

    def stop(self) -> None:
        pass

    def is_known(self, password: str, hashed: str) -> bool:
        return (password, hashed) in self.right

    def check(self, password: str, hashed: str) -> Deferred[bool]:
        self.checked.append((password, hashed))
        if not self.holding:
            return succeed(self._compared(password, hashed))
        waiting: Deferred[bool] = Deferred()
        self.held.append(lambda: waiting.callback(self._compared(password, hashed)))
        return waiting

    def _compared(self, password: str, hashed: str) -> bool:
        if hashed != hash_of(password):
            return False
        self.right.add((password, hashed))
        return True

    def hash(self, password: str) -> Deferred[str]:
        if len(password.encode()) > LONGEST:
            raise BadParameter(f"the password is longer than {LONGEST} bytes")
        self.made += 1
        return succeed(hash_of(password))


def hash_of(password: str) -> str:
    """What L{PlainPasswords} make of it."""
    return f"hash({password})"


class Tables:
    """
    The tables in a file, written and read at once.

    @ivar trouble: what writes fail with.
    @ivar written: commands that came.
    """

    def __init__(self, path: str, directory: Directory) -> None:
        self.file = SQLiteFile(path)
        self.directory = directory
        self.trouble: NacosError | None = None
        self.written: list[AuthCommand] = []

    def write(self, command: AuthCommand) -> Deferred[Any]:
        if self.trouble is not None:
            return fail(self.trouble)
        self.written.append(command)
        try:
            with self.file.transaction() as txn:
                result = store.apply(txn, command)
        except NacosError as error:
            return fail(error)
        self.read()
        return succeed(result)

    def read(self) -> Rows:
        with self.file.reading() as txn:
            rows = store.rows(txn)
        self.directory.put(rows)
        return rows

    def user(self, name: str, password: str, *roles: str, enabled: bool = True) -> None:
        """Somebody who is there."""
        with self.file.transaction() as txn:
            _user(txn, name, password, roles, enabled)
        self.read()

    def permit(self, role: str, resource: str, action: str) -> None:
        """A permission of a role that somebody has."""
        with self.file.transaction() as txn:
            txn.execute("INSERT INTO permissions (role, resource, action) VALUES (?, ?, ?)", (role, resource, action))
        self.read()


def _user(txn: Txn, name: str, password: str, roles: tuple[str, ...], enabled: bool) -> None:
    row = (name, hash_of(password), enabled)
    txn.execute("INSERT INTO users (username, password, enabled) VALUES (?, ?, ?)", row)
    for role in roles:
        txn.execute("INSERT INTO roles (username, role) VALUES (?, ?)", (name, role))


class Login:
    """
    Logins of one node.

    @ivar now: the wall clock.
    """

    def __init__(self, path: str, *, enabled: bool = True, refuse_default: bool = False, key: bytes = KEY) -> None:
        self.now = NOW
        self.clock = Clock()
        self.clock.advance(1000)
        self.directory = Directory()
        self.tables = Tables(path, self.directory)
        self.passwords = PlainPasswords()
        self.tokens = Tokens(key, 18000, lambda: self.now)
        passwords: Any = self.passwords
        self.auth = Auth(
            self.clock, lambda: self.now, self.directory, self.tokens, passwords, self.tables.write,
            enabled=enabled, refuse_default=refuse_default,
        )  # fmt: skip
        self.directory.on_changed.append(self.auth.default.look)

    def filled(self) -> Login:
        """With an administrator, nacos, and a user, bob."""
        self.tables.user("nacos", "first", ADMIN_ROLE)
        self.tables.user("bob", "secret", "r")
        self.tables.permit("r", "dev:*:*", "r")
        return self
